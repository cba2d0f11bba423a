//! Fingerprints: the name of a key by which people and the store recognise it.

use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};

use crate::error::VaultError;
use crate::fields::hmac_sha256;
use crate::ring::{Keyring, Purpose};

const FINGERPRINT_LABEL: &[u8] = b"aiconfig.vault.fingerprint.v1";
const SHOWN_BYTES: usize = 8;

/// HMAC of provider and key: 16 bytes stored, the first 8 shown. Without the
/// ring nobody can test a guessed key against it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// The stored form: 32 lower-case hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex(&self.0)
    }

    /// The form shown to people: the first 16 digits of the stored form.
    #[must_use]
    pub fn shown(&self) -> String {
        hex(&self.0[..SHOWN_BYTES])
    }
}

impl FromStr for Fingerprint {
    type Err = VaultError;

    /// Reads the stored form; `Damaged` for anything else.
    fn from_str(text: &str) -> Result<Self, VaultError> {
        let damaged = || VaultError::damaged("fingerprint", "not 32 hexadecimal digits");
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != 16 || !rest.is_empty() {
            return Err(damaged());
        }
        let mut bytes = [0; 16];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = digit(*high)
                .zip(digit(*low))
                .map(|(high, low)| high << 4 | low)
                .ok_or_else(damaged)?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({})", self.shown())
    }
}

impl Keyring {
    /// The fingerprint of a key of this provider. `KeyUnavailable` if the
    /// fingerprint key is not open.
    pub fn fingerprint(
        &self,
        provider: &str,
        key: &SecretString,
    ) -> Result<Fingerprint, VaultError> {
        let dek = self.active(Purpose::Fingerprint)?;
        let mac = hmac_sha256(
            dek.secret(),
            &[
                FINGERPRINT_LABEL,
                provider.as_bytes(),
                key.expose_secret().as_bytes(),
            ],
        );
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&mac[..16]);
        Ok(Fingerprint(bytes))
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|nibble| DIGITS[usize::from(nibble)])
        .collect()
}

/// Lower case alone, so that a stored form has one spelling.
const fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_form_reads_back() {
        let fingerprint = Fingerprint(*b"\x00\x01\x9f\xa0\xff567890abcde");
        let stored = fingerprint.to_hex();
        assert_eq!(stored, "00019fa0ff3536373839306162636465");
        assert_eq!(stored.parse(), Ok(fingerprint));
        assert_eq!(fingerprint.shown(), stored[..16]);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "00",
            &"0".repeat(31),
            &"0".repeat(33),
            &"A".repeat(32),
            &"g".repeat(32),
        ] {
            assert!(text.parse::<Fingerprint>().is_err(), "{text}");
        }
    }
}
