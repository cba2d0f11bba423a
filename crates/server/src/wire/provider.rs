//! Providers, versions of their keys, and the commands about both.

use aiconfig_domain::{
    CreateProvider, DestroyKey, KeyFreeze, Modality, PromoteKey, Provider, ProviderField,
    ProviderKey, ProviderName, Rejection, RevokeKey, RollbackKey, SetKeyFreeze, Stored,
    UpdateProvider,
};
use aiconfig_proto::v1;

use super::common::{Faults, expected_etag, time};
use super::enums::{key_state, modality, read_modality};
use super::mask::masked;

/// A provider on the wire.
pub(crate) fn provider(
    stored: &Stored<Provider>,
    freeze: &KeyFreeze,
    etag: String,
) -> v1::Provider {
    let Stored { value, meta } = stored;
    let Provider {
        name,
        display_name,
        modalities,
        base_url,
        probe_path,
        key_fallback,
    } = value;
    v1::Provider {
        name: name.to_string(),
        display_name: display_name.clone(),
        modalities: modalities.iter().copied().map(modality).collect(),
        base_url: base_url.clone(),
        probe_path: probe_path.clone(),
        key_fallback: key_fallback
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        key_frozen: freeze.providers.contains(name),
        all_keys_frozen: freeze.all,
        etag,
        revision: meta.revision,
        create_time: Some(time(meta.create_time)),
        update_time: Some(time(meta.update_time)),
        updated_by: meta.updated_by.to_string(),
    }
}

/// A version of a key on the wire, without the key.
pub(crate) fn provider_key(stored: &Stored<ProviderKey>, etag: String) -> v1::ProviderKey {
    let Stored { value, meta } = stored;
    let ProviderKey {
        provider,
        version,
        state,
        mask,
        fingerprint,
        origin,
        retire_order: _,
        promote_time,
        retire_time,
        revoke_time,
        destroy_time,
    } = value;
    v1::ProviderKey {
        provider: provider.to_string(),
        version: i32::try_from(*version).unwrap_or(i32::MAX),
        state: key_state(*state),
        mask: mask.clone(),
        fingerprint: fingerprint.shown().to_owned(),
        origin: origin.clone(),
        promote_time: promote_time.map(time),
        retire_time: retire_time.map(time),
        revoke_time: revoke_time.map(time),
        destroy_time: destroy_time.map(time),
        etag,
        revision: meta.revision,
        create_time: Some(time(meta.create_time)),
        update_time: Some(time(meta.update_time)),
        updated_by: meta.updated_by.to_string(),
    }
}

fn read_provider(faults: &mut Faults, given: v1::Provider) -> Option<Provider> {
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
    } = given;
    let name = faults.need(
        "provider.name",
        ProviderName::parse(&name),
        ProviderName::RULE,
    );
    let modalities: Vec<Option<Modality>> = modalities
        .into_iter()
        .enumerate()
        .map(|(at, number)| read_modality(faults, &format!("provider.modalities[{at}]"), number))
        .collect();
    let key_fallback = faults.optional(
        "provider.key_fallback",
        &key_fallback,
        ProviderName::parse,
        ProviderName::RULE,
    );
    Some(Provider {
        name: name?,
        display_name,
        modalities: modalities.into_iter().flatten().collect(),
        base_url,
        probe_path,
        key_fallback,
    })
}

/// Reads a new provider.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn new_provider(
    request: v1::CreateProviderRequest,
) -> Result<CreateProvider, Rejection> {
    let v1::CreateProviderRequest {
        provider,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mut faults = Faults::default();
    let given = faults.need("provider", provider, "must be given");
    let value = given.and_then(|given| read_provider(&mut faults, given));
    faults.finish(value.map(|value| CreateProvider { value }))
}

/// Reads a change of a provider.
///
/// # Errors
/// `FIELD_INVALID` with every fault, `MASK_INVALID`.
pub(crate) fn update_provider(
    request: v1::UpdateProviderRequest,
) -> Result<UpdateProvider, Rejection> {
    let v1::UpdateProviderRequest {
        provider,
        update_mask,
        expected_etag: etag,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mut faults = Faults::default();
    let given = faults.need("provider", provider, "must be given");
    let value = given.and_then(|given| read_provider(&mut faults, given));
    let value = faults.finish(value)?;
    let fields = masked(update_mask, |field| match field {
        ProviderField::DisplayName => !value.display_name.is_empty(),
        ProviderField::Modalities => !value.modalities.is_empty(),
        ProviderField::BaseUrl => !value.base_url.is_empty(),
        ProviderField::ProbePath => !value.probe_path.is_empty(),
        ProviderField::KeyFallback => value.key_fallback.is_some(),
    })?;
    Ok(UpdateProvider {
        value,
        fields,
        expected_etag: expected_etag(etag),
    })
}

fn name(faults: &mut Faults, text: &str) -> Option<ProviderName> {
    faults.need("provider", ProviderName::parse(text), ProviderName::RULE)
}

fn version(faults: &mut Faults, number: i32) -> Option<u32> {
    faults.need(
        "version",
        u32::try_from(number).ok().filter(|version| *version > 0),
        "must be 1 or more",
    )
}

fn expected_primary(faults: &mut Faults, number: Option<i32>) -> Option<u32> {
    faults.need(
        "expected_primary_version",
        u32::try_from(number?).ok(),
        "must be 0 (for none) or more",
    )
}

/// Reads whose key is added, under which etag.
///
/// # Errors
/// `FIELD_INVALID`.
pub(crate) fn add_key(
    request: &v1::AddProviderKeyRequest,
) -> Result<(ProviderName, Option<String>), Rejection> {
    let mut faults = Faults::default();
    let provider = name(&mut faults, &request.provider);
    let expected_etag = expected_etag(request.expected_etag.clone());
    faults.finish(provider.map(|provider| (provider, expected_etag)))
}

/// Reads a promotion.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn promote_key(request: v1::PromoteProviderKeyRequest) -> Result<PromoteKey, Rejection> {
    let v1::PromoteProviderKeyRequest {
        provider,
        version: number,
        expected_primary_version,
        expected_etag: etag,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mut faults = Faults::default();
    let (provider, version) = (name(&mut faults, &provider), version(&mut faults, number));
    let expected_primary = expected_primary(&mut faults, expected_primary_version);
    let expected_etag = expected_etag(etag);
    faults.finish(provider.zip(version).map(|(provider, version)| PromoteKey {
        provider,
        version,
        expected_primary,
        expected_etag,
    }))
}

/// Reads a rollback.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn rollback_key(
    request: v1::RollbackProviderKeyRequest,
) -> Result<RollbackKey, Rejection> {
    let v1::RollbackProviderKeyRequest {
        provider,
        expected_primary_version,
        expected_etag: etag,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mut faults = Faults::default();
    let provider = name(&mut faults, &provider);
    let expected_primary = expected_primary(&mut faults, expected_primary_version);
    let expected_etag = expected_etag(etag);
    faults.finish(provider.map(|provider| RollbackKey {
        provider,
        expected_primary,
        expected_etag,
    }))
}

/// Reads a revocation.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn revoke_key(request: v1::RevokeProviderKeyRequest) -> Result<RevokeKey, Rejection> {
    let v1::RevokeProviderKeyRequest {
        provider,
        version: number,
        expected_etag: etag,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mut faults = Faults::default();
    let (provider, version) = (name(&mut faults, &provider), version(&mut faults, number));
    let expected_etag = expected_etag(etag);
    faults.finish(provider.zip(version).map(|(provider, version)| RevokeKey {
        provider,
        version,
        expected_etag,
    }))
}

/// Reads a destruction.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn destroy_key(request: v1::DestroyProviderKeyRequest) -> Result<DestroyKey, Rejection> {
    let v1::DestroyProviderKeyRequest {
        provider,
        version: number,
        fingerprint,
        expected_etag: etag,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mut faults = Faults::default();
    let (provider, version) = (name(&mut faults, &provider), version(&mut faults, number));
    if fingerprint.len() != 16
        || !fingerprint
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    {
        faults.add(
            "fingerprint",
            "the 16 lower-case hexadecimal digits that ListProviderKeys shows",
        );
    }
    let expected_etag = expected_etag(etag);
    faults.finish(provider.zip(version).map(|(provider, version)| DestroyKey {
        provider,
        version,
        fingerprint,
        expected_etag,
    }))
}

/// Reads a switch of the freeze.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn set_key_freeze(request: v1::SetKeyFreezeRequest) -> Result<SetKeyFreeze, Rejection> {
    let v1::SetKeyFreezeRequest {
        provider,
        frozen,
        expected_etag: etag,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mut faults = Faults::default();
    if provider.is_empty() && !etag.is_empty() {
        faults.add(
            "expected_etag",
            "must be empty without a provider: the switch over all has no etag",
        );
    }
    let provider = faults.optional(
        "provider",
        &provider,
        ProviderName::parse,
        ProviderName::RULE,
    );
    faults.finish(Some(SetKeyFreeze {
        provider,
        frozen,
        expected_etag: expected_etag(etag),
    }))
}
