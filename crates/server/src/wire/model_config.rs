//! The main query and its answer.

use aiconfig_application::{ModelConfigAnswer, ModelConfigQuery};
use aiconfig_domain::{Adjustment, Field, FunctionName, Modality, Rejection};
use aiconfig_proto::v1;
use aiconfig_resolution::{FieldExplanation, LevelExplanation, Query, Resolved};
use prost::Message;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::audit::hex;
use super::common::{Faults, time};
use super::enums::{adjustment_kind, field_source, modality, outcome, plan};
use super::fields::{image_parameters, read_model_fields, sources};
use super::price::model_price;

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

/// The answer on the wire.
pub(crate) fn model_config(query: &Query, answer: &ModelConfigAnswer<'_>) -> v1::ModelConfig {
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
    config.explanation = explanation.as_ref().map(|fields| v1::Explanation {
        fields: fields.iter().map(field_explanation).collect(),
    });
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
        field: name(*field),
        kind: adjustment_kind(*kind),
        from: from.clone(),
        to: to.clone(),
        level: field_source(*level),
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

#[cfg(test)]
mod tests {
    use aiconfig_domain::{AccountId, ModelFields, ModelId, Plan, ProviderName, Timestamp};

    use super::*;

    fn answer<'a>(
        (provider, model): &'a (ProviderName, ModelId),
        revision: u64,
        explanation: Option<Vec<FieldExplanation>>,
        key: Option<&str>,
    ) -> ModelConfigAnswer<'a> {
        let resolved = Resolved {
            plan: Plan::Free,
            modality: Modality::Text,
            service: "openai".into(),
            provider,
            model,
            fields: ModelFields {
                max_tokens: Some(7),
                ..ModelFields::default()
            },
            sources: [None; Field::ALL.len()],
            adjustments: Vec::new(),
            using_global: true,
            account_known: false,
            dormant_overrides: false,
            prices: Vec::new(),
            prompt_types: &[],
            explanation,
        };
        let evaluated_at = Timestamp::from_micros(i64::try_from(revision).unwrap());
        ModelConfigAnswer {
            resolved,
            key: None,
            api_key: key.map(Into::into),
            revision,
            evaluated_at,
        }
    }

    #[test]
    fn the_etag_is_of_the_configuration_alone() {
        let query = Query {
            function: FunctionName::parse("auto_cluster").unwrap(),
            account: AccountId::new(7).unwrap(),
            overrides: ModelFields::default(),
            explain: false,
        };
        let names = (
            ProviderName::parse("openai").unwrap(),
            ModelId::parse("gpt-x").unwrap(),
        );
        let plain = model_config(&query, &answer(&names, 1, None, None));
        let other = model_config(&query, &answer(&names, 2, Some(Vec::new()), Some("sk-1")));
        assert_eq!(plain.etag, other.etag);
        assert_eq!(plain.etag.len(), 32);
        assert_eq!(
            (
                other.revision,
                other.api_key.as_str(),
                other.image.is_none()
            ),
            (2, "sk-1", true)
        );
        let mut changed = answer(&names, 1, None, None);
        changed.resolved.fields.max_tokens = Some(8);
        assert_ne!(model_config(&query, &changed).etag, plain.etag);
    }
}
