//! The magic account and the newer global table: global settings and provider keys.

use aiconfig_application::{KeySlot, ReportConsequence as C};
use aiconfig_domain::{
    AccountId, Command, Field, GlobalPatch, GlobalSettings, KeyState, ModelFields, ProviderName,
    UpdateGlobals,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::bench::{Bench, account_as, dump, found, lines, row, settings, with};

/// The magic accounts, the least weighty first.
fn magic() -> Vec<Value> {
    vec![
        account_as(3, "default", 4),
        account_as(2, "default-account", 4),
        account_as(1, "aws-admin", 4),
    ]
}

/// Versions of a provider's key with their states, opened.
fn keys(bench: &Bench, provider: &str) -> Vec<(KeyState, String)> {
    let live = bench.live();
    let provider = ProviderName::parse(provider).unwrap();
    let open = |version| match live.key(&provider, version) {
        Some(KeySlot::Ready(sealed)) => sealed.open().unwrap().expose_secret().to_owned(),
        _ => panic!("version {version} of {provider} is not sealed"),
    };
    live.snapshot
        .provider_keys(&provider)
        .map(|key| (key.value.state, open(key.value.version)))
        .collect()
}

fn newer(fields: Value) -> Value {
    row("system.globalintegrationsettings", 1, fields)
}

#[tokio::test]
async fn its_settings_become_the_global_ones() {
    let bench = Bench::new().await;
    let images = json!({"service": "runware", "model": "dall-e-3", "image_quality": "standard",
        "style": "vivid", "image_size": "1792x1024", "runwareModel": "runware:100@1",
        "max_in_article_images": "4", "image_format": "png", "apiKey": ""});
    let rows = magic().into_iter().chain([
        settings(
            1,
            1,
            "openai",
            json!({"model": "gpt-4o", "max_tokens": 4096}),
        ),
        settings(2, 1, "image_generation", images),
    ]);
    let report = bench.import(dump(rows)).await;
    // What it does not name keeps its seed.
    let openai = json!({"model": "gpt-4o", "temperature": 0.7, "max_tokens": 4096});
    assert_eq!(bench.section("openai"), openai);
    let dalle = json!({"model": "dall-e-3", "image_quality": "standard", "image_style": "vivid",
        "image_size": "1792x1024"});
    assert_eq!(bench.section("dalle"), dalle);
    let runware = json!({"model": "runware:100@1", "image_size": "1280x768"});
    assert_eq!(bench.section("runware"), runware);
    let general = json!({"service": "runware", "image_format": "png", "max_in_article_images": 4});
    assert_eq!(bench.section("image_generation"), general);
    assert_eq!(
        bench.section("text_generation"),
        json!({"service": "openai"})
    );
    // Its accounts stay, without rows.
    for id in [1, 2, 3] {
        let live = bench.live();
        let entry = live.snapshot.account(AccountId::new(id).unwrap()).unwrap();
        assert!(entry.live().is_some() && entry.overrides.is_empty());
    }
    let told = lines(&report, "integrationsettings", 2);
    assert!(told.contains(&(C::CredentialDropped, "config.apiKey".to_owned())));
}

#[tokio::test]
async fn it_is_chosen_for_each_type() {
    let bench = Bench::new().await;
    let off = json!({"is_active": false});
    let runware = json!({"apiKey": "test-key-of-default", "model": "runware:100@1"});
    let rows = magic().into_iter().chain([
        settings(
            1,
            1,
            "openai",
            json!({"temperature": 0.1, "apiKey": "sk-test-first-key"}),
        ),
        settings(
            2,
            2,
            "openai",
            json!({"temperature": 0.2, "apiKey": "sk-test-second-key"}),
        ),
        with(
            settings(3, 1, "anthropic", json!({"temperature": 0.3})),
            off,
        ),
        settings(4, 2, "anthropic", json!({"temperature": 0.4})),
        settings(5, 3, "runware", runware),
    ]);
    let report = bench.import(dump(rows)).await;
    let temperature = |name: &str| bench.section(name)["temperature"].clone();
    assert_eq!(
        (temperature("openai"), temperature("anthropic")),
        (json!(0.1), json!(0.4))
    );
    assert_eq!(bench.section("runware")["model"], json!("runware:100@1"));
    let first = [(KeyState::Primary, "sk-test-first-key".to_owned())];
    assert_eq!(keys(&bench, "openai"), first);
    assert_eq!(keys(&bench, "runware").len(), 1);
    for pk in [2, 3] {
        let left = found(&report, "integrationsettings", pk);
        assert!(
            left.iter().any(|line| line.consequence == C::LeftOut),
            "{pk}"
        );
    }
    let dropped = lines(&report, "integrationsettings", 2);
    assert!(dropped.contains(&(C::ProviderKey, "config.apiKey".to_owned())));
    assert!(bench.row(2, "openai").is_none());
}

#[tokio::test]
async fn its_prefixed_row_is_split() {
    let bench = Bench::new().await;
    let config = json!({"openai_api_key": "sk-test-openai-key", "openai_model": "gpt-4.1",
        "anthropic_api_key": "sk-ant-test-anthropic", "anthropic_model": "claude-haiku-4-5",
        "dalle_api_key": "sk-test-dalle-key", "dalle_quality": "hd", "nonsense": 1});
    let rows = magic().into_iter().chain([settings(1, 1, "ai", config)]);
    let report = bench.import(dump(rows)).await;
    for (provider, key) in [
        ("openai", "sk-test-openai-key"),
        ("anthropic", "sk-ant-test-anthropic"),
        ("dalle", "sk-test-dalle-key"),
    ] {
        let expected = [(KeyState::Primary, key.to_owned())];
        assert_eq!(keys(&bench, provider), expected, "{provider}");
    }
    assert_eq!(report.totals.keys_primary, 3);
    assert_eq!(bench.section("openai")["model"], json!("gpt-4.1"));
    assert_eq!(
        bench.section("anthropic")["model"],
        json!("claude-haiku-4-5")
    );
    assert_eq!(bench.section("dalle")["image_quality"], json!("hd"));
    let dropped = (C::ValueDropped, "config.nonsense".to_owned());
    assert_eq!(lines(&report, "integrationsettings", 1), [dropped]);
}

#[tokio::test]
async fn where_a_primary_key_is_the_new_one_stands_by() {
    let bench = Bench::new().await;
    let first = settings(1, 1, "openai", json!({"apiKey": "sk-test-first-key"}));
    bench.import(dump(magic().into_iter().chain([first]))).await;
    let second = settings(1, 1, "openai", json!({"apiKey": " sk-test-second-key\n"}));
    let report = bench
        .import(dump(magic().into_iter().chain([second])))
        .await;
    let both = [
        (KeyState::Primary, "sk-test-first-key".to_owned()),
        (KeyState::Standby, "sk-test-second-key".to_owned()),
    ];
    assert_eq!(keys(&bench, "openai"), both);
    assert_eq!(report.totals.keys_standby, 1);
    assert_eq!(report.lines[0].consequence, C::ProviderKey);
    assert!(report.lines[0].done.contains("standby version 2 of openai"));
}

#[tokio::test]
async fn a_key_that_cannot_be_one_is_dropped() {
    let bench = Bench::new().await;
    let config = json!({"apiKey": "canary with blanks", "temperature": 0.2});
    let rows = magic().into_iter().chain([
        settings(1, 1, "openai", config),
        settings(2, 1, "runware", json!({"apiKey": "canary"})),
        settings(
            3,
            1,
            "anthropic",
            json!({"apiKey": "sk-test-key-of-another"}),
        ),
    ]);
    let report = bench.import(dump(rows)).await;
    assert!(keys(&bench, "openai").is_empty() && keys(&bench, "runware").is_empty());
    assert_eq!(bench.section("openai")["temperature"], json!(0.2));
    assert_eq!(report.totals.credentials_dropped, 2);
    let text = serde_json::to_string(&report).unwrap();
    assert!(!text.contains("canary") && !text.contains("of-another"));
    // A key that begins unlike its provider's is taken, and told of.
    assert_eq!(keys(&bench, "anthropic").len(), 1);
    let told = found(&report, "integrationsettings", 3);
    assert!(told[0].why.contains("usually begin with"));
}

#[tokio::test]
async fn what_is_not_about_ai_is_left_with_its_secrets() {
    let bench = Bench::new().await;
    let config =
        json!({"client_id": "x", "client_secret": "canary", "refresh": {"token": "canary"}});
    let rows = magic().into_iter().chain([settings(1, 1, "gsc", config)]);
    let report = bench.import(dump(rows)).await;
    let left = [(C::LeftOut, "integration_type".to_owned())];
    assert_eq!(lines(&report, "integrationsettings", 1), left);
    assert!(
        found(&report, "integrationsettings", 1)[0]
            .why
            .contains("gsc is not about AI")
    );
    assert_eq!(report.totals.credentials_dropped, 2);
    assert!(!serde_json::to_string(&report).unwrap().contains("canary"));
}

#[tokio::test]
async fn what_does_not_fit_keeps_the_present_value() {
    let bench = Bench::new().await;
    let config = json!({"model": "gpt-5-ultra-typo", "temperature": 3, "max_tokens": 1000});
    let images = json!({"service": "midjourney", "model": "no-such-model", "image_size": "1x1"});
    let rows = magic().into_iter().chain([
        settings(1, 1, "openai", config),
        settings(2, 1, "image_generation", images),
    ]);
    let report = bench.import(dump(rows)).await;
    let openai = json!({"model": "gpt-4o-mini", "temperature": 0.7, "max_tokens": 1000});
    assert_eq!(bench.section("openai"), openai);
    let general = json!({"service": "openai", "image_format": "webp", "max_in_article_images": 2});
    assert_eq!(bench.section("image_generation"), general);
    let fields = ["config.model", "config.temperature"];
    let fields = fields.map(|field| (C::PlatformValue, field.to_owned()));
    assert_eq!(lines(&report, "integrationsettings", 1), fields);
    let fields = ["config.image_size", "config.model", "config.service"];
    let fields = fields.map(|field| (C::PlatformValue, field.to_owned()));
    assert_eq!(lines(&report, "integrationsettings", 2), fields);
}

#[tokio::test]
async fn the_newer_table_wins() {
    let bench = Bench::new().await;
    let fields = json!({"openai_api_key": "sk-test-newer-key", "openai_model": "gpt-4.1",
        "openai_temperature": 0.5, "anthropic_model": "", "dalle_model": "dall-e-3",
        "dalle_size": "1024x1792", "runware_api_key": "", "image_quality": "hd",
        "max_in_article_images": 5, "is_active": true, "last_updated": "2026-01-01T00:00:00Z"});
    let older = json!({"model": "gpt-4o", "max_tokens": 4096, "apiKey": "sk-test-older-key"});
    let rows = magic()
        .into_iter()
        .chain([settings(1, 1, "openai", older), newer(fields)]);
    let report = bench.import(dump(rows)).await;
    let openai = json!({"model": "gpt-4.1", "temperature": 0.5, "max_tokens": 4096});
    assert_eq!(bench.section("openai"), openai);
    let dalle = json!({"model": "dall-e-3", "image_size": "1024x1792"});
    assert_eq!(bench.section("dalle"), dalle);
    let general = json!({"service": "openai", "image_format": "webp", "max_in_article_images": 5,
        "image_quality": "hd"});
    assert_eq!(bench.section("image_generation"), general);
    assert_eq!(
        bench.section("anthropic")["model"],
        json!("claude-sonnet-4-6")
    );
    let both = [
        (KeyState::Primary, "sk-test-newer-key".to_owned()),
        (KeyState::Standby, "sk-test-older-key".to_owned()),
    ];
    assert_eq!(keys(&bench, "openai"), both);
    let told = lines(&report, "integrationsettings", 1);
    assert!(told.contains(&(C::PlatformValue, "config.model".to_owned())));
    assert!(told.contains(&(C::ProviderKey, "config.apiKey".to_owned())));
}

#[tokio::test]
async fn what_was_set_here_before_stays() {
    let bench = Bench::new().await;
    let fields = ModelFields {
        temperature: Some(0.9),
        ..ModelFields::default()
    };
    let values = GlobalSettings {
        sections: [("openai".into(), fields)].into(),
    };
    let patch = GlobalPatch { values, mask: None };
    bench
        .run(Command::UpdateGlobals(UpdateGlobals {
            patch,
            expected_etag: None,
        }))
        .await;
    let config = json!({"temperature": 0.1, "model": "gpt-4o"});
    let rows = magic()
        .into_iter()
        .chain([settings(1, 1, "openai", config)]);
    let report = bench.import(dump(rows)).await;
    let section = bench.section("openai");
    let seen = (&section["temperature"], &section["model"]);
    assert_eq!(seen, (&json!(0.9), &json!("gpt-4o")));
    let name = format!("config.{}", Field::Temperature.as_str());
    assert_eq!(
        lines(&report, "integrationsettings", 1),
        [(C::ChangedHere, name)]
    );
}

#[tokio::test]
async fn a_key_that_is_here_already_is_not_added_again() {
    let bench = Bench::new().await;
    let provider = ProviderName::parse("openai").unwrap();
    let secret = SecretString::from("sk-test-first-key");
    let (mask, fingerprint) = bench.app.describe_key(&provider, &secret).unwrap();
    let add = Command::AddKey(aiconfig_domain::AddKey {
        provider,
        mask,
        fingerprint,
        expected_etag: None,
    });
    bench.run_with_key(add, secret).await;
    let row = settings(1, 1, "openai", json!({"apiKey": "sk-test-first-key"}));
    let report = bench.import(dump(magic().into_iter().chain([row]))).await;
    let standby = [(KeyState::Standby, "sk-test-first-key".to_owned())];
    assert_eq!(keys(&bench, "openai"), standby);
    let told = found(&report, "integrationsettings", 1);
    assert!(told[0].why.contains("is here already and is STANDBY"));
}
