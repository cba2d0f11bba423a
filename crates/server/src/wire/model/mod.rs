//! Models of the catalogue.

mod commands;

use std::sync::Arc;

use aiconfig_domain::{
    Capabilities, Modality, Model, ModelId, ModelStatus, ProviderName, Stored, Timestamp,
};
use aiconfig_proto::v1;

pub(crate) use self::commands::{delete_model, new_model, set_default_model, update_model};
use super::common::{Faults, read_time, time};
use super::enums::{modality, model_status, read_modality};
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
