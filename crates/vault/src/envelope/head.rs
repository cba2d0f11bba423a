//! The first 116 bytes of an envelope, all in the clear and all authenticated.

use super::EnvelopeFault;

pub(super) const HEAD_BYTES: usize = 116;
/// The fields before the salt: what they say is mixed into the record key.
pub(super) const NAMES_BYTES: usize = 28;

/// `AIC` and the number of the format.
const MAGIC: [u8; 4] = *b"AIC\x01";
/// HKDF-SHA-512, XChaCha20-Poly1305, commitment of 32 bytes.
const SUITE: u8 = 1;
const FLAGS: [u8; 2] = [0; 2];

/// What an envelope holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Value = 1,
    Dek = 2,
    Canary = 3,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Value),
            2 => Some(Self::Dek),
            3 => Some(Self::Canary),
            _ => None,
        }
    }
}

/// The fields of the head that vary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) kind: Kind,
    /// Version of the data key; 0 where the key is a key-encryption key.
    pub(crate) key_version: u32,
    pub(crate) key_id: [u8; 16],
    pub(crate) salt: [u8; 32],
    pub(crate) commitment: [u8; 32],
    pub(crate) nonce: [u8; 24],
}

impl Head {
    /// Reads the head; whatever follows it is not looked at.
    pub(crate) fn parse(envelope: &[u8]) -> Result<Self, EnvelopeFault> {
        let head = envelope
            .first_chunk::<HEAD_BYTES>()
            .ok_or(EnvelopeFault::Length)?;
        if head[..4] != MAGIC || head[4] != SUITE || head[6..8] != FLAGS {
            return Err(EnvelopeFault::Format);
        }
        Ok(Self {
            kind: Kind::from_byte(head[5]).ok_or(EnvelopeFault::Format)?,
            key_version: u32::from_be_bytes(array(head, 8)),
            key_id: array(head, 12),
            salt: array(head, 28),
            commitment: array(head, 60),
            nonce: array(head, 92),
        })
    }

    pub(super) fn to_bytes(&self) -> [u8; HEAD_BYTES] {
        let mut head = [0; HEAD_BYTES];
        head[..NAMES_BYTES].copy_from_slice(&self.names());
        head[28..60].copy_from_slice(&self.salt);
        head[60..92].copy_from_slice(&self.commitment);
        head[92..].copy_from_slice(&self.nonce);
        head
    }

    /// The part before the salt: format, suite, kind, flags, version, key id.
    pub(super) fn names(&self) -> [u8; NAMES_BYTES] {
        let mut names = [0; NAMES_BYTES];
        names[..4].copy_from_slice(&MAGIC);
        names[4] = SUITE;
        names[5] = self.kind as u8;
        names[6..8].copy_from_slice(&FLAGS);
        names[8..12].copy_from_slice(&self.key_version.to_be_bytes());
        names[12..].copy_from_slice(&self.key_id);
        names
    }
}

fn array<const N: usize>(head: &[u8; HEAD_BYTES], at: usize) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&head[at..at + N]);
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Head {
        Head {
            kind: Kind::Canary,
            key_version: 0x0102_0304,
            key_id: [5; 16],
            salt: [6; 32],
            commitment: [7; 32],
            nonce: [8; 24],
        }
    }

    #[test]
    fn every_field_stands_where_the_format_says() {
        let bytes = sample().to_bytes();
        assert_eq!(&bytes[..12], b"AIC\x01\x01\x03\0\0\x01\x02\x03\x04");
        assert_eq!(bytes[12..28], [5; 16]);
        assert_eq!(bytes[28..60], [6; 32]);
        assert_eq!(bytes[60..92], [7; 32]);
        assert_eq!(bytes[92..], [8; 24]);
        assert_eq!(Head::parse(&bytes), Ok(sample()));
    }

    #[test]
    fn anything_but_the_known_format_is_refused() {
        for at in [0, 1, 2, 3, 4, 6, 7] {
            let mut bytes = sample().to_bytes();
            bytes[at] ^= 0x80;
            assert_eq!(Head::parse(&bytes), Err(EnvelopeFault::Format), "at {at}");
        }
        for kind in [0, 4, 255] {
            let mut bytes = sample().to_bytes();
            bytes[5] = kind;
            assert_eq!(Head::parse(&bytes), Err(EnvelopeFault::Format));
        }
        assert_eq!(
            Head::parse(&sample().to_bytes()[..115]),
            Err(EnvelopeFault::Length)
        );
    }
}
