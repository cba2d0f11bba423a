//! What an import changes and what it leaves, on small files.

use aiconfig_application::PriceOptions;
use aiconfig_domain::PriceDimension::{CacheWrite, CachedInput, Image, Input, Output};

use crate::bench::{Bench, litellm};

#[tokio::test]
async fn changed_prices_begin_now_and_the_former_stay_on_record() {
    let bench = Bench::new().await;
    let before = bench.model("gpt-4o-mini").unwrap();
    let file = litellm(
        r#""gpt-4o-mini": {"litellm_provider": "openai", "mode": "chat",
            "input_cost_per_token": 2e-07, "cache_read_input_token_cost": 7.5e-08,
            "cache_creation_input_token_cost": 2.5e-07, "output_cost_per_token": 6e-07,
            "input_cost_per_token_batches": 1e-07, "input_cost_per_token_above_128k_tokens": 4e-07,
            "output_cost_per_token_above_200k_tokens": 9e-07,
            "cache_creation_input_token_cost_above_1hr": 5e-07,
            "input_cost_per_token_above_200k_tokens_priority": 9e-06}"#,
    );
    let options = PriceOptions {
        version: "9".to_owned(),
        ..PriceOptions::default()
    };
    let dry = bench.try_import(&file, &options, true).await.unwrap();
    assert!(dry.dry_run && dry.changed && dry.revision.is_none());
    assert_eq!(bench.model("gpt-4o-mini").unwrap(), before);

    let report = bench.import(&file).await;
    assert_eq!(report.source, "litellm 9");
    assert!(report.revision.is_some());
    let rows = report.changes.iter();
    let rows: Vec<_> = rows.filter(|row| row.model == "gpt-4o-mini").collect();
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.dimension,
                row.from_tokens,
                row.old_micro_usd,
                row.new_micro_usd,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("input", 0, Some(150_000), 200_000),
            ("input", 128_001, None, 400_000),
            ("cache_write", 0, None, 250_000),
            ("output", 200_001, None, 900_000),
        ]
    );
    assert_eq!(rows[0].old_source, "litellm 1.109.1");
    assert_eq!(rows[0].new_source, "litellm 9");
    assert_eq!(
        bench.prices("gpt-4o-mini"),
        [
            (Input, 0, 200_000),
            (Input, 128_001, 400_000),
            (CachedInput, 0, 75_000),
            (CacheWrite, 0, 250_000),
            (Output, 0, 600_000),
            (Output, 200_001, 900_000),
        ]
    );
    let after = bench.model("gpt-4o-mini").unwrap();
    for price in &before.prices {
        assert!(after.prices.contains(price), "{price:?} is gone");
    }
    // Nothing but prices.
    let mut same = after.clone();
    same.prices.clone_from(&before.prices);
    assert_eq!(same, before);

    let again = bench.import(&file).await;
    assert!(!again.changed && again.changes.is_empty() && again.revision.is_none());
    assert_eq!(bench.model("gpt-4o-mini").unwrap(), after);
}

#[tokio::test]
async fn a_tier_that_is_gone_costs_what_the_one_below_does() {
    let bench = Bench::new().await;
    assert!(
        bench
            .prices("claude-haiku-5-5")
            .contains(&(Input, 100_001, 500_000))
    );
    let file = litellm(
        r#""claude-haiku-5-5": {"litellm_provider": "anthropic", "mode": "chat",
            "input_cost_per_token": 1e-07}"#,
    );
    bench.import(&file).await;
    let prices = bench.prices("claude-haiku-5-5");
    assert!(prices.contains(&(Input, 100_001, 100_000)), "{prices:?}");
    // Of what the file does not name at all, nothing is known.
    assert!(prices.contains(&(Output, 100_001, 2_500_000)), "{prices:?}");
    assert!(!bench.import(&file).await.changed);
}

#[tokio::test]
async fn images_by_size_and_quality() {
    let bench = Bench::new().await;
    let entry = |name: &str, cost: &str| {
        format!(
            r#""{name}": {{"litellm_provider": "openai", "mode": "image_generation",
                "input_cost_per_image": {cost}}}"#
        )
    };
    let file = litellm(
        &[
            entry("1024-x-1024/dall-e-2", "0.02"),
            entry("standard/1024-x-1024/dall-e-3", "0.04"),
            entry("hd/1024-x-1792/dall-e-3", "0.12"),
            entry("hd/512-x-512/dall-e-3", "0.12"),
            entry("1024-x-1792/dall-e-3", "0.08"),
        ]
        .join(","),
    );
    let report = bench.import(&file).await;
    let image = |id: &str| {
        let model = bench.model(id).unwrap();
        let rows = model
            .prices
            .into_iter()
            .filter(|price| price.dimension == Image);
        rows.map(|price| (price.image_size, price.image_quality, price.micro_usd))
            .collect::<Vec<_>>()
    };
    let row = |size: &str, quality: &str, micro| (size.to_owned(), quality.to_owned(), micro);
    assert_eq!(image("dall-e-2"), [row("1024x1024", "", 20_000)]);
    let rows = [
        row("1024x1024", "standard", 40_000),
        row("1024x1792", "hd", 120_000),
    ];
    assert_eq!(image("dall-e-3"), rows);
    let left: Vec<_> = report
        .left
        .iter()
        .filter(|row| row.model == "dall-e-3")
        .map(|row| row.price.as_str())
        .collect();
    assert_eq!(left, ["image 1024x1792", "image 512x512 hd"]);
    assert!(!bench.import(&file).await.changed);
}

#[tokio::test]
async fn what_is_not_whole_is_refused_by_row() {
    let bench = Bench::new().await;
    let file = litellm(
        r#""gpt-4o": {"litellm_provider": "openai", "mode": "chat",
            "input_cost_per_token": 4.5000000000000003e-07, "output_cost_per_token": -1e-06,
            "cache_read_input_token_cost": 1e-06}"#,
    );
    let report = bench.import(&file).await;
    let refused: Vec<_> = report
        .refused
        .iter()
        .map(|row| (row.model.as_str(), row.price.as_str()))
        .collect();
    assert_eq!(report.refused_in_file, 2);
    assert!(refused.contains(&("gpt-4o", "input")) && refused.contains(&("gpt-4o", "output")));
    assert_eq!(
        bench.prices("gpt-4o"),
        [
            (Input, 0, 2_500_000),
            (CachedInput, 0, 1_000_000),
            (Output, 0, 10_000_000)
        ]
    );
}

#[tokio::test]
async fn other_models_are_added_only_if_asked_and_inactive() {
    let bench = Bench::new().await;
    let file = litellm(
        r#""openai/new-text": {"litellm_provider": "openai", "mode": "chat",
            "max_input_tokens": 1000, "max_output_tokens": 500,
            "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06},
        "new-endless": {"litellm_provider": "anthropic", "mode": "chat",
            "input_cost_per_token": 1e-06},
        "free": {"litellm_provider": "openai", "mode": "chat", "max_output_tokens": 5,
            "input_cost_per_token": 0.0, "output_cost_per_token": 0},
        "speech": {"litellm_provider": "openai", "mode": "audio_speech",
            "input_cost_per_token": 1e-06}"#,
    );
    let report = bench.import(&file).await;
    assert_eq!(report.missing, ["new-endless", "new-text"]);
    assert!(bench.model("new-text").is_none());

    let options = PriceOptions {
        version: String::new(),
        create_missing: true,
    };
    let report = bench.try_import(&file, &options, false).await.unwrap();
    assert_eq!(report.created, ["new-text"]);
    assert_eq!(report.source, "litellm");
    let model = bench.model("new-text").unwrap();
    assert!(!model.active && !model.is_default);
    assert_eq!(
        (model.context_window, model.max_output_tokens),
        (Some(1_000), Some(500))
    );
    assert_eq!(model.tokens_per_credit, None);
    let expected = [(Input, 0, 1_000_000), (Output, 0, 2_000_000)];
    assert_eq!(bench.prices("new-text"), expected);
    // A text model needs a limit of its output; a provider must be known.
    assert!(report.left.iter().any(|row| row.model == "new-endless"));
    for id in ["new-endless", "free", "speech", "m1", "other/m1"] {
        assert!(bench.model(id).is_none(), "{id}");
    }
    assert!(
        !bench
            .try_import(&file, &options, false)
            .await
            .unwrap()
            .changed
    );
}
