//! Seals a value into the envelope format and opens it again.

mod binding;
mod head;
mod padding;
mod record_key;

use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::{AeadInOut, Tag, XChaCha20Poly1305, XNonce};
use zeroize::{ZeroizeOnDrop, Zeroizing};

pub(crate) use binding::Binding;
pub(crate) use head::Head;
pub(crate) use padding::MAX_VALUE;

use crate::fields::Secret32;
use crate::random::RandomSource;
use head::HEAD_BYTES;
use record_key::RecordKey;

const TAG_BYTES: usize = 16;

/// Why an envelope was refused. The texts name the check, never the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EnvelopeFault {
    #[error("the envelope has an impossible length")]
    Length,
    #[error("the envelope is of an unknown format")]
    Format,
    #[error("the envelope is of another kind")]
    Kind,
    #[error("the envelope names another key")]
    KeyId,
    #[error("the envelope was not sealed with the key that it names")]
    Commitment,
    #[error("the envelope was changed or belongs to another row")]
    Tag,
    #[error("the envelope's padding is not zero")]
    Padding,
}

/// A key together with the names by which an envelope refers to it.
#[derive(Clone, Copy)]
pub(crate) struct EnvelopeKey<'a> {
    pub(crate) secret: &'a Secret32,
    pub(crate) id: [u8; 16],
    /// Version of the data key; 0 for a key-encryption key.
    pub(crate) version: u32,
}

/// Seals `value` under a fresh record key, bound to its row.
pub(crate) fn seal(
    key: &EnvelopeKey<'_>,
    binding: &Binding<'_>,
    value: &[u8],
    random: &dyn RandomSource,
) -> Result<Vec<u8>, EnvelopeFault> {
    let mut head = Head {
        kind: binding.kind(),
        key_version: key.version,
        key_id: key.id,
        salt: [0; 32],
        commitment: [0; 32],
        nonce: [0; 24],
    };
    random.fill(&mut head.salt);
    random.fill(&mut head.nonce);
    let record = RecordKey::derive(key.secret, &head)?;
    head.commitment = record.commitment;
    let head_bytes = head.to_bytes();
    let associated_data = binding.associated_data(&head_bytes);

    let padded = padding::pad(value)?;
    let mut envelope = vec![0; HEAD_BYTES + padded.len() + TAG_BYTES];
    envelope[..HEAD_BYTES].copy_from_slice(&head_bytes);
    let (ciphertext, tag) = envelope[HEAD_BYTES..].split_at_mut(padded.len());
    let buffer = InOutBuf::new(&padded, ciphertext).map_err(|_| EnvelopeFault::Length)?;
    let made = record
        .cipher
        .encrypt_inout_detached(&XNonce::from(head.nonce), &associated_data, buffer)
        .map_err(|_| EnvelopeFault::Length)?;
    tag.copy_from_slice(&made);
    Ok(envelope)
}

/// An envelope beside its derived record key: opening it again is one pass of
/// the cipher. The cipher wipes its key on drop.
pub(crate) struct Opener {
    cipher: XChaCha20Poly1305,
    nonce: XNonce,
    associated_data: Box<[u8]>,
    ciphertext: Box<[u8]>,
    tag: Tag,
}

// The only secret field is the cipher, which wipes itself.
impl ZeroizeOnDrop for Opener {}

impl Opener {
    /// Reads the envelope and derives its record key. The commitment is
    /// checked here, in constant time; the tag only on opening.
    pub(crate) fn new(
        key: &EnvelopeKey<'_>,
        binding: &Binding<'_>,
        envelope: &[u8],
    ) -> Result<Self, EnvelopeFault> {
        let head = Head::parse(envelope)?;
        let (head_bytes, sealed) = envelope
            .split_first_chunk::<HEAD_BYTES>()
            .ok_or(EnvelopeFault::Length)?;
        let (ciphertext, tag) = sealed
            .split_last_chunk::<TAG_BYTES>()
            .ok_or(EnvelopeFault::Length)?;
        padding::check_length(ciphertext.len())?;
        if head.kind != binding.kind() {
            return Err(EnvelopeFault::Kind);
        }
        if head.key_id != key.id || head.key_version != key.version {
            return Err(EnvelopeFault::KeyId);
        }
        let record = RecordKey::derive(key.secret, &head)?;
        if !record.is_committed_to(&head.commitment) {
            return Err(EnvelopeFault::Commitment);
        }
        Ok(Self {
            cipher: record.cipher,
            nonce: XNonce::from(head.nonce),
            associated_data: binding.associated_data(head_bytes).into_boxed_slice(),
            ciphertext: ciphertext.into(),
            tag: Tag::from(*tag),
        })
    }

    /// Opens the envelope and shows the value to `read`; the buffer that held
    /// it is wiped afterwards. A short value never leaves the stack here.
    pub(crate) fn open<T>(&self, read: impl FnOnce(&[u8]) -> T) -> Result<T, EnvelopeFault> {
        let length = self.ciphertext.len();
        if length == padding::BLOCK {
            self.open_into(&mut *Zeroizing::new([0; padding::BLOCK]), read)
        } else {
            self.open_into(&mut Zeroizing::new(vec![0; length]), read)
        }
    }

    fn open_into<T>(
        &self,
        buffer: &mut [u8],
        read: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, EnvelopeFault> {
        let in_out = InOutBuf::new(&self.ciphertext, buffer).map_err(|_| EnvelopeFault::Length)?;
        self.cipher
            .decrypt_inout_detached(&self.nonce, &self.associated_data, in_out, &self.tag)
            .map_err(|_| EnvelopeFault::Tag)?;
        Ok(read(padding::unpad(buffer)?))
    }
}
