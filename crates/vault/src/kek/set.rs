//! The loaded key-encryption keys: one primary that wraps, the rest open only.

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::SecretString;

use super::{
    CredentialDirectory, EnvironmentValue, GeneratedFile, Kek, KekError, KekId, KekSource,
    SecretFile, file,
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
#[derive(Debug, Default, Clone)]
pub struct KekSet {
    primary: Option<Arc<Kek>>,
    open_only: Vec<Arc<Kek>>,
}

/// What could be loaded beside a ring that is there, and what could not.
#[derive(Debug, Default)]
pub struct FoundKeks {
    /// The keys.
    pub keks: KekSet,
    /// Places that are in use and whose key is not good.
    pub faults: Vec<KekError>,
    /// Files of keys that only open which are not there, or not yet.
    pub absent: Vec<PathBuf>,
}

impl KekSet {
    /// A set of keys at hand. The default has none: a ring opened with it is
    /// degraded in all its purposes.
    #[must_use]
    pub fn new(primary: Kek, open_only: Vec<Kek>) -> Self {
        Self {
            primary: Some(Arc::new(primary)),
            open_only: open_only.into_iter().map(Arc::new).collect(),
        }
    }

    /// Loads the keys that the configuration names.
    ///
    /// A named key that cannot be taken is an error. If no place is in use,
    /// that is `NotConfigured` while the ring is empty; a ring with rows still
    /// opens, degraded, with the set without primary that is returned then. A
    /// file of a key that only opens need not be there: its place can be
    /// configured before a rotation needs it.
    pub fn load(
        config: &KekConfig,
        ring_is_empty: bool,
        random: &dyn RandomSource,
    ) -> Result<Self, KekError> {
        let primary = primary(config, ring_is_empty, random)?.map(Arc::new);
        if primary.is_none() && ring_is_empty {
            return Err(KekError::NotConfigured);
        }
        let open_only = config
            .open_files
            .iter()
            .filter_map(|path| file::read_if_present(path).transpose())
            .map(|kek| kek.map(Arc::new))
            .collect::<Result<_, _>>()?;
        Ok(Self { primary, open_only })
    }

    /// Loads what can be loaded beside a ring with rows: one bad place does not
    /// take the other keys away.
    #[must_use]
    pub fn find_all(config: &KekConfig, random: &dyn RandomSource) -> FoundKeks {
        let mut found = FoundKeks::default();
        match primary(config, false, random) {
            Ok(kek) => found.keks.primary = kek.map(Arc::new),
            Err(fault) => found.faults.push(fault),
        }
        for path in &config.open_files {
            match file::read_if_present(path) {
                Ok(Some(kek)) => found.keks.open_only.push(Arc::new(kek)),
                Ok(None) => found.absent.push(path.clone()),
                Err(fault) => found.faults.push(fault),
            }
        }
        found
    }

    /// This set, and the keys of `former` beside it, so that nothing that opened
    /// before stops doing so. The former primary stays one where this has none.
    #[must_use]
    pub fn beside(mut self, former: &Self) -> Self {
        if self.primary.is_none() {
            self.primary.clone_from(&former.primary);
        }
        for kek in former.primary.iter().chain(&former.open_only) {
            if self.find(kek.id()).is_none() {
                self.open_only.push(Arc::clone(kek));
            }
        }
        self
    }

    /// The key that wraps new rows.
    #[must_use]
    pub fn primary(&self) -> Option<&Kek> {
        self.primary.as_deref()
    }

    /// The names of all loaded keys, the primary first.
    pub fn ids(&self) -> impl Iterator<Item = KekId> {
        self.keks().map(Kek::id)
    }

    pub(crate) fn find(&self, id: KekId) -> Option<&Kek> {
        self.keks().find(|kek| kek.id() == id)
    }

    fn keks(&self) -> impl Iterator<Item = &Kek> {
        self.primary.iter().chain(&self.open_only).map(Arc::as_ref)
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
