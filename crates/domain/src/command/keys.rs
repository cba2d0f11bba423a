//! The life of provider keys: added, promoted, rolled back, revoked, destroyed, frozen.

use super::providers::{check_etag, find, put, put_changed};
use super::{CommandContext, Decision};
use crate::{
    Change, KeyFingerprint, KeyState, Provider, ProviderKey, ProviderName, Reason, Rejection,
    Resource, ResourceKey, Snapshot, Timestamp, origin_of,
};

/// Adds a sealed key as a standby version.
#[derive(Clone, Debug)]
pub struct AddKey {
    /// The provider.
    pub provider: ProviderName,
    /// What may be shown of the key.
    pub mask: String,
    /// Its keyed fingerprint.
    pub fingerprint: KeyFingerprint,
    /// The provider's etag that the caller last saw.
    pub expected_etag: Option<String>,
}

/// Makes a version primary.
#[derive(Clone, Debug)]
pub struct PromoteKey {
    /// The provider.
    pub provider: ProviderName,
    /// The version.
    pub version: u32,
    /// The version that the caller takes for primary, 0 for none; absent skips the check.
    pub expected_primary: Option<u32>,
    /// The version's etag that the caller last saw.
    pub expected_etag: Option<String>,
}

/// Makes the last retired version primary again.
#[derive(Clone, Debug)]
pub struct RollbackKey {
    /// The provider.
    pub provider: ProviderName,
    /// The version that the caller takes for primary, 0 for none; absent skips the check.
    pub expected_primary: Option<u32>,
    /// The provider's etag that the caller last saw.
    pub expected_etag: Option<String>,
}

/// Withdraws a version.
#[derive(Clone, Debug)]
pub struct RevokeKey {
    /// The provider.
    pub provider: ProviderName,
    /// The version.
    pub version: u32,
    /// The version's etag that the caller last saw.
    pub expected_etag: Option<String>,
}

/// Erases a version.
#[derive(Clone, Debug)]
pub struct DestroyKey {
    /// The provider.
    pub provider: ProviderName,
    /// The version.
    pub version: u32,
    /// The 16 shown digits of its fingerprint, as proof of what is meant.
    pub fingerprint: String,
    /// The version's etag that the caller last saw.
    pub expected_etag: Option<String>,
}

/// Stops or lets go on the release of keys.
#[derive(Clone, Debug)]
pub struct SetKeyFreeze {
    /// The provider; absent means the switch over all.
    pub provider: Option<ProviderName>,
    /// Whether releases are stopped.
    pub frozen: bool,
    /// The freeze's etag that the caller last saw.
    pub expected_etag: Option<String>,
}

impl AddKey {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let provider = find(snapshot, &command.provider)?;
        let guarded = ResourceKey::Provider(provider.name.clone());
        check_etag(snapshot, &guarded, command.expected_etag.as_deref())?;
        let keys = || {
            snapshot
                .provider_keys(&provider.name)
                .map(|stored| &stored.value)
        };
        let same =
            keys().find(|k| k.state != KeyState::Destroyed && k.fingerprint == command.fingerprint);
        if let Some(same) = same {
            let message = format!(
                "provider {} has this key as version {}",
                provider.name, same.version
            );
            return Err(Rejection::new(Reason::DuplicateKey, message)
                .with("version", same.version.to_string())
                .about("ProviderKey", format!("{}/{}", provider.name, same.version)));
        }
        let last = keys().map(|key| key.version).max().unwrap_or(0);
        let origin = origin_of(&provider.base_url).ok_or_else(|| {
            Rejection::invalid_field("provider", "its base_url has no origin for keys")
        })?;
        Ok(put(Resource::ProviderKey(ProviderKey {
            provider: provider.name.clone(),
            version: last.saturating_add(1),
            state: KeyState::Standby,
            mask: command.mask.clone(),
            fingerprint: command.fingerprint.clone(),
            origin,
            retire_order: 0,
            promote_time: None,
            retire_time: None,
            revoke_time: None,
            destroy_time: None,
        })))
    }
}

impl PromoteKey {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        context: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let provider = find(snapshot, &command.provider)?;
        let key = version(snapshot, provider, command.version)?;
        check_etag(snapshot, &name(key), command.expected_etag.as_deref())?;
        expect_primary(snapshot, provider, command.expected_primary)?;
        match key.state {
            KeyState::Primary => return Ok(unchanged(key)),
            KeyState::Standby | KeyState::Retired => {}
            KeyState::Revoked | KeyState::Destroyed => return Err(wrong_state(key)),
        }
        switch(snapshot, provider, key, KeyState::Retired, context.now)
    }
}

impl RollbackKey {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        context: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let provider = find(snapshot, &command.provider)?;
        let guarded = ResourceKey::Provider(provider.name.clone());
        check_etag(snapshot, &guarded, command.expected_etag.as_deref())?;
        expect_primary(snapshot, provider, command.expected_primary)?;
        let last = snapshot
            .provider_keys(&provider.name)
            .map(|stored| &stored.value)
            .filter(|key| key.state == KeyState::Retired)
            .max_by_key(|key| key.retire_order)
            .ok_or_else(|| {
                let message = format!("provider {} has no retired key", provider.name);
                Rejection::new(Reason::NoRetiredKey, message)
                    .about("Provider", provider.name.as_str())
            })?;
        switch(snapshot, provider, last, KeyState::Standby, context.now)
    }
}

impl RevokeKey {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        context: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let provider = find(snapshot, &command.provider)?;
        let key = version(snapshot, provider, command.version)?;
        check_etag(snapshot, &name(key), command.expected_etag.as_deref())?;
        match key.state {
            KeyState::Revoked => Ok(unchanged(key)),
            KeyState::Destroyed => Err(wrong_state(key)),
            KeyState::Standby | KeyState::Primary | KeyState::Retired => {
                Ok(put(Resource::ProviderKey(ProviderKey {
                    state: KeyState::Revoked,
                    revoke_time: Some(context.now),
                    ..key.clone()
                })))
            }
        }
    }
}

impl DestroyKey {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        context: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let provider = find(snapshot, &command.provider)?;
        let key = version(snapshot, provider, command.version)?;
        check_etag(snapshot, &name(key), command.expected_etag.as_deref())?;
        if command.fingerprint != key.fingerprint.shown() {
            let message = "the fingerprint is not that of the version";
            return Err(about(
                key,
                Rejection::new(Reason::FingerprintMismatch, message),
            ));
        }
        match key.state {
            KeyState::Destroyed => Ok(unchanged(key)),
            KeyState::Primary => {
                let message = "the version is primary; promote another one or revoke it first";
                Err(about(key, Rejection::new(Reason::KeyInUse, message)))
            }
            KeyState::Standby | KeyState::Retired | KeyState::Revoked => {
                Ok(put(Resource::ProviderKey(ProviderKey {
                    state: KeyState::Destroyed,
                    destroy_time: Some(context.now),
                    ..key.clone()
                })))
            }
        }
    }
}

impl SetKeyFreeze {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        if let Some(name) = &command.provider {
            find(snapshot, name)?;
        }
        check_etag(
            snapshot,
            &ResourceKey::KeyFreeze,
            command.expected_etag.as_deref(),
        )?;
        let former = snapshot.key_freeze();
        let mut value = former.clone();
        match &command.provider {
            None => value.all = command.frozen,
            Some(name) if command.frozen => {
                value.providers.insert(name.clone());
            }
            Some(name) => {
                value.providers.remove(name);
            }
        }
        Ok(put_changed(
            &former,
            &value,
            ResourceKey::KeyFreeze,
            Resource::KeyFreeze,
        ))
    }
}

/// Makes one version primary and puts every present primary into another state.
fn switch(
    snapshot: &Snapshot,
    provider: &Provider,
    key: &ProviderKey,
    former_state: KeyState,
    now: Timestamp,
) -> Result<Decision, Rejection> {
    if origin_of(&provider.base_url).as_deref() != Some(key.origin.as_str()) {
        let message = "the provider's origin changed since the key was added; add a key for it";
        return Err(about(
            key,
            Rejection::new(Reason::KeyOriginChanged, message),
        ));
    }
    let keys = || {
        snapshot
            .provider_keys(&provider.name)
            .map(|stored| &stored.value)
    };
    let mut order = keys().map(|key| key.retire_order).max().unwrap_or(0);
    let mut decision = put(Resource::ProviderKey(ProviderKey {
        state: KeyState::Primary,
        promote_time: Some(now),
        ..key.clone()
    }));
    for primary in keys().filter(|key| key.state == KeyState::Primary) {
        let mut former = ProviderKey {
            state: former_state,
            ..primary.clone()
        };
        if former_state == KeyState::Retired {
            order = order.saturating_add(1);
            former.retire_order = order;
            former.retire_time = Some(now);
        }
        decision.former = Some(former.version.to_string());
        decision
            .changes
            .push(Change::Put(Resource::ProviderKey(former)));
    }
    Ok(decision)
}

fn expect_primary(
    snapshot: &Snapshot,
    provider: &Provider,
    expected: Option<u32>,
) -> Result<(), Rejection> {
    let present = snapshot
        .provider_keys(&provider.name)
        .find(|stored| stored.value.state == KeyState::Primary)
        .map_or(0, |stored| stored.value.version);
    match expected {
        Some(expected) if expected != present => {
            let message = format!("version {present} is primary (0: none)");
            Err(Rejection::new(Reason::ExpectedPrimaryMismatch, message)
                .with("primary_version", present.to_string())
                .about("Provider", provider.name.as_str()))
        }
        _ => Ok(()),
    }
}

fn version<'a>(
    snapshot: &'a Snapshot,
    provider: &Provider,
    version: u32,
) -> Result<&'a ProviderKey, Rejection> {
    snapshot
        .provider_keys(&provider.name)
        .map(|stored| &stored.value)
        .find(|key| key.version == version)
        .ok_or_else(|| {
            let message = format!("provider {} has no key version {version}", provider.name);
            Rejection::new(Reason::ProviderKeyNotFound, message)
                .about("ProviderKey", format!("{}/{version}", provider.name))
        })
}

fn name(key: &ProviderKey) -> ResourceKey {
    ResourceKey::ProviderKey(key.provider.clone(), key.version)
}

fn about(key: &ProviderKey, rejection: Rejection) -> Rejection {
    rejection.about("ProviderKey", format!("{}/{}", key.provider, key.version))
}

fn wrong_state(key: &ProviderKey) -> Rejection {
    let message = format!("the version is {}", key.state.as_str());
    about(key, Rejection::new(Reason::KeyStateInvalid, message)).with("state", key.state.as_str())
}

fn unchanged(key: &ProviderKey) -> Decision {
    Decision {
        subject: Some(name(key)),
        ..Decision::default()
    }
}
