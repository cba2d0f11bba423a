//! The forms in which a secret could lie open.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// As it is, in hexadecimal digits, and in base64 at each of its places in a longer text.
pub(crate) fn forms(secret: &str) -> Vec<Vec<u8>> {
    let hex = secret.bytes().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    // In base64 a text starts at one of three places of a group.
    let shifted = (0..3).flat_map(|shift| {
        let padded = [vec![b' '; shift], secret.as_bytes().to_vec()].concat();
        [
            STANDARD_NO_PAD.encode(&padded),
            URL_SAFE_NO_PAD.encode(&padded),
        ]
        .map(|text| text.as_bytes()[4..text.len() - 3].to_vec())
    });
    let upper = hex.to_uppercase().into_bytes();
    shifted
        .chain([secret.as_bytes().to_vec(), hex.into_bytes(), upper])
        .collect()
}
