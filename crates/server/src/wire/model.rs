//! Models of the catalogue.

use std::sync::Arc;

use aiconfig_domain::{
    Capabilities, CreateModel, DeleteModel, Modality, Model, ModelField, ModelId, ModelStatus,
    ProviderName, Rejection, SetDefaultModel, Stored, Timestamp, UpdateModel,
};
use aiconfig_proto::v1;

use super::common::{Faults, expected_etag, read_time, time};
use super::enums::{modality, model_status, read_modality};
use super::mask::masked;
use super::price::{model_price, read_model_price};

/// A model on the wire; `used_by` is absent where it was not counted.
pub(crate) fn model(
    stored: &Stored<Model>,
    status: ModelStatus,
    used_by: Option<i64>,
    etag: String,
) -> v1::Model {
    let Stored { value, meta } = stored;
    let Model {
        model_id,
        provider,
        modality: makes,
        display_name,
        active,
        is_default,
        context_window,
        max_output_tokens,
        capabilities,
        valid_sizes,
        valid_qualities,
        valid_styles,
        valid_formats,
        value_aliases,
        tokens_per_credit,
        nano_credits_per_image,
        deprecated_at,
        shutdown_at,
        replacement,
        prices,
    } = value;
    let list = |values: &[Arc<str>]| values.iter().map(ToString::to_string).collect();
    let Capabilities {
        temperature,
        max_temperature,
        json_mode,
        vision,
        tools,
        steps,
        guidance,
    } = *capabilities;
    v1::Model {
        provider: provider.to_string(),
        model_id: model_id.to_string(),
        modality: modality(*makes),
        display_name: display_name.clone(),
        active: *active,
        is_default: *is_default,
        status: model_status(status),
        context_window: *context_window,
        max_output_tokens: max_output_tokens.unwrap_or_default(),
        capabilities: Some(v1::Capabilities {
            temperature,
            max_temperature,
            json_mode,
            vision,
            tools,
            steps,
            guidance,
        }),
        valid_sizes: list(valid_sizes),
        valid_qualities: list(valid_qualities),
        valid_styles: list(valid_styles),
        valid_formats: list(valid_formats),
        value_aliases: value_aliases.clone(),
        tokens_per_credit: *tokens_per_credit,
        nano_credits_per_image: *nano_credits_per_image,
        deprecated_at: deprecated_at.map(time),
        shutdown_at: shutdown_at.map(time),
        replacement: replacement
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        prices: prices.iter().map(model_price).collect(),
        used_by,
        etag,
        revision: meta.revision,
        create_time: Some(time(meta.create_time)),
        update_time: Some(time(meta.update_time)),
        updated_by: meta.updated_by.to_string(),
    }
}

fn read_capabilities(faults: &mut Faults, given: Option<v1::Capabilities>) -> Capabilities {
    let Some(given) = given else {
        return Capabilities::default();
    };
    let v1::Capabilities {
        temperature,
        max_temperature,
        json_mode,
        vision,
        tools,
        steps,
        guidance,
    } = given;
    if !max_temperature.is_finite() {
        faults.add("model.capabilities.max_temperature", "a finite number");
    }
    Capabilities {
        temperature,
        max_temperature,
        json_mode,
        vision,
        tools,
        steps,
        guidance,
    }
}

/// Reads a model. A change need not give the modality, which is fixed.
fn read_model(
    faults: &mut Faults,
    given: v1::Model,
    is_new: bool,
    now: Timestamp,
) -> Option<Model> {
    let v1::Model {
        provider,
        model_id,
        modality: makes,
        display_name,
        active,
        is_default: _,
        status: _,
        context_window,
        max_output_tokens,
        capabilities,
        valid_sizes,
        valid_qualities,
        valid_styles,
        valid_formats,
        value_aliases,
        tokens_per_credit,
        nano_credits_per_image,
        deprecated_at,
        shutdown_at,
        replacement,
        prices,
        used_by: _,
        etag: _,
        revision: _,
        create_time: _,
        update_time: _,
        updated_by: _,
    } = given;
    let provider = faults.need(
        "model.provider",
        ProviderName::parse(&provider),
        ProviderName::RULE,
    );
    let model_id = faults.need("model.model_id", ModelId::parse(&model_id), ModelId::RULE);
    let makes = if is_new || makes != v1::Modality::Unspecified as i32 {
        read_modality(faults, "model.modality", makes)
    } else {
        Some(Modality::Text)
    };
    let capabilities = read_capabilities(faults, capabilities);
    let deprecated_at = deprecated_at.and_then(|at| read_time(faults, "model.deprecated_at", at));
    let shutdown_at = shutdown_at.and_then(|at| read_time(faults, "model.shutdown_at", at));
    let replacement = faults.optional(
        "model.replacement",
        &replacement,
        ModelId::parse,
        ModelId::RULE,
    );
    let prices = prices
        .into_iter()
        .enumerate()
        .filter_map(|(row, price)| {
            read_model_price(faults, &format!("model.prices[{row}]"), price, now)
        })
        .collect();
    let list = |values: Vec<String>| values.into_iter().map(Arc::from).collect();
    Some(Model {
        model_id: model_id?,
        provider: provider?,
        modality: makes?,
        display_name,
        active,
        is_default: false,
        context_window,
        max_output_tokens: (max_output_tokens != 0).then_some(max_output_tokens),
        capabilities,
        valid_sizes: list(valid_sizes),
        valid_qualities: list(valid_qualities),
        valid_styles: list(valid_styles),
        valid_formats: list(valid_formats),
        value_aliases,
        tokens_per_credit,
        nano_credits_per_image,
        deprecated_at,
        shutdown_at,
        replacement,
        prices,
    })
}

/// Reads a new model; prices without a time hold from `now` on.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn new_model(
    request: v1::CreateModelRequest,
    now: Timestamp,
) -> Result<CreateModel, Rejection> {
    let v1::CreateModelRequest {
        model,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mut faults = Faults::default();
    let given = faults.need("model", model, "must be given");
    let value = given.and_then(|given| read_model(&mut faults, given, true, now));
    faults.finish(value.map(|value| CreateModel { value }))
}

/// Reads a change of a model; prices without a time hold from `now` on.
///
/// # Errors
/// `FIELD_INVALID` with every fault, `MASK_INVALID`.
pub(crate) fn update_model(
    request: v1::UpdateModelRequest,
    now: Timestamp,
) -> Result<UpdateModel, Rejection> {
    let v1::UpdateModelRequest {
        model,
        update_mask,
        expected_etag: etag,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mut faults = Faults::default();
    let given = faults.need("model", model, "must be given");
    let value = given.and_then(|given| read_model(&mut faults, given, false, now));
    let value = faults.finish(value)?;
    let fields = masked(update_mask, |field| is_given(&value, field))?;
    Ok(UpdateModel {
        value,
        fields,
        expected_etag: expected_etag(etag),
    })
}

/// Reads a deletion.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn delete_model(request: v1::DeleteModelRequest) -> Result<DeleteModel, Rejection> {
    let v1::DeleteModelRequest {
        provider,
        model_id,
        expected_etag: etag,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mut faults = Faults::default();
    let provider = faults.optional(
        "provider",
        &provider,
        ProviderName::parse,
        ProviderName::RULE,
    );
    let model_id = faults.need("model_id", ModelId::parse(&model_id), ModelId::RULE);
    let expected_etag = expected_etag(etag);
    faults.finish(model_id.map(|model_id| DeleteModel {
        provider,
        model_id,
        expected_etag,
    }))
}

/// Reads a move of a default.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn set_default_model(
    request: v1::SetDefaultModelRequest,
) -> Result<SetDefaultModel, Rejection> {
    let v1::SetDefaultModelRequest {
        provider,
        model_id,
        expected_etag: etag,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mut faults = Faults::default();
    let provider = faults.optional(
        "provider",
        &provider,
        ProviderName::parse,
        ProviderName::RULE,
    );
    let model_id = faults.need("model_id", ModelId::parse(&model_id), ModelId::RULE);
    let expected_etag = expected_etag(etag);
    faults.finish(model_id.map(|model_id| SetDefaultModel {
        provider,
        model_id,
        expected_etag,
    }))
}

/// Whether a field has a value that is not its default on the wire. Capabilities count one by
/// one: giving one clears none of the others.
fn is_given(value: &Model, field: ModelField) -> bool {
    let can = &value.capabilities;
    match field {
        ModelField::DisplayName => !value.display_name.is_empty(),
        ModelField::Active => value.active,
        ModelField::ContextWindow => value.context_window.is_some(),
        ModelField::MaxOutputTokens => value.max_output_tokens.is_some(),
        ModelField::Capabilities => false,
        ModelField::CapabilitiesTemperature => can.temperature,
        ModelField::CapabilitiesMaxTemperature => can.max_temperature != 0.0,
        ModelField::CapabilitiesJsonMode => can.json_mode,
        ModelField::CapabilitiesVision => can.vision,
        ModelField::CapabilitiesTools => can.tools,
        ModelField::CapabilitiesSteps => can.steps,
        ModelField::CapabilitiesGuidance => can.guidance,
        ModelField::ValidSizes => !value.valid_sizes.is_empty(),
        ModelField::ValidQualities => !value.valid_qualities.is_empty(),
        ModelField::ValidStyles => !value.valid_styles.is_empty(),
        ModelField::ValidFormats => !value.valid_formats.is_empty(),
        ModelField::ValueAliases => !value.value_aliases.is_empty(),
        ModelField::TokensPerCredit => value.tokens_per_credit.is_some(),
        ModelField::NanoCreditsPerImage => value.nano_credits_per_image.is_some(),
        ModelField::DeprecatedAt => value.deprecated_at.is_some(),
        ModelField::ShutdownAt => value.shutdown_at.is_some(),
        ModelField::Replacement => value.replacement.is_some(),
        ModelField::Prices => !value.prices.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(5);

    fn given() -> v1::Model {
        v1::Model {
            provider: "openai".to_owned(),
            model_id: "gpt-x".to_owned(),
            ..v1::Model::default()
        }
    }

    fn update(model: v1::Model, paths: &[&str]) -> Result<UpdateModel, Rejection> {
        update_model(
            v1::UpdateModelRequest {
                model: Some(model),
                update_mask: Some(prost_types::FieldMask {
                    paths: paths.iter().map(ToString::to_string).collect(),
                }),
                ..v1::UpdateModelRequest::default()
            },
            NOW,
        )
    }

    #[test]
    fn a_change_without_a_mask_takes_what_is_given() {
        let capabilities = Some(v1::Capabilities {
            vision: true,
            ..v1::Capabilities::default()
        });
        let model = v1::Model {
            capabilities,
            max_output_tokens: 9,
            ..given()
        };
        let fields = update(model, &[]).unwrap().fields;
        assert_eq!(
            fields,
            [ModelField::MaxOutputTokens, ModelField::CapabilitiesVision]
        );
        assert_eq!(
            update(given(), &["active"]).unwrap().fields,
            [ModelField::Active]
        );
    }

    #[test]
    fn a_price_without_a_time_holds_from_now_on() {
        let price = v1::ModelPrice {
            dimension: v1::PriceDimension::Input as i32,
            micro_usd: Some(1),
            ..v1::ModelPrice::default()
        };
        let changed = update(
            v1::Model {
                prices: vec![price],
                ..given()
            },
            &["prices"],
        )
        .unwrap();
        assert_eq!(changed.value.prices[0].effective_from, NOW);
    }

    #[test]
    fn every_fault_of_a_new_model_is_told() {
        let model = v1::Model {
            capabilities: Some(v1::Capabilities {
                max_temperature: f64::NAN,
                ..v1::Capabilities::default()
            }),
            prices: vec![v1::ModelPrice::default()],
            ..v1::Model::default()
        };
        let request = v1::CreateModelRequest {
            model: Some(model),
            ..v1::CreateModelRequest::default()
        };
        let refused = new_model(request, NOW).unwrap_err();
        let paths: Vec<&str> = refused
            .violations
            .iter()
            .map(|v| v.field.as_str())
            .collect();
        assert_eq!(
            paths,
            [
                "model.provider",
                "model.model_id",
                "model.modality",
                "model.capabilities.max_temperature",
                "model.prices[0].dimension",
                "model.prices[0].micro_usd",
            ]
        );
    }
}
