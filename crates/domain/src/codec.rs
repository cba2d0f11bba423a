//! The one encoding of resources: of log, history, digest and export.

use std::fmt::{self, Write as _};

use crate::{Kind, Resource};

/// The version that is written. Every version ever written stays readable.
pub const CODEC_VERSION: i32 = 1;

/// A stored value that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// Written by a newer version.
    #[error("codec version {0} is not known")]
    Version(i32),
    /// Not a value of its kind.
    #[error("not a value of its kind")]
    Value(#[source] serde_json::Error),
    /// The value is of another key.
    #[error("the value is of another key")]
    Key,
}

/// The canonical text of a resource: equal resources are equal texts.
#[must_use]
pub fn encode(resource: &Resource) -> String {
    // Writing to a string fails only for maps with keys that are no strings; there are none.
    resource.to_json().unwrap_or_default()
}

/// Reads a stored value.
///
/// # Errors
/// [`CodecError`] says which part does not fit; never the value.
pub fn decode(kind: Kind, key: &str, codec: i32, text: &str) -> Result<Resource, CodecError> {
    if codec != CODEC_VERSION {
        return Err(CodecError::Version(codec));
    }
    let resource = Resource::from_json(kind, text).map_err(CodecError::Value)?;
    if is_key(key, &resource) {
        Ok(resource)
    } else {
        Err(CodecError::Key)
    }
}

/// Whether a text is the key of a resource.
fn is_key(text: &str, resource: &Resource) -> bool {
    let mut rest = Rest(text);
    write!(rest, "{}", resource.key()).is_ok() && rest.0.is_empty()
}

/// What of a text was not written yet; an error stands for a difference. It saves the text of the
/// key, of which a server that starts would need millions.
struct Rest<'a>(&'a str);

impl fmt::Write for Rest<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(part).ok_or(fmt::Error)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccountId, AccountState};

    #[test]
    fn a_value_is_of_its_key_alone() {
        let resource = Resource::Account(AccountState::Deleted {
            account_id: AccountId::new(12).unwrap(),
            source_version: 1,
        });
        let text = encode(&resource);
        for (key, fits) in [("12", true), ("1", false), ("123", false), ("", false)] {
            let decoded = decode(Kind::Account, key, CODEC_VERSION, &text);
            assert_eq!(decoded.is_ok(), fits, "{key}");
        }
    }
}
