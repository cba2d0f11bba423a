//! Provider keys: sealed for storage, and kept ready to open for release.

mod entry;
mod fingerprint;
mod reseal;

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use zeroize::ZeroizeOnDrop;

pub use entry::{KeyEntryProblem, check_entry, mask, unusual_prefix};
pub use fingerprint::Fingerprint;
pub use reseal::sealed_under;

use crate::envelope::{self, Binding, Head, MAX_VALUE, Opener};
use crate::error::VaultError;
use crate::random::RandomSource;
use crate::ring::{Keyring, Purpose};

/// The row that a sealed key belongs to; it opens in no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyContext<'a> {
    /// The provider's id.
    pub provider: &'a str,
    /// The version of the key within the provider.
    pub version: u32,
    /// Scheme, host and port that the key was entered for.
    pub origin: &'a str,
}

impl KeyContext<'_> {
    fn binding<'a>(&'a self, ring: &'a Keyring) -> Binding<'a> {
        Binding::Value {
            deployment_id: ring.deployment_id(),
            provider: self.provider,
            key_version: self.version,
            origin: self.origin,
        }
    }
}

impl fmt::Display for KeyContext<'_> {
    /// For error texts: `key openai version 3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {} version {}", self.provider, self.version)
    }
}

impl Keyring {
    /// Seals a provider key for its row, with the active value key.
    /// `KeyUnavailable` if that key is not open, `ValueTooLong` past 65535 bytes.
    pub fn seal_key(
        &self,
        context: &KeyContext<'_>,
        key: &SecretString,
        random: &dyn RandomSource,
    ) -> Result<Vec<u8>, VaultError> {
        let value = key.expose_secret().as_bytes();
        if value.len() > MAX_VALUE {
            return Err(VaultError::ValueTooLong {
                bytes: value.len(),
                limit: MAX_VALUE,
            });
        }
        let dek = self.active(Purpose::Value)?;
        envelope::seal(&dek.envelope_key(), &context.binding(self), value, random)
            .map_err(|fault| VaultError::damaged(context, fault))
    }
}

/// A sealed provider key beside its derived record key.
///
/// Deriving costs several times what opening costs, and a key is opened with
/// every release; so it is derived once. The record key is wiped on drop.
pub struct SealedKey {
    opener: Opener,
    /// For error texts.
    name: Box<str>,
}

// The only secret is in the opener, which wipes itself.
impl ZeroizeOnDrop for SealedKey {}

impl SealedKey {
    /// Takes an envelope of this row. A damaged head or a key that the
    /// envelope is not sealed with is found here; a moved or changed row is
    /// found by `open`. `UnknownVersion` asks for the ring to be read again.
    pub fn prepare(
        ring: &Keyring,
        context: &KeyContext<'_>,
        envelope: &[u8],
    ) -> Result<Self, VaultError> {
        let damaged = |fault| VaultError::damaged(context, fault);
        let head = Head::parse(envelope).map_err(damaged)?;
        let dek = ring.version(Purpose::Value, head.key_version)?;
        let opener =
            Opener::new(&dek.envelope_key(), &context.binding(ring), envelope).map_err(damaged)?;
        Ok(Self {
            opener,
            name: context.to_string().into_boxed_str(),
        })
    }

    /// The provider key, in one pass of the cipher and one allocation.
    /// `Damaged` if the row was changed or moved.
    pub fn open(&self) -> Result<SecretString, VaultError> {
        self.opener
            .open(|value| str::from_utf8(value).map(SecretString::from))
            .map_err(|fault| VaultError::damaged(&self.name, fault))?
            .map_err(|_| VaultError::damaged(&self.name, "the value is not text"))
    }
}

impl fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedKey")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
