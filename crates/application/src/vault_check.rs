//! Opens everything that is sealed, as it is stored, to say what does not open.

use aiconfig_domain::KeyState;
use aiconfig_vault::error::VaultError;

use crate::live::KeySlot;
use crate::{AppError, Application, Live, keyring};

/// What a check of the vault came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VaultReport {
    /// Ids of key-encryption keys that the ring needs and this process lacks.
    pub missing_keks: Vec<String>,
    /// What opened, such as `keyring/value/1` or `providers/openai/keys/2`.
    pub opened: Vec<String>,
    /// What did not.
    pub faults: Vec<VaultFault>,
}

/// Something sealed that did not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultFault {
    /// Such as `keyring/value/1` or `providers/openai/keys/2`.
    pub resource: String,
    /// Why it did not.
    pub why: String,
    /// Whether it is damaged; else its key-encryption key is missing, and it may be whole.
    pub damaged: bool,
}

impl VaultFault {
    fn new(resource: String, error: &VaultError) -> Self {
        Self {
            resource,
            why: error.to_string(),
            damaged: !matches!(error, VaultError::KeyUnavailable { .. }),
        }
    }
}

impl VaultReport {
    /// Whether all is well.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.missing_keks.is_empty() && self.faults.is_empty()
    }

    /// How many provider keys opened.
    #[must_use]
    pub fn keys_opened(&self) -> usize {
        let keys = self.opened.iter();
        keys.filter(|name| name.starts_with("providers/")).count()
    }
}

impl Application {
    /// Opens every row of the ring, the canary, and every stored key once, and drops it at once.
    ///
    /// # Errors
    /// As the store's.
    pub async fn verify_vault(&self) -> Result<VaultReport, AppError> {
        {
            let _turn = self.turn().await?;
            self.catch_up().await?;
        }
        let sealed = self.store.sealed(None).await?;
        let known = self.live.load_full();
        let keks = self.keks();
        let deployment = *known.ring.deployment_id();
        // From the rows alone, as at a start.
        let ring = keyring::open(deployment, &keks, &sealed.deks, &sealed.canaries, None);
        let mut report = VaultReport {
            missing_keks: ring.missing().iter().map(ToString::to_string).collect(),
            ..VaultReport::default()
        };
        for fault in ring.faults() {
            let fault = VaultFault::new(fault.resource.clone(), &fault.error);
            report.faults.push(fault);
        }
        for row in sealed
            .deks
            .iter()
            .filter_map(|row| keyring::wrapped(row).ok())
        {
            let name = format!("keyring/{}/{}", row.purpose.as_str(), row.version);
            match row.verify(&deployment, &keks) {
                Ok(()) if row.state.is_kept() => report.opened.push(name),
                // Those that should open were told above.
                Err(error) if !row.state.opens() => {
                    report.faults.push(VaultFault::new(name, &error));
                }
                Ok(()) | Err(_) => {}
            }
        }
        let mut live = Live::new(known.snapshot.clone(), ring);
        // What another program changed in this moment is its to check.
        let present = known.snapshot.revision();
        let (due, later): (Vec<_>, Vec<_>) = sealed
            .envelopes
            .iter()
            .partition(|row| row.revision <= present);
        live.take_envelopes(due);
        for (provider, versions) in live.keys.iter() {
            for (version, slot) in versions {
                let name = format!("providers/{provider}/keys/{version}");
                match slot.as_ref() {
                    KeySlot::Ready(_) => report.opened.push(name),
                    KeySlot::Unusable(error) => {
                        report.faults.push(VaultFault::new(name, error));
                    }
                }
            }
        }
        let providers = live.snapshot.providers();
        for key in providers.flat_map(|stored| live.snapshot.provider_keys(&stored.value.name)) {
            let key = &key.value;
            let changed = later
                .iter()
                .any(|row| row.provider == key.provider.as_str() && row.version == key.version);
            let is_there = changed || live.key(&key.provider, key.version).is_some();
            if key.state != KeyState::Destroyed && !is_there {
                let name = format!("providers/{}/keys/{}", key.provider, key.version);
                report.faults.push(VaultFault {
                    resource: name,
                    why: "its envelope is missing".to_owned(),
                    damaged: true,
                });
            }
        }
        Ok(report)
    }
}
