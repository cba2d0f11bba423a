//! Why a key-encryption key was not taken, and what to do about it.

use std::io;
use std::path::PathBuf;

/// A key-encryption key could not be loaded. The text names the place and the
/// remedy, never the content.
#[derive(Debug, thiserror::Error)]
pub enum KekError {
    /// The file cannot be read.
    #[error("cannot read the key-encryption key {}: {source}; check the path and that this user may read it", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The path leads to a directory, a device or a pipe.
    #[error("{} is not a regular file; name a file that holds the key-encryption key", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// Group or others may write the file, or others may read it.
    #[error("{} has mode {mode:04o}: group or others may write it, or others may read it; run: chmod 0600 {}", path.display(), path.display())]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The content is not a key.
    #[error(
        "{origin} does not hold a key: 32 random bytes in base64 (44 characters) and at most one newline are expected; make one with: head -c 32 /dev/urandom | base64"
    )]
    NotAKey {
        /// The file or variable.
        origin: String,
    },
    /// The content is a published sample, or counts evenly.
    #[error(
        "{origin} holds a key that anyone can guess (a published sample, or bytes that are equal or count up); make one with: head -c 32 /dev/urandom | base64"
    )]
    Guessable {
        /// The file or variable.
        origin: String,
    },
    /// A key stands in the environment, without leave.
    #[error(
        "a key-encryption key in the environment is readable by every process of this user and is not taken without leave; put it into a file of mode 0600, or allow it explicitly"
    )]
    EnvironmentNotAllowed,
    /// A new key could not be written.
    #[error("cannot write a new key-encryption key to {}: {source}; check that this user may write there", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// No source has a key, and there is no ring yet that could go without.
    #[error(
        "no key-encryption key is configured; name a file of mode 0600 that holds one, made with: head -c 32 /dev/urandom | base64"
    )]
    NotConfigured,
}
