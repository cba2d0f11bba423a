//! Lists of fields as bytes, for associated data and MACs: each field behind
//! its length, so that no two lists ever read the same.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox};
use sha2::Sha256;
use zeroize::Zeroizing;

/// A 32-byte key in memory, wiped on drop and without `Debug` output.
pub(crate) type Secret32 = SecretBox<[u8; 32]>;

/// Each field as its length (8 bytes, big-endian) and its bytes.
pub(crate) fn length_prefixed(fields: &[&[u8]]) -> Vec<u8> {
    let length = fields.iter().map(|field| 8 + field.len()).sum();
    let mut bytes = Vec::with_capacity(length);
    for field in fields {
        bytes.extend_from_slice(&(field.len() as u64).to_be_bytes());
        bytes.extend_from_slice(field);
    }
    bytes
}

/// HMAC-SHA256 over the length-prefixed fields. The first field is a label
/// that keeps the uses of one key apart.
pub(crate) fn hmac_sha256(key: &Secret32, fields: &[&[u8]]) -> [u8; 32] {
    // HMAC pads a short key with zeros to the block; doing so here makes the
    // constructor infallible.
    let mut block = Zeroizing::new([0_u8; 64]);
    block[..32].copy_from_slice(key.expose_secret());
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    for field in fields {
        mac.update(&(field.len() as u64).to_be_bytes());
        mac.update(field);
    }
    mac.finalize().into_bytes().into()
}

/// The 16-byte name of a key. It says nothing of the key and shows at once
/// whether a key at hand is the one that was used.
pub(crate) fn key_id(key: &Secret32, label: &[u8]) -> [u8; 16] {
    let mac = hmac_sha256(key, &[label]);
    let mut id = [0; 16];
    id.copy_from_slice(&mac[..16]);
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_that_join_to_the_same_text_differ() {
        assert_ne!(
            length_prefixed(&[b"ab", b"c"]),
            length_prefixed(&[b"a", b"bc"])
        );
        assert_ne!(length_prefixed(&[b"a"]), length_prefixed(&[b"a", b""]));
        assert_eq!(length_prefixed(&[b"a"]), b"\0\0\0\0\0\0\0\x01a");
    }

    #[test]
    fn the_mac_is_hmac_over_the_length_prefixed_list() {
        let key = Secret32::new(Box::new([7; 32]));
        let fields: [&[u8]; 3] = [b"label", b"", b"value"];
        let mut expected = <Hmac<Sha256> as KeyInit>::new_from_slice(&[7; 32]).unwrap();
        expected.update(&length_prefixed(&fields));
        let expected: [u8; 32] = expected.finalize().into_bytes().into();
        assert_eq!(hmac_sha256(&key, &fields), expected);
    }
}
