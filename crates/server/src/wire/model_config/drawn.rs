//! Answers of any content, for the tests of how they are written.

use std::sync::Arc;

use aiconfig_application::ModelConfigAnswer;
use aiconfig_domain::{
    AccountId, Adjustment, AdjustmentKind, Field, FieldSource, FunctionName, KeyFingerprint,
    Modality, ModelFields, ModelId, ModelPrice, Plan, PriceDimension, ProviderName, Timestamp,
};
use aiconfig_resolution::{
    FieldExplanation, KeyChoice, LevelExplanation, Outcome, Query, Resolved,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

/// What an answer borrows from.
#[derive(Clone, Debug)]
pub(super) struct Held {
    provider: ProviderName,
    model: ModelId,
    pub(super) key: Option<(KeyFingerprint, String)>,
    prices: Vec<ModelPrice>,
    prompt_types: Vec<String>,
}

impl Held {
    /// An answer with the rest of what it has drawn from a number.
    pub(super) fn answer(&self, drawn: &Drawn) -> (Query, ModelConfigAnswer<'_>) {
        let Drawn {
            account,
            plan,
            modality,
            fields,
            sources,
            adjustments,
            flags,
            revision,
            time,
            explained,
        } = drawn.clone();
        let query = Query {
            function: FunctionName::parse("auto_cluster").unwrap(),
            account: AccountId::new(account).unwrap(),
            overrides: ModelFields::default(),
            explain: explained,
        };
        let resolved = Resolved {
            plan,
            modality,
            service: "openai".into(),
            provider: &self.provider,
            model: &self.model,
            fields,
            sources,
            adjustments,
            using_global: flags[0],
            account_known: flags[1],
            dormant_overrides: flags[2],
            prices: self.prices.iter().collect(),
            prompt_types: &self.prompt_types,
            explanation: explained.then(|| vec![explanation()]),
        };
        let key = self.key.as_ref().map(|(fingerprint, _)| KeyChoice {
            provider: &self.provider,
            version: 3,
            fingerprint,
        });
        let api_key = self.key.as_ref().filter(|(_, key)| !key.is_empty());
        let answer = ModelConfigAnswer {
            resolved,
            key,
            api_key: api_key.map(|(_, key)| key.as_str().into()),
            revision,
            evaluated_at: Timestamp::from_micros(time),
        };
        (query, answer)
    }
}

/// What an answer has of its own.
#[derive(Clone, Debug)]
pub(super) struct Drawn {
    account: i64,
    plan: Plan,
    modality: Modality,
    fields: ModelFields,
    sources: [Option<FieldSource>; Field::ALL.len()],
    adjustments: Vec<Adjustment>,
    pub(super) flags: [bool; 3],
    pub(super) revision: u64,
    pub(super) time: i64,
    pub(super) explained: bool,
}

fn explanation() -> FieldExplanation {
    FieldExplanation {
        field: Field::Temperature,
        winner: None,
        levels: vec![LevelExplanation {
            source: FieldSource::Account,
            value: "0.5".to_owned(),
            outcome: Outcome::Dormant,
            note: String::new(),
        }],
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{0,12}", "[ -~é]{120,140}"]
}

fn shared() -> impl Strategy<Value = Option<Arc<str>>> {
    of(text().prop_map(Arc::from))
}

fn fields() -> impl Strategy<Value = ModelFields> {
    let texts = (shared(), shared(), shared(), shared());
    let numbers = (
        of(any::<i32>()),
        of(any::<i32>()),
        of(any::<i32>()),
        of(any::<f64>()),
        of(any::<f64>()),
    );
    (texts, numbers).prop_map(|(texts, numbers)| ModelFields {
        image_size: texts.0,
        image_quality: texts.1,
        image_style: texts.2,
        image_format: texts.3,
        max_tokens: numbers.0,
        max_in_article_images: numbers.1,
        steps: numbers.2,
        temperature: numbers.3,
        guidance: numbers.4,
        ..ModelFields::default()
    })
}

fn adjustments() -> impl Strategy<Value = Vec<Adjustment>> {
    let kinds = [
        AdjustmentKind::UnsupportedByModel,
        AdjustmentKind::ClampedToModelLimit,
    ];
    let one = (
        prop::sample::select(&Field::ALL[..]),
        prop::sample::select(kinds.to_vec()),
        (text(), text()),
        prop::sample::select(&FieldSource::ALL[..]),
    );
    let one = one.prop_map(|(field, kind, (from, to), level)| Adjustment {
        field,
        kind,
        from,
        to,
        level,
    });
    vec(one, 0..3)
}

fn prices() -> impl Strategy<Value = Vec<ModelPrice>> {
    let dimensions = [PriceDimension::Input, PriceDimension::Image];
    let one = (
        prop::sample::select(dimensions.to_vec()),
        (any::<i64>(), 0..3_i64),
        (text(), text(), text()),
        any::<i64>(),
    );
    let one = one.prop_map(|(dimension, numbers, texts, from)| ModelPrice {
        dimension,
        micro_usd: numbers.0,
        from_tokens: numbers.1,
        image_size: texts.0,
        image_quality: texts.1,
        effective_from: Timestamp::from_micros(from),
        source: texts.2,
    });
    vec(one, 0..4)
}

pub(super) fn held() -> impl Strategy<Value = Held> {
    let key = of(prop_oneof![Just(String::new()), "[!-~]{1,200}"]);
    let names = ("[a-z]{1,9}", "[!-~]{1,128}");
    let parts = (names, key, prices(), vec(text(), 0..4));
    parts.prop_map(|((provider, model), key, prices, prompt_types)| Held {
        provider: ProviderName::parse(&provider).unwrap(),
        model: ModelId::parse(&model).unwrap(),
        key: key.map(|key| (KeyFingerprint::parse(&"0123abcd".repeat(4)).unwrap(), key)),
        prices,
        prompt_types,
    })
}

pub(super) fn drawn() -> impl Strategy<Value = Drawn> {
    let modalities = [Modality::Text, Modality::Image, Modality::Embedding];
    let source = of(prop::sample::select(&FieldSource::ALL[..]));
    (
        (1..=i64::MAX, any::<u64>(), any::<i64>()),
        prop::sample::select(&Plan::ALL[..]),
        prop::sample::select(modalities.to_vec()),
        fields(),
        prop::array::uniform11(source),
        adjustments(),
        any::<([bool; 3], bool)>(),
    )
        .prop_map(
            |((account, revision, time), plan, modality, fields, sources, adjustments, flags)| {
                Drawn {
                    account,
                    plan,
                    modality,
                    fields,
                    sources,
                    adjustments,
                    flags: flags.0,
                    revision,
                    time,
                    explained: flags.1,
                }
            },
        )
}
