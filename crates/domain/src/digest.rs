//! The state digest: a sum over all live resources, kept as they change (storage and digest).

use std::fmt::Write as _;
use std::io::Write as _;

use sha2::{Digest, Sha256};

use crate::{AccountId, PromptRow, Resource};

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
        Leaves::default().of(resource)
    }
}

/// Makes leaves one after the other, with the same memory for all of them.
#[derive(Debug, Default)]
pub struct Leaves(Vec<u8>);

impl Leaves {
    /// The leaf of a resource.
    pub fn of(&mut self, resource: &Resource) -> Leaf {
        self.0.clear();
        let key = resource.key();
        self.part(|text| text.extend_from_slice(key.kind().as_str().as_bytes()));
        // Writing to memory does not fail, nor do resources that have no maps but with texts as keys.
        self.part(|text| drop(write!(text, "{key}")));
        self.part(|text| drop(resource.write_json(text)));
        Leaf(Sha256::digest(&self.0).into())
    }

    /// Adds a text with its length in front.
    fn part(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let place = self.0.len();
        self.0.extend_from_slice(&[0; 8]);
        write(&mut self.0);
        let length = (self.0.len() - place - 8) as u64;
        if let Some(prefix) = self.0.get_mut(place..place + 8) {
            prefix.copy_from_slice(&length.to_be_bytes());
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccountState, encode};

    #[test]
    fn a_leaf_is_the_hash_of_three_texts_with_their_lengths() {
        let mut leaves = Leaves::default();
        for (number, key) in [(1, "1"), (1_234_567, "1234567"), (20, "20")] {
            let resource = Resource::Account(AccountState::Deleted {
                account_id: AccountId::new(number).unwrap(),
                source_version: number,
            });
            let mut hash = Sha256::new();
            for text in [resource.kind().as_str(), key, &encode(&resource)] {
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text);
            }
            let leaf = <[u8; 32]>::from(hash.finalize());
            assert_eq!(leaves.of(&resource).0, leaf);
            assert_eq!(Leaf::of(&resource).0, leaf);
        }
    }
}
