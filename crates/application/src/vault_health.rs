//! How the vault is: what is missing, what is damaged.

use aiconfig_vault::error::VaultError;
use aiconfig_vault::kek::KekId;
use tokio::sync::watch;

use crate::{Application, Live};

/// How the vault of a server is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VaultHealth {
    /// Key-encryption keys that rows of the ring need and that are not loaded.
    pub missing: Vec<KekId>,
    /// What is damaged, such as `keyring/audit/1`, `keyring/canary` or `providers/openai/keys/2`.
    pub damaged: Vec<String>,
}

impl VaultHealth {
    /// Whether nothing is missing and nothing is damaged.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.missing.is_empty() && self.damaged.is_empty()
    }
}

impl Live {
    /// How the vault is.
    #[must_use]
    pub fn vault_health(&self) -> VaultHealth {
        VaultHealth {
            missing: self.ring.missing().to_vec(),
            damaged: self.damaged().map(|(resource, _)| resource).collect(),
        }
    }

    /// What is damaged in the vault, and why it does not open.
    pub(crate) fn damaged(&self) -> impl Iterator<Item = (String, String)> {
        let ring = self.ring.faults().iter();
        let ring = ring.map(|fault| (fault.resource.clone(), fault.error.to_string()));
        // A key whose key-encryption key is missing is not damaged.
        let keys = self
            .unusable_keys()
            .filter(|(_, _, error)| !matches!(error, VaultError::KeyUnavailable { .. }));
        let keys = keys.map(|(provider, version, error)| {
            let resource = format!("providers/{provider}/keys/{version}");
            (resource, error.to_string())
        });
        ring.chain(keys)
    }
}

impl Application {
    /// How the vault of this server is.
    #[must_use]
    pub fn vault_health(&self) -> VaultHealth {
        self.live().vault_health()
    }

    /// Whether the vault is sound, and each change of that.
    #[must_use]
    pub fn vault_soundness(&self) -> watch::Receiver<bool> {
        self.vault_sound.subscribe()
    }
}
