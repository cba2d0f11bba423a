//! Which key goes with a provider (section 2): its own, else its fallback's, never in silence.

use aiconfig_domain::{KeyFingerprint, KeyState, ProviderName, Snapshot, has_origin};

/// The key to release, as the state has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyChoice<'a> {
    /// Whose key it is.
    pub provider: &'a ProviderName,
    /// Which version.
    pub version: u32,
    /// Its fingerprint.
    pub fingerprint: &'a KeyFingerprint,
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
pub fn key_choice<'a>(
    snapshot: &'a Snapshot,
    asked: &'a ProviderName,
) -> Result<KeyChoice<'a>, KeyProblem> {
    let missing = || KeyProblem::Missing {
        provider: asked.clone(),
    };
    let mut owner = asked;
    // A fallback of a fallback is followed as well; chains have no loops and are short.
    for _ in 0..8 {
        let provider = || owner.clone();
        if snapshot.is_frozen(owner) {
            return Err(KeyProblem::Frozen {
                provider: provider(),
            });
        }
        let stored = snapshot.provider(owner.as_str());
        let mut own = false;
        for key in snapshot.provider_keys(owner).map(|key| &key.value) {
            if key.state == KeyState::Primary {
                let here = stored.is_some_and(|at| has_origin(&at.value.base_url, &key.origin));
                return if here {
                    Ok(KeyChoice {
                        provider: owner,
                        version: key.version,
                        fingerprint: &key.fingerprint,
                    })
                } else {
                    Err(KeyProblem::OriginChanged {
                        provider: provider(),
                    })
                };
            }
            own |= !key.state.allows_fallback();
        }
        let fallback = stored.and_then(|provider| provider.value.key_fallback.as_ref());
        owner = fallback.filter(|_| !own).ok_or_else(missing)?;
    }
    Err(missing())
}
