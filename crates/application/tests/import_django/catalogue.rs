//! Models, prices and credit costs.

use aiconfig_application::{ImportOptions, ReportConsequence as C};
use aiconfig_domain::{
    CreditOperation, CreditUnit, Modality, Model, ModelPrice, PriceDimension, ProviderName,
    Timestamp, prices_at,
};
use serde_json::{Value, json};

use crate::bench::{Bench, dump, found, lines, row, with};

fn model(pk: i64, name: &str, provider: &str, kind: &str) -> Value {
    let fields = json!({"model_name": name, "display_name": name, "provider": provider,
        "model_type": kind, "cost_per_1k_input_tokens": null, "cost_per_1k_output_tokens": null,
        "cost_per_image": null, "tokens_per_credit": null, "credits_per_image": null,
        "max_tokens": null, "context_window": null, "valid_sizes": [], "is_active": true,
        "is_default": false});
    row("billing.aimodelconfig", pk, fields)
}

fn cost(pk: i64, name: &str, fields: Value) -> Value {
    let base = json!({"operation_type": name, "credits_cost": 3, "unit": "per_request",
        "display_name": "Old name", "default_model": null, "is_active": true});
    with(row("billing.creditcostconfig", pk, base), fields)
}

fn stored(bench: &Bench, name: &str) -> Model {
    bench.live().snapshot.model(name).unwrap().value.clone()
}

fn operation(bench: &Bench, name: &str) -> CreditOperation {
    let live = bench.live();
    live.snapshot.credit_operation(name).unwrap().value.clone()
}

/// What a dimension costs after the import, without tiers, sizes and qualities.
fn price(model: &Model, dimension: PriceDimension) -> Option<i64> {
    let plain = |price: &&ModelPrice| {
        price.dimension == dimension && price.from_tokens == 0 && price.image_size.is_empty()
    };
    let all = prices_at(&model.prices, Timestamp::from_micros(i64::MAX));
    all.into_iter().find(plain).map(|price| price.micro_usd)
}

#[tokio::test]
async fn figures_of_known_models_come_from_the_dump() {
    let bench = Bench::new().await;
    let before = stored(&bench, "gpt-4o");
    let figures = json!({"cost_per_1k_input_tokens": "0.003000", "tokens_per_credit": "500",
        "cost_per_1k_output_tokens": 0.010_000_1, "max_tokens": 999, "display_name": "GPT-4O"});
    let report = bench
        .import(dump([with(model(1, "gpt-4o", "openai", "text"), figures)]))
        .await;
    let after = stored(&bench, "gpt-4o");
    assert_eq!(after.tokens_per_credit, Some(500));
    assert_eq!(price(&after, PriceDimension::Input), Some(3_000_000));
    assert_eq!(price(&after, PriceDimension::Output), Some(10_000_100));
    // What the dump does not have stays, and so do the former prices with their dates.
    assert_eq!(
        price(&after, PriceDimension::CachedInput),
        price(&before, PriceDimension::CachedInput)
    );
    assert!(
        before
            .prices
            .iter()
            .all(|price| after.prices.contains(price))
    );
    let kept = (&after.display_name, after.max_output_tokens);
    assert_eq!(kept, (&before.display_name, before.max_output_tokens));
    let told = [(C::KeptHere, "display_name, max_tokens".to_owned())];
    assert_eq!(lines(&report, "aimodelconfig", 1), told);
}

#[tokio::test]
async fn prices_are_exact_or_refused() {
    let bench = Bench::new().await;
    let figures = json!({"cost_per_1k_input_tokens": "0.0000001505",
        "cost_per_1k_output_tokens": "-1", "tokens_per_credit": 0});
    let before = stored(&bench, "gpt-4o");
    let report = bench
        .import(dump([with(model(1, "gpt-4o", "openai", "text"), figures)]))
        .await;
    assert_eq!(stored(&bench, "gpt-4o"), before);
    let fields: Vec<String> = lines(&report, "aimodelconfig", 1)
        .into_iter()
        .map(|(_, field)| field)
        .collect();
    let refused = [
        "cost_per_1k_input_tokens",
        "cost_per_1k_output_tokens",
        "tokens_per_credit",
        "display_name",
    ];
    assert_eq!(fields, refused);
}

#[tokio::test]
async fn an_image_price_replaces_all_image_prices() {
    let bench = Bench::new().await;
    let before = stored(&bench, "gpt-image-1.5");
    assert!(before.prices.len() > 1);
    let figures = json!({"cost_per_image": "0.0500", "credits_per_image": "2.5"});
    let image = model(1, "gpt-image-1.5", "openai", "image");
    bench.import(dump([with(image, figures)])).await;
    let after = stored(&bench, "gpt-image-1.5");
    assert_eq!(after.prices.len(), 1);
    assert_eq!(price(&after, PriceDimension::Image), Some(50_000));
    assert_eq!(after.nano_credits_per_image, Some(2_500_000_000));
    assert_eq!(after.provider.as_str(), "dalle");
}

#[tokio::test]
async fn activity_comes_from_the_dump_save_for_what_ships_retired() {
    let bench = Bench::new().await;
    let off = json!({"is_active": false});
    let rows = [
        with(model(1, "gpt-4.1-mini", "openai", "text"), off.clone()),
        model(2, "gpt-4", "openai", "text"),
        with(model(3, "gpt-4o-mini", "openai", "text"), off),
    ];
    let report = bench.import(dump(rows)).await;
    assert!(!stored(&bench, "gpt-4.1-mini").active);
    assert!(!stored(&bench, "gpt-4").active);
    let told = (C::PlatformValue, "is_active".to_owned());
    assert!(lines(&report, "aimodelconfig", 2).contains(&told));
    assert!(
        found(&report, "aimodelconfig", 2)[0]
            .why
            .contains("calls use gpt-6.1-sol")
    );
    // The default of a provider that is switched off is told of.
    assert!(lines(&report, "aimodelconfig", 3).contains(&told));
}

#[tokio::test]
async fn a_true_default_moves_where_the_model_is_usable() {
    let bench = Bench::new().await;
    let default = json!({"is_default": true});
    let rows = [
        with(model(1, "gpt-4o", "openai", "text"), default.clone()),
        with(model(2, "dall-e-3", "openai", "image"), default),
        model(3, "claude-sonnet-4-6", "anthropic", "text"),
    ];
    let report = bench.import(dump(rows)).await;
    assert!(stored(&bench, "gpt-4o").is_default && !stored(&bench, "gpt-4o-mini").is_default);
    assert!(!stored(&bench, "dall-e-3").is_default);
    assert!(stored(&bench, "gpt-image-2.5-flare").is_default);
    assert!(lines(&report, "aimodelconfig", 2).contains(&(C::PlatformValue, "is_default".into())));
    // A false one never clears it.
    assert!(stored(&bench, "claude-sonnet-4-6").is_default);
}

#[tokio::test]
async fn new_models_are_added() {
    let bench = Bench::new().await;
    let text = json!({"max_tokens": 4096, "context_window": "16000", "tokens_per_credit": 100,
        "cost_per_1k_input_tokens": "0.0005", "is_default": true});
    let image = json!({"valid_sizes": ["512x512"], "cost_per_image": 0.02, "credits_per_image": 1});
    let rows = [
        with(model(1, "gpt-3.5-turbo", "openai", "text"), text),
        with(model(2, "dall-e-9", "openai", "image"), image),
        model(3, "gemini-9", "google", "text"),
        model(4, "claude-9", "anthropic", "speech"),
        model(5, "gpt-no-limit", "openai", "text"),
        with(model(6, "", "openai", "text"), json!({"model_name": null})),
    ];
    let report = bench.import(dump(rows)).await;
    let added = stored(&bench, "gpt-3.5-turbo");
    assert!(added.is_default && added.active && added.capabilities.temperature);
    assert_eq!(
        (added.max_output_tokens, added.context_window),
        (Some(4096), Some(16_000))
    );
    assert_eq!(price(&added, PriceDimension::Input), Some(500_000));
    let added = stored(&bench, "dall-e-9");
    assert_eq!(
        (added.provider, added.modality),
        (ProviderName::parse("dalle").unwrap(), Modality::Image)
    );
    assert_eq!(added.valid_sizes, ["512x512".into()]);
    for pk in [3, 4, 5, 6] {
        assert_eq!(
            found(&report, "aimodelconfig", pk)[0].consequence,
            C::LeftOut,
            "{pk}"
        );
    }
    // An account can name it in the same dump.
    let rows = [
        crate::bench::account(1, 2),
        crate::bench::settings(1, 1, "openai", json!({"model": "gpt-3.5-turbo"})),
    ];
    bench.import(dump(rows)).await;
    assert_eq!(bench.values(1, "openai"), json!({"model": "gpt-3.5-turbo"}));
}

#[tokio::test]
async fn credit_costs_map_one_to_one() {
    let bench = Bench::new().await;
    let before = operation(&bench, "clustering");
    let rows = [
        cost(
            1,
            "clustering",
            json!({"credits_cost": "7.5", "unit": "per_100_words"}),
        ),
        cost(2, "keyword_research", json!({"credits_cost": 4})),
        cost(3, "idea_generation", json!({"unit": "per_moon"})),
        cost(4, "image_generation", json!({"is_active": false})),
        cost(5, "Bad Name", json!({})),
    ];
    let report = bench.import(dump(rows)).await;
    let after = operation(&bench, "clustering");
    assert_eq!(
        (after.nano_credits_cost, after.unit),
        (7_500_000_000, CreditUnit::Per100Words)
    );
    assert_eq!(after.display_name, before.display_name);
    let added = operation(&bench, "keyword_research");
    assert_eq!(
        (added.nano_credits_cost, added.nano_credits_minimum),
        (4_000_000_000, 0)
    );
    let left: Vec<_> = [3, 4, 5]
        .iter()
        .map(|pk| found(&report, "creditcostconfig", *pk)[0].consequence)
        .collect();
    assert_eq!(left, [C::LeftOut; 3]);
}

#[tokio::test]
async fn default_models_of_operations_only_on_request() {
    let rows = || {
        dump([
            model(9, "gpt-4o", "openai", "text"),
            cost(1, "content_generation", json!({"default_model": 9})),
            cost(2, "clustering", json!({"default_model": 77})),
        ])
    };
    let default_of = |bench: &Bench, name: &str| {
        let live = bench.live();
        live.snapshot
            .function(name)
            .unwrap()
            .value
            .defaults
            .model
            .clone()
    };
    let bench = Bench::new().await;
    let report = bench.import(rows()).await;
    assert_eq!(default_of(&bench, "generate_content"), None);
    let told = [
        (C::DefaultModel, "default_model".to_owned()),
        (C::KeptHere, "display_name".to_owned()),
    ];
    assert_eq!(lines(&report, "creditcostconfig", 1), told);
    assert_eq!(lines(&report, "creditcostconfig", 2), told);
    // Also in a second run, which finds the row unchanged but for the option.
    let options = ImportOptions {
        operation_models: true,
        ..ImportOptions::default()
    };
    let report = bench.import_with(rows(), &options).await;
    for name in ["generate_content", "generate_taxonomy", "optimize_content"] {
        assert_eq!(
            default_of(&bench, name).as_deref(),
            Some("gpt-4o"),
            "{name}"
        );
    }
    assert_eq!(default_of(&bench, "auto_cluster"), None);
    assert_eq!(report.totals.functions, 5);
}
