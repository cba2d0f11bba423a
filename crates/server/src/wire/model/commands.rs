//! Commands on models.

use aiconfig_domain::{
    CreateModel, DeleteModel, Model, ModelField, ModelId, ProviderName, Rejection, SetDefaultModel,
    Timestamp, UpdateModel,
};
use aiconfig_proto::v1;

use super::read_model;
use crate::wire::common::{Faults, expected_etag};
use crate::wire::mask::masked;

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
