//! The answer of the main call.

use std::fmt::Write as _;

use aiconfig_application::ModelConfigAnswer;
use aiconfig_domain::{AdjustmentKind, Field, ModelPrice, PriceDimension};
use aiconfig_proto::v1;
use aiconfig_resolution::{FieldExplanation, LevelExplanation, Outcome, Query, Resolved};
use prost::Message;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::provider::modality;
use super::{plan, source, time};

pub(crate) fn model_config(query: &Query, answer: ModelConfigAnswer) -> v1::ModelConfig {
    let ModelConfigAnswer {
        resolved,
        key,
        api_key,
        revision,
        evaluated_at,
    } = answer;
    let Resolved {
        plan: plan_,
        modality: made,
        service,
        provider,
        model,
        fields,
        sources,
        adjustments,
        using_global,
        account_known,
        dormant_overrides,
        prices,
        prompt_types,
        explanation,
    } = resolved;
    let text = |value: &Option<std::sync::Arc<str>>| value.as_ref().map(ToString::to_string);
    let image = (made == aiconfig_domain::Modality::Image).then(|| v1::ImageParameters {
        image_size: text(&fields.image_size),
        image_quality: text(&fields.image_quality),
        image_style: text(&fields.image_style),
        image_format: text(&fields.image_format),
        max_in_article_images: fields.max_in_article_images,
        steps: fields.steps,
        guidance: fields.guidance,
    });
    let named = Field::ALL
        .into_iter()
        .filter_map(|field| Some((field, sources[field.index()]?)));
    let mut config = v1::ModelConfig {
        account_id: query.account.get(),
        function_name: query.function.to_string(),
        plan: plan(plan_).into(),
        modality: modality(made).into(),
        service: service.to_string(),
        provider: provider.to_string(),
        model: model.to_string(),
        temperature: fields.temperature,
        max_tokens: fields.max_tokens,
        image,
        key_available: key.is_some(),
        key_provider: key
            .as_ref()
            .map(|key| key.provider.to_string())
            .unwrap_or_default(),
        key_fingerprint: key
            .as_ref()
            .map(|key| key.fingerprint.shown().to_owned())
            .unwrap_or_default(),
        sources: named
            .map(|(field, from)| (field.as_str().to_owned(), source(from).into()))
            .collect(),
        adjustments: adjustments
            .into_iter()
            .map(|note| v1::Adjustment {
                field: note.field.as_str().to_owned(),
                kind: kind(note.kind).into(),
                from: note.from,
                to: note.to,
                level: source(note.level).into(),
            })
            .collect(),
        using_global,
        account_known,
        dormant_overrides,
        prices: prices.into_iter().map(price).collect(),
        prompt_types,
        ..v1::ModelConfig::default()
    };
    // Over the answer without key, revision, time and explanation, which are not yet in it.
    config.etag = Sha256::digest(config.encode_to_vec())[..16].iter().fold(
        String::new(),
        |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        },
    );
    config.api_key = api_key
        .map(|key| key.expose_secret().to_owned())
        .unwrap_or_default();
    config.revision = revision;
    config.evaluated_at = time(evaluated_at);
    config.explanation = explanation.map(|fields| v1::Explanation {
        fields: fields.into_iter().map(explained).collect(),
    });
    config
}

const fn kind(kind: AdjustmentKind) -> v1::AdjustmentKind {
    match kind {
        AdjustmentKind::OtherProviderSkipped => v1::AdjustmentKind::OtherProviderSkipped,
        AdjustmentKind::ModelInactiveSkipped => v1::AdjustmentKind::ModelInactiveSkipped,
        AdjustmentKind::ModelUnknownSkipped => v1::AdjustmentKind::ModelUnknownSkipped,
        AdjustmentKind::ModelRetiredReplaced => v1::AdjustmentKind::ModelRetiredReplaced,
        AdjustmentKind::UnsupportedByModel => v1::AdjustmentKind::UnsupportedByModel,
        AdjustmentKind::ClampedToModelLimit => v1::AdjustmentKind::ClampedToModelLimit,
        AdjustmentKind::AliasedForModel => v1::AdjustmentKind::AliasedForModel,
    }
}

fn price(price: ModelPrice) -> v1::ModelPrice {
    let dimension = match price.dimension {
        PriceDimension::Input => v1::PriceDimension::Input,
        PriceDimension::CachedInput => v1::PriceDimension::CachedInput,
        PriceDimension::CacheWrite => v1::PriceDimension::CacheWrite,
        PriceDimension::Output => v1::PriceDimension::Output,
        PriceDimension::Image => v1::PriceDimension::Image,
    };
    v1::ModelPrice {
        dimension: dimension.into(),
        micro_usd: Some(price.micro_usd),
        from_tokens: price.from_tokens,
        image_size: price.image_size,
        image_quality: price.image_quality,
        effective_from: time(price.effective_from),
        source: price.source,
    }
}

fn explained(field: FieldExplanation) -> v1::FieldExplanation {
    let level = |level: LevelExplanation| v1::Level {
        source: source(level.source).into(),
        value: level.value,
        outcome: match level.outcome {
            Outcome::Won => v1::Outcome::Won,
            Outcome::Unset => v1::Outcome::Unset,
            Outcome::Outranked => v1::Outcome::Outranked,
            Outcome::Skipped => v1::Outcome::Skipped,
            Outcome::Dormant => v1::Outcome::Dormant,
        }
        .into(),
        note: level.note,
    };
    v1::FieldExplanation {
        field: field.field.as_str().to_owned(),
        winner: field
            .winner
            .map_or(v1::FieldSource::Unspecified, source)
            .into(),
        levels: field.levels.into_iter().map(level).collect(),
    }
}
