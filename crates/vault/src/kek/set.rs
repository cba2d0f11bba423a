//! The loaded key-encryption keys: one primary that wraps, the rest open only.

use std::path::PathBuf;

use secrecy::SecretString;

use super::{
    CredentialDirectory, EnvironmentValue, GeneratedFile, Kek, KekError, KekId, KekSource,
    SecretFile,
};
use crate::random::RandomSource;

/// Where to look for keys. The first place in use gives the primary, in the
/// order of the fields.
#[derive(Debug, Default)]
pub struct KekConfig {
    /// systemd's `$CREDENTIALS_DIRECTORY`.
    pub credentials_directory: Option<PathBuf>,
    /// A secret file.
    pub file: Option<PathBuf>,
    /// The value of an environment variable.
    pub env_value: Option<SecretString>,
    /// Whether that value may be used.
    pub allow_env: bool,
    /// The embedded default: used if there is no other place, and made if it
    /// is not there and the ring is empty.
    pub generate_at: Option<PathBuf>,
    /// Files of further keys, which only open.
    pub open_files: Vec<PathBuf>,
}

/// The loaded keys.
#[derive(Debug, Default)]
pub struct KekSet {
    primary: Option<Kek>,
    open_only: Vec<Kek>,
}

impl KekSet {
    /// A set of keys at hand. The default has none: a ring opened with it is
    /// degraded in all its purposes.
    #[must_use]
    pub const fn new(primary: Kek, open_only: Vec<Kek>) -> Self {
        Self {
            primary: Some(primary),
            open_only,
        }
    }

    /// Loads the keys that the configuration names.
    ///
    /// A named key that cannot be taken is an error. If no place is in use,
    /// that is `NotConfigured` while the ring is empty; a ring with rows still
    /// opens, degraded, with the set without primary that is returned then.
    pub fn load(
        config: &KekConfig,
        ring_is_empty: bool,
        random: &dyn RandomSource,
    ) -> Result<Self, KekError> {
        let primary = primary(config, ring_is_empty, random)?;
        if primary.is_none() && ring_is_empty {
            return Err(KekError::NotConfigured);
        }
        let open_only = config
            .open_files
            .iter()
            .filter_map(|path| SecretFile(path.clone()).load().transpose())
            .collect::<Result<_, _>>()?;
        Ok(Self { primary, open_only })
    }

    /// The key that wraps new rows.
    #[must_use]
    pub const fn primary(&self) -> Option<&Kek> {
        self.primary.as_ref()
    }

    /// The names of all loaded keys, the primary first.
    pub fn ids(&self) -> impl Iterator<Item = KekId> {
        self.keks().map(Kek::id)
    }

    pub(crate) fn find(&self, id: KekId) -> Option<&Kek> {
        self.keks().find(|kek| kek.id() == id)
    }

    fn keks(&self) -> impl Iterator<Item = &Kek> {
        self.primary.iter().chain(&self.open_only)
    }
}

fn primary(
    config: &KekConfig,
    ring_is_empty: bool,
    random: &dyn RandomSource,
) -> Result<Option<Kek>, KekError> {
    let mut sources: Vec<Box<dyn KekSource + '_>> = Vec::new();
    if let Some(directory) = &config.credentials_directory {
        sources.push(Box::new(CredentialDirectory(directory.clone())));
    }
    if let Some(path) = &config.file {
        sources.push(Box::new(SecretFile(path.clone())));
    }
    if let Some(value) = &config.env_value {
        sources.push(Box::new(EnvironmentValue {
            value,
            allowed: config.allow_env,
        }));
    }
    if let Some(path) = &config.generate_at {
        sources.push(Box::new(GeneratedFile {
            path: path.clone(),
            ring_is_empty,
            random,
        }));
    }
    for source in sources {
        if let Some(kek) = source.load()? {
            return Ok(Some(kek));
        }
    }
    Ok(None)
}
