//! The places that a key-encryption key can come from.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use super::{Kek, KekError, file};
use crate::random::RandomSource;

/// A place that may hold a key-encryption key.
pub trait KekSource {
    /// The key, or `None` if this place is not in use. A place that is in use
    /// and whose key is not good is an error, never passed over.
    fn load(&self) -> Result<Option<Kek>, KekError>;
}

/// The file `kek` in the directory that systemd hands to a service.
pub struct CredentialDirectory(pub PathBuf);

impl KekSource for CredentialDirectory {
    fn load(&self) -> Result<Option<Kek>, KekError> {
        file::read_if_present(&self.0.join("kek"))
    }
}

/// A file that the operator named: it must be there.
pub struct SecretFile(pub PathBuf);

impl KekSource for SecretFile {
    fn load(&self) -> Result<Option<Kek>, KekError> {
        file::read(&self.0).map(Some)
    }
}

/// The value of an environment variable, for development.
pub struct EnvironmentValue<'a> {
    /// The value as found.
    pub value: &'a SecretString,
    /// Whether the operator allowed a key in the environment.
    pub allowed: bool,
}

impl KekSource for EnvironmentValue<'_> {
    fn load(&self) -> Result<Option<Kek>, KekError> {
        if !self.allowed {
            return Err(KekError::EnvironmentNotAllowed);
        }
        let text = self.value.expose_secret().as_bytes();
        Kek::parse(text, "the environment variable").map(Some)
    }
}

/// The key file of the embedded default, made on the first start.
pub struct GeneratedFile<'a> {
    /// Where the file is, or will be.
    pub path: PathBuf,
    /// With rows in the ring a new key would open none of them, so that none
    /// is made.
    pub ring_is_empty: bool,
    /// What a new key is made of.
    pub random: &'a dyn RandomSource,
}

impl KekSource for GeneratedFile<'_> {
    fn load(&self) -> Result<Option<Kek>, KekError> {
        match file::read_if_present(&self.path)? {
            None if self.ring_is_empty => file::generate(&self.path, self.random).map(Some),
            found => Ok(found),
        }
    }
}
