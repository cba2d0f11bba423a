//! The JSON of genai-prices: dates, tiers and other names.

use aiconfig_domain::PriceDimension::{CacheWrite, CachedInput, Input, Output};

use crate::bench::Bench;

/// A file of this form with these models of Anthropic, and enough others.
fn file(models: &str) -> String {
    let other = |at| {
        format!(
            r#"{{"id": "m{at}", "match": {{"equals": "m{at}"}}, "prices": {{"input_mtok": 1}}}}"#
        )
    };
    let others: Vec<String> = (0..60).map(other).collect();
    format!(
        r#"[{{"id": "other", "models": [{}]}},
            {{"id": "openai", "models": [{{"id": "gpt-4-turbo", "match": {{"or": [
                {{"equals": "gpt-4-turbo-preview"}}]}}, "prices": {{"input_mtok": 10, "output_mtok": 30}}}}]}},
            {{"id": "anthropic", "models": [{models}]}}]"#,
        others.join(",")
    )
}

#[tokio::test]
async fn dates_tiers_and_names() {
    let bench = Bench::new().await;
    let old = r#"{"id": "claude-3-sonnet", "match": {"starts_with": "claude-3-sonnet"},
        "prices": [
            {"prices": {"input_mtok": {"base": 9, "tiers": [{"start": 200000, "price": 10}]}}},
            {"constraint": {"start_date": "2024-01-01"},
             "prices": {"input_mtok": 2.5, "cache_read_mtok": 0.3, "cache_write_mtok": 3.75,
                        "output_mtok": {"base": 15, "tiers": [{"start": 200000, "price": 22.5}]}}},
            {"constraint": {"start_date": "2999-01-01"},
             "prices": {"input_mtok": 2, "output_mtok": 14}}]}"#;
    let report = bench.import(&file(old)).await;
    assert_eq!(report.matched, 2);
    assert_eq!(
        bench.prices("claude-3-sonnet-20240229"),
        [
            (Input, 0, 2_500_000),
            (Input, 200_001, 2_500_000),
            (CachedInput, 0, 300_000),
            (CacheWrite, 0, 3_750_000),
            (Output, 0, 15_000_000),
            (Output, 200_001, 22_500_000),
        ]
    );
    let model = bench.model("claude-3-sonnet-20240229").unwrap();
    let coming: Vec<_> = model
        .prices
        .iter()
        .filter(|price| price.effective_from > bench.app.now())
        .map(|price| (price.dimension, price.from_tokens, price.micro_usd))
        .collect();
    // The tiers end with the set that has none.
    let expected = [
        (Input, 0, 2_000_000),
        (Input, 200_001, 2_000_000),
        (Output, 0, 14_000_000),
        (Output, 200_001, 14_000_000),
    ];
    assert_eq!(coming, expected);
    // The tier did not exist here: it begins when the file says.
    let tier = model.prices.iter().find(|price| price.from_tokens > 0);
    let from = tier.unwrap().effective_from.to_rfc3339();
    assert!(from.starts_with("2024-01-01"), "{from}");
    assert!(!bench.import(&file(old)).await.changed);
}

#[tokio::test]
async fn prices_by_the_time_of_day_are_refused() {
    let bench = Bench::new().await;
    let models = r#"{"id": "claude-3-sonnet-20240229", "match": {"equals": "x"}, "prices": [
        {"constraint": {"start_time": "00:30:00", "end_time": "16:30:00"},
         "prices": {"input_mtok": 1}}]},
        {"id": "claude-haiku-4-5", "prices": {"input_mtok": 0.0000001, "output_mtok": 5}}"#;
    let report = bench.import(&file(models)).await;
    let refused: Vec<_> = report
        .refused
        .iter()
        .map(|row| (row.model.as_str(), row.price.as_str(), row.why))
        .collect();
    assert_eq!(
        refused,
        [
            (
                "claude-3-sonnet-20240229",
                "",
                "its prices change by the time of day"
            ),
            (
                "claude-haiku-4-5",
                "input",
                "not a whole number of micro-USD in its unit"
            ),
        ]
    );
    assert!(!report.changed);
}
