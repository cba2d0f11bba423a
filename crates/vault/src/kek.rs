//! Key-encryption keys: 32 bytes that live outside the database.

mod error;
mod file;
mod set;
mod source;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, ExposeSecretMut, SecretBox};
use zeroize::{ZeroizeOnDrop, Zeroizing};

pub use error::KekError;
pub use file::generate as generate_file;
pub use set::{FoundKeks, KekConfig, KekSet};
pub use source::{CredentialDirectory, EnvironmentValue, GeneratedFile, KekSource, SecretFile};

use crate::envelope::EnvelopeKey;
use crate::fields::{Secret32, key_id};
use crate::random::RandomSource;

const KEK_ID_LABEL: &[u8] = b"aiconfig.vault.kek-id.v1";
/// Characters of 32 bytes in base64, with padding.
const TEXT_CHARS: usize = 44;

/// Keys that stand in documentation, test vectors and tutorials: whoever reads
/// those has them. Keys that merely count up or down are found by rule.
const PUBLISHED: [&str; 4] = [
    // "0123456789abcdef" twice, "passphrasewhichneedstobe32bytes!"
    "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "cGFzc3BocmFzZXdoaWNobmVlZHN0b2JlMzJieXRlcyE=",
    // The sample of the Fernet documentation, in the standard alphabet.
    "cw/0x689RpI+jtRR7oE8h/eQsKImvJapLeSbXpwF4e4=",
    // The key-encryption key of our own test vectors.
    "4tPEtaaXiHlqW0w9Lh8QAfLj1MW2p5iJentsXU4/MCE=",
];

/// The name of a key-encryption key, derived from it by HMAC.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KekId([u8; 16]);

impl KekId {
    /// Takes a stored id.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes to store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for KekId {
    /// 32 lower-case hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KekId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KekId({self})")
    }
}

/// A key-encryption key, wiped on drop.
pub struct Kek {
    id: KekId,
    secret: Secret32,
}

// The only secret field is a `SecretBox`, which wipes itself.
impl ZeroizeOnDrop for Kek {}

impl Kek {
    /// Takes a key that a source has at hand as bytes.
    #[must_use]
    pub fn from_bytes(secret: SecretBox<[u8; 32]>) -> Self {
        Self {
            id: KekId(key_id(&secret, KEK_ID_LABEL)),
            secret,
        }
    }

    /// Makes a new key.
    #[must_use]
    pub fn generate(random: &dyn RandomSource) -> Self {
        Self::from_bytes(SecretBox::init_with_mut(|bytes: &mut [u8; 32]| {
            random.fill(bytes);
        }))
    }

    /// Reads 32 bytes of strict base64, with at most one newline behind it.
    /// `origin` names the place in errors. Keys that anyone can guess, and
    /// published samples, are refused.
    pub fn parse(text: &[u8], origin: &str) -> Result<Self, KekError> {
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let mut secret = Secret32::default();
        let decoded = STANDARD.decode_slice(text, secret.expose_secret_mut());
        if text.len() != TEXT_CHARS || decoded != Ok(32) {
            return Err(KekError::NotAKey {
                origin: origin.to_owned(),
            });
        }
        if counts_evenly(secret.expose_secret()) || PUBLISHED.iter().any(|s| s.as_bytes() == text) {
            return Err(KekError::Guessable {
                origin: origin.to_owned(),
            });
        }
        Ok(Self::from_bytes(secret))
    }

    /// The name under which rows of the ring refer to this key.
    #[must_use]
    pub const fn id(&self) -> KekId {
        self.id
    }

    /// The text that `parse` reads, with a newline.
    fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(TEXT_CHARS + 1));
        STANDARD.encode_string(self.secret.expose_secret(), &mut text);
        text.push('\n');
        text
    }

    pub(crate) const fn envelope_key(&self) -> EnvelopeKey<'_> {
        EnvelopeKey {
            secret: &self.secret,
            id: self.id.0,
            version: 0,
        }
    }
}

impl fmt::Debug for Kek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kek")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// All bytes equal, or each one the last plus the same step.
fn counts_evenly(bytes: &[u8; 32]) -> bool {
    let step = bytes[1].wrapping_sub(bytes[0]);
    bytes
        .windows(2)
        .all(|pair| pair[1].wrapping_sub(pair[0]) == step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;

    fn encode(bytes: [u8; 32]) -> String {
        STANDARD.encode(bytes)
    }

    #[test]
    fn a_generated_key_reads_back() {
        let kek = Kek::generate(&SeededRandom::new(1));
        let again = Kek::parse(kek.to_text().as_bytes(), "test").unwrap();
        assert_eq!(kek.id(), again.id());
        assert_ne!(kek.id(), Kek::generate(&SeededRandom::new(2)).id());
    }

    #[test]
    fn only_strict_base64_of_32_bytes_is_a_key() {
        let good = STANDARD.encode([9_u8, 200].repeat(16));
        assert!(Kek::parse(good.as_bytes(), "test").is_ok());
        for bad in [
            String::new(),
            format!("{good}\n\n"),
            format!("{good}\r\n"),
            format!(" {good}"),
            good.trim_end_matches('=').to_owned(),
            good.replace('=', "=="),
            STANDARD.encode([9_u8, 200].repeat(15)),
            STANDARD.encode([9_u8; 33]),
            "09c8".repeat(16),
            good.replace('C', "-"),
            // The last character carries bits that no byte needs.
            format!("{}J=", &good[..42]),
        ] {
            assert!(
                matches!(
                    Kek::parse(bad.as_bytes(), "test"),
                    Err(KekError::NotAKey { .. })
                ),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn keys_that_anyone_can_guess_are_refused() {
        let counting = std::array::from_fn(|i| u8::try_from(i).unwrap());
        let descending = std::array::from_fn(|i| 255 - u8::try_from(i).unwrap());
        let mut guessable: Vec<_> = [[0; 32], [255; 32], [65; 32], counting, descending]
            .map(encode)
            .to_vec();
        guessable.extend(PUBLISHED.map(str::to_owned));
        for text in guessable {
            assert!(
                matches!(
                    Kek::parse(text.as_bytes(), "test"),
                    Err(KekError::Guessable { .. })
                ),
                "{text}"
            );
        }
    }

    #[test]
    fn debug_shows_the_name_alone() {
        let kek = Kek::generate(&SeededRandom::new(1));
        assert_eq!(
            format!("{kek:?}"),
            format!("Kek {{ id: KekId({}), .. }}", kek.id())
        );
    }
}
