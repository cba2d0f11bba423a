//! Rows of accounts: each value is checked by itself, and what does not fit inherits.

use aiconfig_application::ReportConsequence as C;
use serde_json::{Value, json};

use crate::bench::{Bench, account, dump, found, lines, row, settings, with};

/// Imports one row of an account on GROWTH and compares what is stored, and what is told as
/// dropped.
async fn check(kind: &str, config: Value, stored: Value, dropped: &[&str]) {
    let bench = Bench::new().await;
    let told = format!("{kind} {config}");
    let rows = [account(7, 3), settings(1, 7, kind, config)];
    let report = bench.import(dump(rows)).await;
    assert_eq!(bench.values(7, kind), stored, "{told}");
    let lost: Vec<String> = lines(&report, "integrationsettings", 1)
        .into_iter()
        .filter(|(class, _)| *class == C::ValueDropped)
        .map(|(_, field)| field)
        .collect();
    let dropped: Vec<String> = dropped
        .iter()
        .map(|name| format!("config.{name}"))
        .collect();
    assert_eq!(lost, dropped, "{told}");
}

#[tokio::test]
async fn values_of_another_type_with_one_meaning_are_converted() {
    for (config, stored) in [
        (json!({"temperature": "0.7"}), json!({"temperature": 0.7})),
        (json!({"temperature": 1}), json!({"temperature": 1.0})),
        (json!({"max_tokens": "4000"}), json!({"max_tokens": 4000})),
        (json!({"max_tokens": 4000.0}), json!({"max_tokens": 4000})),
        (json!({"max_tokens": " 4000 "}), json!({"max_tokens": 4000})),
        (json!({"model": " gpt-4o "}), json!({"model": "gpt-4o"})),
    ] {
        check("openai", config, stored, &[]).await;
    }
    for (config, name) in [
        (json!({"temperature": "warm"}), "temperature"),
        (json!({"temperature": true}), "temperature"),
        (json!({"temperature": "NaN"}), "temperature"),
        (json!({"max_tokens": 4000.5}), "max_tokens"),
        (json!({"max_tokens": [4000]}), "max_tokens"),
        (json!({"model": 4}), "model"),
    ] {
        check("openai", config, Value::Null, &[name]).await;
    }
}

#[tokio::test]
async fn nothing_said_is_no_row() {
    for config in [
        json!({}),
        json!({"model": null, "temperature": null}),
        json!({"model": "", "max_tokens": " "}),
        json!({"enabled": true}),
        Value::Null,
    ] {
        check("openai", config, Value::Null, &[]).await;
    }
}

#[tokio::test]
async fn what_is_out_of_range_inherits() {
    let model = "gpt-4o-mini";
    for (config, stored, dropped) in [
        (
            json!({"model": model, "temperature": 2.5}),
            json!({"model": model}),
            "temperature",
        ),
        (
            json!({"model": model, "max_tokens": -1}),
            json!({"model": model}),
            "max_tokens",
        ),
        (
            json!({"model": model, "max_tokens": 200_000}),
            json!({"model": model}),
            "max_tokens",
        ),
        // Without a model of its own the row has the limits of the global one.
        (
            json!({"max_tokens": 200_000, "temperature": 0}),
            json!({"temperature": 0.0}),
            "max_tokens",
        ),
    ] {
        check("openai", config, stored, &[dropped]).await;
    }
}

#[tokio::test]
async fn unknown_models_and_those_of_others_inherit() {
    let stored = json!({"max_tokens": 4000});
    for model in ["gpt-5-ultra-typo", "claude-3-sonnet-20240229", "dall-e-3"] {
        let config = json!({"model": model, "max_tokens": 4000});
        check("openai", config, stored.clone(), &["model"]).await;
    }
    // Known models stay, usable or not.
    for model in ["gpt-4", "gpt-4.1-nano", "gpt-4o"] {
        let config = json!({"model": model});
        check("openai", config.clone(), config, &[]).await;
    }
}

#[tokio::test]
async fn the_service_of_images_decides() {
    let kind = "image_generation";
    let other = json!({"service": "openai", "model": "runware:100@1", "image_size": "1536x1024"});
    let stored = json!({"service": "openai", "image_size": "1536x1024"});
    check(kind, other, stored, &["model"]).await;
    let unknown = json!({"service": "midjourney", "model": "runware:100@1"});
    check(
        kind,
        unknown,
        json!({"model": "runware:100@1"}),
        &["service"],
    )
    .await;
    let dalle = json!({"service": "dalle", "model": "dall-e-3", "image_quality": "hd",
        "image_style": "vivid"});
    let stored = json!({"service": "openai", "model": "dall-e-3", "image_quality": "hd",
        "image_style": "vivid"});
    check(kind, dalle, stored, &[]).await;
    let listed = json!({"service": "runware", "image_quality": "hd", "image_size": "1x1"});
    let stored = json!({"service": "runware"});
    check(kind, listed, stored, &["image_quality", "image_size"]).await;
    let counts = json!({"max_in_article_images": 21, "steps": 20});
    check(
        kind,
        counts,
        json!({"steps": 20}),
        &["max_in_article_images"],
    )
    .await;
}

#[tokio::test]
async fn unknown_fields_are_dropped() {
    let config = json!({"model": "gpt-4o", "top_p": 1, "organization": {"id": "x"}});
    let stored = json!({"model": "gpt-4o"});
    check("openai", config, stored, &["organization", "top_p"]).await;
}

#[tokio::test]
async fn credentials_are_stripped_at_any_depth_and_counted() {
    let bench = Bench::new().await;
    let config = json!({
        "model": "gpt-4o", "apiKey": "sk-test-canary-0123456789", "OPENAI_API_KEY": "canary",
        "organization": {"nested": {"secretKey": "canary"}}, "list": [{"token": "canary"}],
        "note": "sk-test-canary-0123456789", "max_tokens": 4000
    });
    let report = bench
        .import(dump([account(7, 3), settings(1, 7, "openai", config)]))
        .await;
    let stored = json!({"model": "gpt-4o", "max_tokens": 4000});
    assert_eq!(bench.values(7, "openai"), stored);
    let fields: Vec<String> = lines(&report, "integrationsettings", 1)
        .into_iter()
        .filter(|(class, _)| *class == C::CredentialDropped)
        .map(|(_, field)| field)
        .collect();
    let names = [
        "OPENAI_API_KEY",
        "apiKey",
        "list[0].token",
        "note",
        "organization.nested.secretKey",
    ];
    assert_eq!(fields, names.map(|name| format!("config.{name}")));
    assert_eq!(report.totals.credentials_dropped, 5);
    assert!(!serde_json::to_string(&report).unwrap().contains("canary"));
    assert_eq!(report.totals.keys_primary + report.totals.keys_standby, 0);
}

#[tokio::test]
async fn switched_off_rows_stay_off() {
    let bench = Bench::new().await;
    let off = |row| with(row, json!({"is_active": false}));
    let rows = [
        account(1, 3),
        off(settings(1, 1, "openai", json!({}))),
        off(settings(
            2,
            1,
            "anthropic",
            json!({"model": "gpt-5-ultra-typo"}),
        )),
        off(settings(
            3,
            1,
            "image_generation",
            json!({"model": "dall-e-3"}),
        )),
        settings(
            4,
            1,
            "text_generation",
            json!({"service": "anthropic", "enabled": false}),
        ),
    ];
    bench.import(dump(rows)).await;
    for (kind, values) in [
        ("openai", json!({})),
        ("anthropic", json!({})),
        ("image_generation", json!({"model": "dall-e-3"})),
        ("text_generation", json!({"service": "anthropic"})),
    ] {
        assert!(!bench.row(1, kind).unwrap().enabled, "{kind}");
        assert_eq!(bench.values(1, kind), values, "{kind}");
    }
    // Accounts have no rows of image providers.
    assert!(bench.row(2, "image_generation").is_none());
}

#[tokio::test]
async fn rows_of_free_accounts_are_dormant() {
    let bench = Bench::new().await;
    let config = json!({"model": "gpt-4o"});
    let report = bench
        .import(dump([
            account(1, 1),
            settings(1, 1, "openai", config.clone()),
        ]))
        .await;
    assert_eq!(bench.values(1, "openai"), config);
    let dormant = [(C::Dormant, String::new())];
    assert_eq!(lines(&report, "integrationsettings", 1), dormant);
}

#[tokio::test]
async fn the_table_of_own_keys_gives_overrides_without_keys() {
    let bench = Bench::new().await;
    let fields = json!({"account": 1, "use_own_keys": true, "openai_api_key": "sk-test-canary",
        "openai_model": "gpt-4o", "openai_temperature": "0.3", "openai_max_tokens": null,
        "dalle_api_key": "canary", "dalle_model": "dall-e-3", "dalle_size": "1792x1024",
        "dalle_quality": "hd", "anthropic_model": "claude-sonnet-4-6",
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-02T00:00:00Z"});
    let mine = row("system.accountintegrationoverride", 1, fields);
    let newer = with(
        settings(1, 1, "anthropic", json!({"temperature": 0.9})),
        json!({"updated_at": "2026-01-03T00:00:00Z"}),
    );
    let report = bench.import(dump([account(1, 3), mine, newer])).await;
    let openai = json!({"model": "gpt-4o", "temperature": 0.3});
    assert_eq!(bench.values(1, "openai"), openai);
    let images = json!({"model": "dall-e-3", "image_size": "1792x1024", "image_quality": "hd"});
    assert_eq!(bench.values(1, "image_generation"), images);
    let anthropic = json!({"temperature": 0.9});
    assert_eq!(
        bench.values(1, "anthropic"),
        anthropic,
        "the newer row counts"
    );
    assert_eq!(report.totals.credentials_dropped, 2);
    let dropped = found(&report, "accountintegrationoverride", 1);
    let dropped = dropped
        .iter()
        .filter(|line| line.consequence == C::CredentialDropped);
    assert_eq!(dropped.count(), 2);
    assert!(!serde_json::to_string(&report).unwrap().contains("canary"));
}
