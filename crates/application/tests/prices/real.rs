//! The real prices of the packages litellm and genai-prices, where `make fetch-prices` has put them.

use std::path::Path;

use aiconfig_domain::{QuoteRequest, Usage, quote};
use serde_json::Value;

use crate::bench::{Bench, litellm};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.tools/prices");
const LITELLM: &str = "model_prices_and_context_window_backup.json";
const GENAI: &str = "genai-prices.json";

/// A file; without it the test says that it does not run.
#[expect(clippy::print_stderr, reason = "a skipped test has to be seen")]
fn real(name: &str) -> Option<String> {
    let read = std::fs::read_to_string(Path::new(FOLDER).join(name));
    match read {
        Ok(text) => Some(text),
        Err(error) => {
            eprintln!("SKIPPED: the real file {name} is not there ({error}); make fetch-prices");
            None
        }
    }
}

/// Ten models with fresh input, cached input, cache writes and output, and what they cost in
/// nano-USD by hand from the file's rates.
const QUOTES: [(&str, [i64; 4], i64); 10] = [
    // 1000 × 0.15 + 200 × 0.075 + 500 × 0.60 per million
    ("gpt-4o-mini", [1_000, 200, 0, 500], 465_000),
    // 1000 × 2.50 + 200 × 1.25 + 500 × 10
    ("gpt-4o", [1_000, 200, 0, 500], 7_750_000),
    // 1000 × 2 + 200 × 0.50 + 500 × 8
    ("gpt-4.1", [1_000, 200, 0, 500], 6_100_000),
    // 1000 × 30 + 500 × 60
    ("gpt-4", [1_000, 0, 0, 500], 60_000_000),
    // 300 000 in the tier above 272 000: 300 000 × 5 + 1000 × 22.50
    ("gpt-5.4", [300_000, 0, 0, 1_000], 1_522_500_000),
    // 1000 × 2 + 200 × 0.20 + 100 × 2.50 + 500 × 12
    ("gpt-5.6-terra", [1_000, 200, 100, 500], 8_290_000),
    // 280 000 × 4 + 1000 × 0.20 + 1000 × 5 + 100 × 15, in the tier
    ("gpt-6.1-sol", [280_000, 1_000, 1_000, 100], 1_126_700_000),
    // 1000 × 3 + 200 × 0.30 + 100 × 3.75 + 500 × 15
    ("claude-sonnet-4-6", [1_000, 200, 100, 500], 10_935_000),
    // 100 001 in the tier above 100 000: 100 001 × 0.50 + 10 × 2.50
    ("claude-haiku-5-5", [100_001, 0, 0, 10], 50_025_500),
    // 1000 × 0.02
    ("text-embedding-3-small", [1_000, 0, 0, 0], 20_000),
];

/// A figure of the file in picodollars, from its text.
fn rate(entry: &Value, name: &str) -> i128 {
    let text = entry[name]
        .as_f64()
        .map_or(String::new(), |n| format!("{n:e}"));
    let Some((mantissa, power)) = text.split_once('e') else {
        return 0;
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: i128 = format!("{whole}{part}").parse().unwrap();
    let power = power.parse::<i32>().unwrap() - i32::try_from(part.len()).unwrap() + 12;
    digits * 10_i128.pow(u32::try_from(power).unwrap())
}

#[tokio::test]
async fn the_real_file_and_ten_quotes() {
    let Some(text) = real(LITELLM) else { return };
    let bench = Bench::new().await;
    let report = bench.import(&text).await;
    assert_eq!(
        (
            report.models_in_file > 3_000,
            report.prices_in_file > 10_000
        ),
        (true, true),
        "{} models, {} prices",
        report.models_in_file,
        report.prices_in_file
    );
    assert!(
        (30..=100).contains(&report.refused_in_file),
        "{}",
        report.refused_in_file
    );
    // The shipped catalogue is from this very file.
    assert_eq!(report.changes, []);
    assert_eq!(report.refused, []);
    assert!(report.matched >= 25 && report.unchanged >= 90, "{report:?}");

    let all: Value = serde_json::from_str(&text).unwrap();
    for (id, usage, by_hand) in QUOTES {
        assert_eq!(cost(&bench, id, usage), Some(by_hand), "{id}");
        let [input, cached, write, output] = usage;
        let tier = match (id, input + cached + write) {
            ("claude-haiku-5-5", 100_001..) => "_above_100k_tokens",
            (_, 272_001..) => "_above_272k_tokens",
            _ => "",
        };
        let entry = &all[id];
        let by_file: i128 = [
            ("input_cost_per_token", input),
            ("cache_read_input_token_cost", cached),
            ("cache_creation_input_token_cost", write),
            ("output_cost_per_token", output),
        ]
        .into_iter()
        .map(|(name, count)| rate(entry, &format!("{name}{tier}")) * i128::from(count))
        .sum();
        assert_eq!(
            by_file / 1_000,
            i128::from(by_hand),
            "{id}: the file's own figures"
        );
    }
}

/// What a model's usage costs in nano-USD now.
fn cost(bench: &Bench, id: &str, [input, cached, write, output]: [i64; 4]) -> Option<i64> {
    let model = bench.model(id).unwrap();
    let some = |n: i64| (n > 0).then_some(n);
    let request = QuoteRequest {
        operation: None,
        model: Some(&model),
        usage: Usage {
            input_tokens: some(input),
            cached_input_tokens: some(cached),
            cache_write_tokens: some(write),
            output_tokens: some(output),
            ..Usage::default()
        },
        image_size: "",
        image_quality: "",
        at: bench.app.now(),
    };
    quote(&request).unwrap().cost_nano_usd
}

/// Two sources that know nothing of each other: where the shipped catalogue has been changed to
/// other prices, the second puts back what the first had.
#[tokio::test]
async fn the_other_real_file_says_the_same() {
    let Some(text) = real(GENAI) else { return };
    let bench = Bench::new().await;
    let wrong = r#""gpt-4o": {"litellm_provider": "openai", "mode": "chat",
        "input_cost_per_token": 9.9e-05, "output_cost_per_token": 9.8e-05,
        "cache_read_input_token_cost": 9.7e-05},
        "claude-haiku-5-5": {"litellm_provider": "anthropic", "mode": "chat",
        "input_cost_per_token": 9.6e-05, "output_cost_per_token": 9.5e-05}"#;
    assert!(bench.import(&litellm(wrong)).await.changes.len() >= 5);
    let report = bench.import(&text).await;
    assert!(report.models_in_file > 1_500, "{}", report.models_in_file);
    assert!(report.prices_in_file > 5_000, "{}", report.prices_in_file);
    assert!((1..=60).contains(&report.refused_in_file));
    assert_eq!(report.refused, []);
    assert!(
        report.matched >= 25 && report.unchanged >= 90,
        "{}, {}",
        report.matched,
        report.unchanged
    );
    for (id, usage, by_hand) in QUOTES {
        assert_eq!(cost(&bench, id, usage), Some(by_hand), "{id}");
    }
    // A second time it has nothing to say.
    assert_eq!(bench.import(&text).await.changes, []);
}
