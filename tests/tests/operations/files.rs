//! Files of the repository.

use std::path::{Path, PathBuf};

/// The path of a file of the repository.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

/// Its text.
pub(crate) fn text(name: &str) -> String {
    let read = std::fs::read_to_string(path(name));
    read.unwrap_or_else(|error| panic!("{name}: {error}"))
}
