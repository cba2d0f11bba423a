//! The answer as a message, which the written one is held against.

use std::collections::BTreeSet;
use std::sync::Arc;

use aiconfig_application::ModelConfigAnswer;
use aiconfig_domain::{Adjustment, Field, Modality, ModelFields};
use aiconfig_proto::v1;
use aiconfig_resolution::{Query, Resolved};
use proptest::prelude::*;
use prost::Message as _;
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};

use super::super::audit::hex;
use super::super::common::time;
use super::super::enums::{adjustment_kind, field_source, modality, plan};
use super::super::fields::sources;
use super::super::price::model_price;
use super::super::protobuf::Writer;
use super::drawn::{Drawn, Held, drawn, held};
use super::{FIELDS_BY_NAME, explained, model_config};

/// Without `..`: a new field stops the build until it is written too.
fn message(query: &Query, answer: &ModelConfigAnswer<'_>) -> v1::ModelConfig {
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
    // Key, revision, time and explanation follow once the etag is known.
    let mut config = v1::ModelConfig {
        account_id: query.account.get(),
        function_name: query.function.to_string(),
        plan: plan(*booked),
        modality: modality(*makes),
        service: service.to_string(),
        provider: provider.to_string(),
        model: model.to_string(),
        temperature: fields.temperature,
        max_tokens: fields.max_tokens,
        image: (*makes == Modality::Image).then(|| image_parameters(fields)),
        api_key: String::new(),
        key_available: key.is_some(),
        key_provider: key
            .as_ref()
            .map(|key| key.provider.to_string())
            .unwrap_or_default(),
        key_fingerprint: key
            .as_ref()
            .map(|key| key.fingerprint.shown().to_owned())
            .unwrap_or_default(),
        sources: sources(from),
        adjustments: adjustments.iter().map(adjustment).collect(),
        using_global: *using_global,
        account_known: *account_known,
        dormant_overrides: *dormant_overrides,
        prices: prices.iter().copied().map(model_price).collect(),
        prompt_types: prompt_types.to_vec(),
        revision: 0,
        evaluated_at: None,
        etag: String::new(),
        explanation: None,
    };
    config.etag = etag(&config);
    config.api_key = api_key
        .as_ref()
        .map(|key| key.expose_secret().to_owned())
        .unwrap_or_default();
    config.revision = *revision;
    config.evaluated_at = Some(time(*evaluated_at));
    config.explanation = explanation.as_deref().map(explained);
    config
}

/// The first 32 hexadecimal digits of the hash of an answer: maps are ordered, so equal answers
/// are equal bytes.
fn etag(config: &v1::ModelConfig) -> String {
    hex(&Sha256::digest(config.encode_to_vec())[..16])
}

fn adjustment(adjustment: &Adjustment) -> v1::Adjustment {
    let Adjustment {
        field,
        kind,
        from,
        to,
        level,
    } = adjustment;
    v1::Adjustment {
        field: field.as_str().to_owned(),
        kind: adjustment_kind(*kind),
        from: from.clone(),
        to: to.clone(),
        level: field_source(*level),
    }
}

fn image_parameters(fields: &ModelFields) -> v1::ImageParameters {
    let text = |value: &Option<Arc<str>>| value.as_deref().map(str::to_owned);
    v1::ImageParameters {
        image_size: text(&fields.image_size),
        image_quality: text(&fields.image_quality),
        image_style: text(&fields.image_style),
        image_format: text(&fields.image_format),
        max_in_article_images: fields.max_in_article_images,
        steps: fields.steps,
        guidance: fields.guidance,
    }
}

fn written(query: &Query, answer: &ModelConfigAnswer<'_>) -> Vec<u8> {
    let mut writer = Writer::default();
    // Something may stand before it, as in a batch.
    writer.text(1, "before");
    let begin = writer.as_slice().len();
    model_config(&mut writer, query, answer);
    writer.as_slice()[begin..].to_vec()
}

proptest! {
    #[test]
    fn what_is_written_is_the_message(held in held(), drawn in drawn()) {
        let (query, answer) = held.answer(&drawn);
        let expected = message(&query, &answer);
        prop_assert_eq!(written(&query, &answer), expected.encode_to_vec());
    }

    #[test]
    fn the_etag_is_of_the_configuration_alone(held in held(), drawn in drawn(), other in drawn()) {
        let etag = |held: &Held, drawn: &Drawn| {
            let (query, answer) = held.answer(drawn);
            let config = v1::ModelConfig::decode(&written(&query, &answer)[..]).unwrap();
            config.etag
        };
        let mut same = drawn.clone();
        same.revision = other.revision;
        same.time = other.time;
        same.explained = other.explained;
        let mut opened = held.clone();
        if let Some((_, key)) = &mut opened.key {
            key.push('k');
        }
        let found = etag(&held, &drawn);
        prop_assert_eq!(found.len(), 32);
        prop_assert_eq!(&found, &etag(&opened, &same));
        same.flags[0] ^= true;
        prop_assert_ne!(found, etag(&held, &same));
    }
}

#[test]
fn fields_by_name_are_all_of_them_in_order() {
    let names: Vec<&str> = FIELDS_BY_NAME.iter().map(|field| field.as_str()).collect();
    assert!(names.is_sorted());
    let all: BTreeSet<Field> = FIELDS_BY_NAME.into_iter().collect();
    assert_eq!(all.len(), Field::ALL.len());
}
