//! Which key goes with a provider (section 2): its own, else its fallback's, never in silence.

use aiconfig_domain::{KeyFingerprint, KeyState, ProviderName, Snapshot, origin_of};

/// The key to release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChoice {
    /// Whose key it is.
    pub provider: ProviderName,
    /// Which version.
    pub version: u32,
    /// Its fingerprint.
    pub fingerprint: KeyFingerprint,
}

/// Why there is no key to release.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the provider is the one that the problem is with"
)]
pub enum KeyProblem {
    /// No usable one.
    Missing { provider: ProviderName },
    /// Releases are stopped.
    Frozen { provider: ProviderName },
    /// `base_url` now has another origin than the key was added for.
    OriginChanged { provider: ProviderName },
}

/// Chooses the key of a provider. The fallback's is used only while the provider has no versions
/// but standby and destroyed ones: a revoked key does not silently become another's.
///
/// # Errors
/// [`KeyProblem`].
pub fn key_choice(snapshot: &Snapshot, asked: &ProviderName) -> Result<KeyChoice, KeyProblem> {
    let missing = || KeyProblem::Missing {
        provider: asked.clone(),
    };
    let mut owner = asked.clone();
    // A fallback of a fallback is followed as well; chains have no loops and are short.
    for _ in 0..8 {
        if snapshot.is_frozen(&owner) {
            return Err(KeyProblem::Frozen { provider: owner });
        }
        let primary = snapshot
            .provider_keys(&owner)
            .find(|key| key.value.state == KeyState::Primary);
        if let Some(key) = primary {
            let key = &key.value;
            let here = snapshot
                .provider(owner.as_str())
                .and_then(|provider| origin_of(&provider.value.base_url));
            if here.as_deref() != Some(key.origin.as_str()) {
                return Err(KeyProblem::OriginChanged {
                    provider: owner.clone(),
                });
            }
            let (version, fingerprint) = (key.version, key.fingerprint.clone());
            return Ok(KeyChoice {
                provider: owner.clone(),
                version,
                fingerprint,
            });
        }
        let own = snapshot
            .provider_keys(&owner)
            .any(|key| !matches!(key.value.state, KeyState::Standby | KeyState::Destroyed));
        let fallback = snapshot
            .provider(owner.as_str())
            .and_then(|provider| provider.value.key_fallback.clone());
        owner = fallback.filter(|_| !own).ok_or_else(missing)?;
    }
    Err(missing())
}
