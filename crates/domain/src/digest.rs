//! The state digest: a sum over all live resources, kept as they change (storage and digest).

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::{AccountId, PromptRow, Resource, encode};

/// A 256-bit sum over SHA-256(kind, key, canonical value) of every live resource. Two servers
/// with the same resources have the same digest, however they came by them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateDigest([u64; 4]);

impl StateDigest {
    /// Adds a resource by its leaf.
    pub(crate) fn add(&mut self, leaf: &Leaf) {
        let mut carry = false;
        for (sum, limb) in self.0.iter_mut().zip(limbs(&leaf.0)) {
            let (first, over) = sum.overflowing_add(limb);
            let (second, again) = first.overflowing_add(u64::from(carry));
            *sum = second;
            carry = over || again;
        }
    }

    /// Takes a resource away.
    pub(crate) fn remove(&mut self, resource: &Resource) {
        let mut borrow = false;
        for (sum, limb) in self.0.iter_mut().zip(limbs(&Leaf::of(resource).0)) {
            let (first, under) = sum.overflowing_sub(limb);
            let (second, again) = first.overflowing_sub(u64::from(borrow));
            *sum = second;
            borrow = under || again;
        }
    }

    /// 64 hex digits.
    #[must_use]
    pub fn to_hex(self) -> String {
        self.0
            .iter()
            .rev()
            .fold(String::with_capacity(64), |mut text, limb| {
                let _ = write!(text, "{limb:016x}");
                text
            })
    }
}

/// What a resource adds to the digest: SHA-256 over its kind, key and canonical value. It costs more
/// than all else about taking a resource up, and needs nothing but the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf([u8; 32]);

impl Leaf {
    /// The leaf of a resource.
    #[must_use]
    pub fn of(resource: &Resource) -> Self {
        let mut hash = Sha256::new();
        let key = resource.key();
        for part in [key.kind().as_str(), &key.to_string(), &encode(resource)] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self(hash.finalize().into())
    }
}

fn limbs(hash: &[u8; 32]) -> [u64; 4] {
    let mut limbs = [0; 4];
    for (limb, bytes) in limbs.iter_mut().zip(hash.rchunks_exact(8)) {
        *limb = bytes
            .iter()
            .fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
    }
    limbs
}

/// The etag of a stored resource: 32 hex digits over its key and value, nothing inherited.
pub(crate) fn etag(resource: &Resource) -> String {
    hex(&Leaf::of(resource).0[..16])
}

/// The etag of an account's prompt, for whom has the row at hand. Every answer has one: made of the
/// stored text, as that of any resource, it would cost more than to find the prompt.
#[must_use]
pub fn prompt_etag(account_id: AccountId, row: Option<&PromptRow>) -> String {
    let Some(row) = row else {
        return ABSENT.to_owned();
    };
    let mut hash = Sha256::new();
    hash.update(account_id.get().to_be_bytes());
    hash.update(row.based_on_version().to_be_bytes());
    hash.update(row.text().as_bytes());
    hash.update(row.default_text().as_bytes());
    // The last part, and the only one that is not always as long.
    hash.update(row.prompt_type().as_str().as_bytes());
    hex(&hash.finalize()[..16])
}

/// Bytes as lower-case hex digits. Every answer has some: by way of the formatter, each byte costs
/// some 20 ns.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let mut digits = Vec::with_capacity(2 * bytes.len());
    for byte in bytes {
        let pair = [byte >> 4, byte & 0xf];
        digits.extend_from_slice(&pair.map(|nibble| DIGITS[usize::from(nibble)]));
    }
    String::from_utf8(digits).unwrap_or_default()
}

/// The etag of a row that is not there.
pub(crate) const ABSENT: &str = "absent";
