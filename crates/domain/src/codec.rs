//! The one encoding of resources: of log, history, digest and export.

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
    if resource.key().to_string() == key {
        Ok(resource)
    } else {
        Err(CodecError::Key)
    }
}
