//! The main query and its answer.

#[cfg(test)]
mod drawn;
#[cfg(test)]
mod message;

use aiconfig_application::{ModelConfigAnswer, ModelConfigQuery};
use aiconfig_domain::{
    Adjustment, Field, FunctionName, Modality, ModelFields, ModelPrice, Rejection, Timestamp,
};
use aiconfig_proto::v1;
use aiconfig_resolution::{FieldExplanation, LevelExplanation, Query, Resolved, Sources};
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};

use super::audit::hex;
use super::common::Faults;
use super::enums::{adjustment_kind, field_source, modality, outcome, plan, price_dimension};
use super::fields::read_model_fields;
use super::protobuf::Writer;

/// Reads a query; whether the caller may have the key is checked elsewhere.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn model_config_query(
    request: v1::GetModelConfigRequest,
) -> Result<ModelConfigQuery, Rejection> {
    let v1::GetModelConfigRequest {
        account_id,
        function_name,
        overrides,
        include_api_key,
        include_explanation,
        min_revision: _,
    } = request;
    let mut faults = Faults::default();
    let account = faults.account_id("account_id", account_id);
    let function = faults.need(
        "function_name",
        FunctionName::parse(&function_name),
        FunctionName::RULE,
    );
    let overrides = read_model_fields(&mut faults, "overrides", overrides.unwrap_or_default());
    faults.finish(
        account
            .zip(function)
            .map(|(account, function)| ModelConfigQuery {
                query: Query {
                    function,
                    account,
                    overrides,
                    explain: include_explanation,
                },
                include_api_key,
            }),
    )
}

/// Every field in the order of the names, as maps are written.
const FIELDS_BY_NAME: [Field; Field::ALL.len()] = [
    Field::Guidance,
    Field::ImageFormat,
    Field::ImageQuality,
    Field::ImageSize,
    Field::ImageStyle,
    Field::MaxInArticleImages,
    Field::MaxTokens,
    Field::Model,
    Field::Service,
    Field::Steps,
    Field::Temperature,
];

/// Writes the answer as a `ModelConfig`, in one go: the etag is the hash of what stands there
/// already, and each value is copied once.
pub(crate) fn model_config(writer: &mut Writer, query: &Query, answer: &ModelConfigAnswer<'_>) {
    let ModelConfigAnswer {
        resolved,
        key,
        api_key,
        revision,
        evaluated_at,
    } = answer;
    let Resolved {
        plan: booked,
        modality: makes,
        service,
        provider,
        model,
        fields,
        sources: from,
        adjustments,
        using_global,
        account_known,
        dormant_overrides,
        prices,
        prompt_types,
        explanation,
    } = resolved;
    let begin = writer.as_slice().len();
    writer.number(1, query.account.get());
    writer.text(2, query.function.as_str());
    writer.number(3, plan(*booked));
    writer.number(4, modality(*makes));
    writer.text(5, service);
    writer.text(6, provider.as_str());
    writer.text(7, model.as_str());
    writer.some_double(8, fields.temperature);
    writer.some_number(9, fields.max_tokens);
    if *makes == Modality::Image {
        writer.message(10, |writer| image_parameters(writer, fields));
    }
    let before_key = writer.as_slice().len();
    if let Some(secret) = api_key {
        writer.text(11, secret.expose_secret());
    }
    let after_key = writer.as_slice().len();
    writer.flag(12, key.is_some());
    if let Some(key) = key {
        writer.text(13, key.provider.as_str());
        writer.text(14, key.fingerprint.shown());
    }
    sources(writer, from);
    for adjusted in adjustments {
        writer.message(16, |writer| adjustment(writer, adjusted));
    }
    writer.flag(17, *using_global);
    writer.flag(18, *account_known);
    writer.flag(19, *dormant_overrides);
    for price in prices {
        writer.message(20, |writer| model_price(writer, price));
    }
    for name in *prompt_types {
        writer.item(21, name);
    }
    // Of the configuration alone: key, revision, time and explanation are not in it.
    let mut hash = Sha256::new();
    let written = writer.as_slice();
    for part in [begin..before_key, after_key..written.len()] {
        hash.update(written.get(part).unwrap_or_default());
    }
    let etag = hex(&hash.finalize()[..16]);
    writer.count(22, *revision);
    writer.message(23, |writer| time(writer, *evaluated_at));
    writer.text(24, &etag);
    if let Some(fields) = explanation {
        writer.encoded(25, &explained(fields));
    }
}

fn image_parameters(writer: &mut Writer, fields: &ModelFields) {
    writer.some_text(1, fields.image_size.as_deref());
    writer.some_text(2, fields.image_quality.as_deref());
    writer.some_text(3, fields.image_style.as_deref());
    writer.some_text(4, fields.image_format.as_deref());
    writer.some_number(5, fields.max_in_article_images);
    writer.some_number(6, fields.steps);
    writer.some_double(7, fields.guidance);
}

fn sources(writer: &mut Writer, sources: &Sources) {
    for field in FIELDS_BY_NAME {
        if let Some(source) = sources[field.index()] {
            writer.message(15, |writer| {
                writer.text(1, field.as_str());
                writer.number(2, field_source(source));
            });
        }
    }
}

fn adjustment(writer: &mut Writer, adjustment: &Adjustment) {
    let Adjustment {
        field,
        kind,
        from,
        to,
        level,
    } = adjustment;
    writer.text(1, field.as_str());
    writer.number(2, adjustment_kind(*kind));
    writer.text(3, from);
    writer.text(4, to);
    writer.number(5, field_source(*level));
}

fn model_price(writer: &mut Writer, price: &ModelPrice) {
    let ModelPrice {
        dimension,
        micro_usd,
        from_tokens,
        image_size,
        image_quality,
        effective_from,
        source,
    } = price;
    writer.number(1, price_dimension(*dimension));
    writer.some_number(2, Some(*micro_usd));
    writer.number(3, *from_tokens);
    writer.text(4, image_size);
    writer.text(5, image_quality);
    writer.message(6, |writer| time(writer, *effective_from));
    writer.text(7, source);
}

fn time(writer: &mut Writer, at: Timestamp) {
    let prost_types::Timestamp { seconds, nanos } = super::common::time(at);
    writer.number(1, seconds);
    writer.number(2, nanos);
}

fn explained(fields: &[FieldExplanation]) -> v1::Explanation {
    v1::Explanation {
        fields: fields.iter().map(field_explanation).collect(),
    }
}

fn field_explanation(explained: &FieldExplanation) -> v1::FieldExplanation {
    let FieldExplanation {
        field,
        winner,
        levels,
    } = explained;
    v1::FieldExplanation {
        field: name(*field),
        winner: winner.map_or(v1::FieldSource::Unspecified as i32, field_source),
        levels: levels.iter().map(level).collect(),
    }
}

fn level(level: &LevelExplanation) -> v1::Level {
    let LevelExplanation {
        source,
        value,
        outcome: became,
        note,
    } = level;
    v1::Level {
        source: field_source(*source),
        value: value.clone(),
        outcome: outcome(*became),
        note: note.clone(),
    }
}

fn name(field: Field) -> String {
    field.as_str().to_owned()
}
