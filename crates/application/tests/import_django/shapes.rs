//! The two shapes of config: plain, and prefixed by provider.

use serde_json::{Value, json};

use crate::bench::{Bench, account, dump, lines, settings, with};

/// Imports one row of an account and compares what each type has then.
async fn check(kind: &str, config: Value, stored: &[(&str, Value)]) {
    let bench = Bench::new().await;
    let told = config.to_string();
    bench
        .import(dump([account(7, 3), settings(1, 7, kind, config)]))
        .await;
    for name in ["text_generation", "openai", "anthropic", "image_generation"] {
        let expected = stored.iter().find(|(kind, _)| *kind == name);
        let expected = expected.map_or(Value::Null, |(_, values)| values.clone());
        assert_eq!(bench.values(7, name), expected, "{name} of {told}");
    }
}

#[tokio::test]
async fn a_prefixed_row_is_split_by_type() {
    let config = json!({
        "openai_model": "gpt-4o", "openai_temperature": 0.3, "openai_max_tokens": 4000,
        "anthropic_model": "claude-haiku-4-5", "dalle_model": "dall-e-3",
        "dalle_size": "1024x1792", "dalle_quality": "hd", "dalle_style": "natural",
        "openai_api_key": "canary", "dalle_api_key": "canary", "anthropic_api_key": "canary"
    });
    let images = json!({"model": "dall-e-3", "image_size": "1024x1792", "image_quality": "hd",
        "image_style": "natural"});
    let stored = [
        (
            "openai",
            json!({"model": "gpt-4o", "temperature": 0.3, "max_tokens": 4000}),
        ),
        ("anthropic", json!({"model": "claude-haiku-4-5"})),
        ("image_generation", images),
    ];
    check("openai", config.clone(), &stored).await;
    // Also in a row of a type that is none here.
    check("ai_settings", config, &stored).await;
}

#[tokio::test]
async fn the_names_of_image_models_and_fields() {
    let kind = "image_generation";
    for (config, stored) in [
        (
            json!({"service": "runware", "runwareModel": "runware:100@1"}),
            json!({"service": "runware", "model": "runware:100@1"}),
        ),
        (
            json!({"service": "openai", "imageModel": "dall-e-3", "size": "1792x1024",
                "quality": "hd", "style": "vivid"}),
            json!({"service": "openai", "model": "dall-e-3", "image_size": "1792x1024",
                "image_quality": "hd", "image_style": "vivid"}),
        ),
        (
            json!({"service": "midjourney", "runwareModel": "runware:100@1"}),
            json!({"model": "runware:100@1"}),
        ),
        // The other service's model has no place in an account's one row.
        (
            json!({"service": "openai", "model": "dall-e-3", "runwareModel": "runware:97@1"}),
            json!({"service": "openai", "model": "dall-e-3"}),
        ),
        (
            json!({"service": "runware", "model": "dall-e-3", "runwareModel": "runware:97@1"}),
            json!({"service": "runware", "model": "runware:97@1"}),
        ),
        (
            json!({"service": "runware", "model": "runware:100@1", "runwareModel": "runware:97@1"}),
            json!({"service": "runware", "model": "runware:100@1"}),
        ),
    ] {
        check(kind, config, &[(kind, stored)]).await;
    }
    let stored = [(
        kind,
        json!({"model": "runware:100@1", "image_size": "1152x896"}),
    )];
    let config = json!({"model": "runware:100@1", "size": "1152x896"});
    check("runware", config, &stored).await;
}

#[tokio::test]
async fn a_config_that_was_stored_as_a_text_is_read() {
    let text = json!({"model": "gpt-4o"}).to_string();
    check(
        "openai",
        json!(text),
        &[("openai", json!({"model": "gpt-4o"}))],
    )
    .await;
    check("openai", json!("{"), &[]).await;
    check("openai", json!([1]), &[]).await;
}

#[tokio::test]
async fn a_row_of_the_type_counts_before_prefixed_names() {
    let bench = Bench::new().await;
    let newer = json!({"updated_at": "2026-05-01T00:00:00Z"});
    let prefixed = json!({"openai_model": "gpt-4.1", "anthropic_model": "claude-haiku-4-5"});
    let rows = [
        account(1, 3),
        settings(1, 1, "openai", json!({"model": "gpt-4o"})),
        with(settings(2, 1, "anthropic", prefixed), newer),
    ];
    let report = bench.import(dump(rows)).await;
    assert_eq!(bench.values(1, "openai"), json!({"model": "gpt-4o"}));
    let anthropic = json!({"model": "claude-haiku-4-5"});
    assert_eq!(bench.values(1, "anthropic"), anthropic);
    let left = lines(&report, "integrationsettings", 2);
    assert!(left.iter().any(|(_, field)| field == "config.openai_model"));
}
