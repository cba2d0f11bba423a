//! The settings of accounts: views on the wire, saves and resets.

use aiconfig_domain::{Rejection, ResetSettings, SaveSettings};
use aiconfig_proto::v1;
use aiconfig_resolution::{Choices, SettingsView};
use serde_json::Value;

use super::common::{Faults, expected_etag, json, time};
use super::fields::{model_fields, sources};
use super::mask::paths;

/// A view on the wire.
pub(crate) fn integration_settings(view: &SettingsView, etag: String) -> v1::IntegrationSettings {
    let SettingsView {
        kind,
        account_id,
        enabled,
        values,
        defaults,
        overrides,
        sources: from,
        using_global,
        can_override,
        in_use,
        choices: offered,
        function_defaults,
        meta,
    } = view;
    v1::IntegrationSettings {
        id: kind.as_str().to_owned(),
        account_id: account_id.get(),
        enabled: *enabled,
        values: Some(model_fields(values)),
        defaults: Some(model_fields(defaults)),
        overrides: Some(model_fields(overrides)),
        sources: sources(from),
        using_global: *using_global,
        can_override: *can_override,
        in_use: *in_use,
        // No test of a connection is kept yet.
        status: v1::ConnectionStatus::Unknown as i32,
        choices: Some(choices(offered)),
        function_defaults: function_defaults.clone(),
        etag,
        revision: meta.as_ref().map_or(0, |meta| meta.revision),
        create_time: meta.as_ref().map(|meta| time(meta.create_time)),
        update_time: meta.as_ref().map(|meta| time(meta.update_time)),
        updated_by: meta
            .as_ref()
            .map(|meta| meta.updated_by.to_string())
            .unwrap_or_default(),
    }
}

fn choices(choices: &Choices) -> v1::Choices {
    let Choices {
        services,
        models,
        lists,
        ranges,
    } = choices;
    let list = |field: &str| lists.get(field).cloned().unwrap_or_default();
    let range = |(min, max, step): &(f64, f64, f64)| v1::NumberRange {
        min: Some(*min),
        max: Some(*max),
        step: Some(*step),
    };
    v1::Choices {
        services: services.clone(),
        models: models.clone(),
        image_sizes: list("image_size"),
        image_qualities: list("image_quality"),
        image_styles: list("image_style"),
        image_formats: list("image_format"),
        ranges: ranges
            .iter()
            .map(|(field, limits)| ((*field).to_owned(), range(limits)))
            .collect(),
    }
}

/// Reads a save. The JSON stays as it is: the domain strips credentials before it looks at it.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn save_settings(
    request: v1::SaveIntegrationSettingsRequest,
) -> Result<SaveSettings, Rejection> {
    let v1::SaveIntegrationSettingsRequest {
        account_id,
        integration_type,
        config,
        update_mask,
        enabled,
        expected_etag: etag,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mut faults = Faults::default();
    let id = faults.account_id("account_id", account_id);
    let config = match config {
        Some(config) => json(&mut faults, "config", config),
        None => Some(Value::Object(serde_json::Map::new())),
    };
    let (mask, expected_etag) = (paths(update_mask), expected_etag(etag));
    faults.finish(id.zip(config).map(|(account_id, config)| SaveSettings {
        account_id,
        integration_type,
        config,
        mask,
        enabled,
        expected_etag,
    }))
}

/// Reads a reset.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn reset_settings(
    request: v1::ResetIntegrationSettingsRequest,
) -> Result<ResetSettings, Rejection> {
    let v1::ResetIntegrationSettingsRequest {
        account_id,
        integration_type,
        expected_etag: etag,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mut faults = Faults::default();
    let id = faults.account_id("account_id", account_id);
    let expected_etag = expected_etag(etag);
    faults.finish(id.map(|account_id| ResetSettings {
        account_id,
        integration_type,
        expected_etag,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_save_without_config_is_an_empty_one() {
        let request = v1::SaveIntegrationSettingsRequest {
            account_id: 7,
            integration_type: "openai".to_owned(),
            enabled: Some(false),
            update_mask: Some(prost_types::FieldMask {
                paths: vec!["maxTokens".to_owned()],
            }),
            ..v1::SaveIntegrationSettingsRequest::default()
        };
        let save = save_settings(request).unwrap();
        assert_eq!(save.config, serde_json::json!({}));
        assert_eq!(save.mask, Some(vec!["max_tokens".to_owned()]));
        assert_eq!((save.enabled, save.expected_etag), (Some(false), None));
    }
}
