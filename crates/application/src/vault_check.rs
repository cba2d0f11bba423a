//! Opens everything that is sealed, to say what does not open.

use aiconfig_domain::KeyState;

use crate::Application;
use crate::live::KeySlot;

/// What a check of the vault came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VaultReport {
    /// Ids of key-encryption keys that the ring needs and this process lacks.
    pub missing_keks: Vec<String>,
    /// Keys that opened: provider and version.
    pub opened: Vec<(String, u32)>,
    /// Keys that did not: provider, version and why.
    pub faults: Vec<(String, u32, String)>,
}

impl VaultReport {
    /// Whether all is well.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.missing_keks.is_empty() && self.faults.is_empty()
    }
}

impl Application {
    /// Opens every stored key once, and drops it at once. The ring and its canaries were opened
    /// when this application was.
    #[must_use]
    pub fn verify_vault(&self) -> VaultReport {
        let live = self.live();
        let missing = self.ring.missing();
        let mut report = VaultReport {
            missing_keks: missing.iter().map(ToString::to_string).collect(),
            ..VaultReport::default()
        };
        for (provider, versions) in live.keys.iter() {
            for (version, slot) in versions {
                let opened = match slot.as_ref() {
                    KeySlot::Ready(sealed) => sealed.open().map(drop),
                    KeySlot::Unusable(error) => Err(error.clone()),
                };
                match opened {
                    Ok(()) => report.opened.push((provider.to_string(), *version)),
                    Err(error) => {
                        let fault = (provider.to_string(), *version, error.to_string());
                        report.faults.push(fault);
                    }
                }
            }
        }
        let providers = live.snapshot.providers();
        for key in providers.flat_map(|stored| live.snapshot.provider_keys(&stored.value.name)) {
            let key = &key.value;
            if key.state != KeyState::Destroyed && live.key(&key.provider, key.version).is_none() {
                let why = "its envelope is missing".to_owned();
                let fault = (key.provider.to_string(), key.version, why);
                report.faults.push(fault);
            }
        }
        report
    }
}
