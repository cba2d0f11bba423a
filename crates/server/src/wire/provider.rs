//! Providers and their keys.

use std::collections::BTreeSet;

use aiconfig_domain::{
    KeyState, Modality, Provider, ProviderKey, ProviderName, Rejection, ResourceKey, Snapshot,
    Stored, Violation,
};
use aiconfig_proto::v1;

use super::time;

pub(super) const fn modality(modality: Modality) -> v1::Modality {
    match modality {
        Modality::Text => v1::Modality::Text,
        Modality::Image => v1::Modality::Image,
        Modality::Embedding => v1::Modality::Embedding,
    }
}

pub(crate) fn provider(snapshot: &Snapshot, stored: &Stored<Provider>) -> v1::Provider {
    let value = &stored.value;
    let freeze = snapshot.key_freeze();
    v1::Provider {
        name: value.name.to_string(),
        display_name: value.display_name.clone(),
        modalities: value
            .modalities
            .iter()
            .map(|one| modality(*one).into())
            .collect(),
        base_url: value.base_url.clone(),
        probe_path: value.probe_path.clone(),
        key_fallback: value
            .key_fallback
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        key_frozen: freeze.stops(&value.name),
        all_keys_frozen: freeze.all,
        etag: snapshot.etag(&ResourceKey::Provider(value.name.clone())),
        revision: stored.meta.revision,
        create_time: time(stored.meta.create_time),
        update_time: time(stored.meta.update_time),
        updated_by: stored.meta.updated_by.to_string(),
    }
}

/// A provider of a request; what the service sets itself is ignored.
pub(crate) fn provider_in(message: v1::Provider) -> Result<Provider, Rejection> {
    let v1::Provider {
        name,
        display_name,
        modalities,
        base_url,
        probe_path,
        key_fallback,
        key_frozen: _,
        all_keys_frozen: _,
        etag: _,
        revision: _,
        create_time: _,
        update_time: _,
        updated_by: _,
    } = message;
    let mut violations = Vec::new();
    let mut refuse = |field: &str, right: &str| {
        violations.push(Violation::new(format!("provider.{field}"), right));
    };
    let name = ProviderName::parse(&name);
    if name.is_none() {
        refuse("name", ProviderName::RULE);
    }
    let known = |number: &i32| {
        Modality::ALL
            .into_iter()
            .find(|known| modality(*known) as i32 == *number)
    };
    let read: Option<BTreeSet<Modality>> = modalities.iter().map(known).collect();
    if read.is_none() {
        refuse("modalities", "of TEXT, IMAGE and EMBEDDING");
    }
    let fallback = (!key_fallback.is_empty()).then(|| ProviderName::parse(&key_fallback));
    if fallback == Some(None) {
        refuse("key_fallback", ProviderName::RULE);
    }
    match (name, read) {
        (Some(name), Some(modalities)) if violations.is_empty() => Ok(Provider {
            name,
            display_name,
            modalities,
            base_url,
            probe_path,
            key_fallback: fallback.flatten(),
        }),
        _ => Err(Rejection::invalid(violations)),
    }
}

pub(crate) fn key(snapshot: &Snapshot, stored: &Stored<ProviderKey>) -> v1::ProviderKey {
    let value = &stored.value;
    let state = match value.state {
        KeyState::Standby => v1::KeyState::Standby,
        KeyState::Primary => v1::KeyState::Primary,
        KeyState::Retired => v1::KeyState::Retired,
        KeyState::Revoked => v1::KeyState::Revoked,
        KeyState::Destroyed => v1::KeyState::Destroyed,
    };
    v1::ProviderKey {
        provider: value.provider.to_string(),
        version: i32::try_from(value.version).unwrap_or(i32::MAX),
        state: state.into(),
        mask: value.mask.clone(),
        fingerprint: value.fingerprint.shown().to_owned(),
        origin: value.origin.clone(),
        promote_time: value.promote_time.and_then(time),
        retire_time: value.retire_time.and_then(time),
        revoke_time: value.revoke_time.and_then(time),
        destroy_time: value.destroy_time.and_then(time),
        etag: snapshot.etag(&ResourceKey::ProviderKey(
            value.provider.clone(),
            value.version,
        )),
        revision: stored.meta.revision,
        create_time: time(stored.meta.create_time),
        update_time: time(stored.meta.update_time),
        updated_by: stored.meta.updated_by.to_string(),
    }
}
