//! A small state with a model of every kind, and steps that change it through commands.

use std::sync::Arc;

use aiconfig_domain::{
    AccountId, CODEC_VERSION, Change, Command, CommandContext, Decision, Kind, Record, Rejection,
    Snapshot, Timestamp, decide, decode,
};
use serde_json::{Value, json};

/// The instant at which everything is resolved.
pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

/// Providers, models, functions, globals and accounts, as kind, key and value.
fn resources() -> Vec<(&'static str, String, Value)> {
    let mut all = Vec::new();
    let provider = |name: &str, modalities: &[&str], fallback: Option<&str>| {
        let mut value = json!({"name": name, "display_name": name, "modalities": modalities,
            "base_url": format!("https://api.{name}.example/v1")});
        if let Some(fallback) = fallback {
            value["key_fallback"] = json!(fallback);
        }
        ("provider", name.to_owned(), value)
    };
    all.push(provider("openai", &["text", "embedding"], None));
    all.push(provider("anthropic", &["text"], None));
    all.push(provider("dalle", &["image"], Some("openai")));
    all.push(provider("runware", &["image"], None));
    let model = |id: &str, provider: &str, modality: &str, more: Value| {
        let mut value = json!({"model_id": id, "provider": provider, "modality": modality,
            "active": true});
        for (name, member) in more.as_object().unwrap() {
            value[name] = member.clone();
        }
        ("model", id.to_owned(), value)
    };
    let warm = |max: f64| json!({"temperature": true, "max_temperature": max});
    let sizes = json!(["1024x1024", "512x512"]);
    all.extend([
        model(
            "alpha",
            "openai",
            "text",
            json!({"is_default": true, "max_output_tokens": 1000,
            "capabilities": warm(2.0)}),
        ),
        model("beta", "openai", "text", json!({"max_output_tokens": 500})),
        model(
            "old",
            "openai",
            "text",
            json!({"active": false, "replacement": "beta",
            "max_output_tokens": 4000, "capabilities": warm(2.0)}),
        ),
        model(
            "dead",
            "openai",
            "text",
            json!({"active": false, "max_output_tokens": 100}),
        ),
        model(
            "claude",
            "anthropic",
            "text",
            json!({"is_default": true,
            "max_output_tokens": 800, "capabilities": warm(1.0)}),
        ),
        model(
            "paint",
            "dalle",
            "image",
            json!({"is_default": true, "valid_sizes": sizes,
            "valid_qualities": ["medium", "high"], "valid_formats": ["webp", "png"],
            "value_aliases": {"image_quality:hd": "high"}}),
        ),
        model(
            "sketch",
            "dalle",
            "image",
            json!({"valid_sizes": ["512x512", "256x256"],
            "valid_styles": ["ink", "coal"]}),
        ),
        model(
            "oldpaint",
            "dalle",
            "image",
            json!({"active": false, "replacement": "paint",
            "valid_sizes": ["1792x1024"]}),
        ),
        model(
            "run",
            "runware",
            "image",
            json!({"is_default": true,
            "valid_sizes": ["1280x768", "1024x1024"], "valid_formats": ["webp", "jpg"],
            "capabilities": {"steps": true, "guidance": true}}),
        ),
        model("embed", "openai", "embedding", json!({"is_default": true})),
    ]);
    let function = |name: &str, modality: &str, more: Value| {
        let mut value = json!({"name": name, "modality": modality, "defaults": {}});
        for (name, member) in more.as_object().unwrap() {
            value[name] = member.clone();
        }
        ("function", name.to_owned(), value)
    };
    all.extend([
        function("write", "text", json!({})),
        function("plan", "text", json!({"module": "planner"})),
        function("draw", "image", json!({})),
        function("embed_text", "embedding", json!({})),
    ]);
    all.push((
        "global_settings",
        String::new(),
        json!({"sections": {
            "text_generation": {"service": "openai"},
            "openai": {"model": "alpha", "temperature": 0.7, "max_tokens": 900},
            "anthropic": {"model": "claude", "temperature": 0.5, "max_tokens": 700},
            "image_generation": {"service": "openai", "image_format": "webp",
                "max_in_article_images": 2},
            "dalle": {"model": "paint", "image_size": "1024x1024"},
            "runware": {"model": "run", "image_size": "1280x768"},
        }}),
    ));
    for (id, plan) in [(1, "free"), (2, "starter"), (3, "growth"), (4, "scale")] {
        let value = json!({"state": "live", "account_id": id, "plan": plan, "display_name": "",
            "active": true, "source_version": 1});
        all.push(("account", id.to_string(), value));
    }
    all
}

/// A state at revision 1.
pub(crate) fn state() -> Snapshot {
    let mut snapshot = Snapshot::new();
    for (kind, key, value) in resources() {
        let kind = Kind::parse(kind).unwrap();
        let read = decode(kind, &key, CODEC_VERSION, &value.to_string());
        let resource = read.unwrap_or_else(|error| panic!("{key}: {error:?} {value}"));
        let change = Change::Put(resource);
        snapshot.apply(&record(change, 1));
    }
    snapshot
}

/// An account's id.
pub(crate) fn account(id: i64) -> AccountId {
    AccountId::new(id).unwrap()
}

fn record(change: Change, revision: u64) -> Record {
    Record {
        change,
        revision,
        time: NOW,
        actor: Arc::from("test"),
    }
}

/// Decides a command and applies it; also its records.
pub(crate) fn run(
    snapshot: &mut Snapshot,
    command: &Command,
) -> Result<(Decision, Vec<Record>), Rejection> {
    let context = CommandContext {
        now: NOW,
        actor: Arc::from("test"),
    };
    let decision = decide(snapshot, command, &context)?;
    let revision = snapshot.revision() + 1;
    let changes = decision.changes.iter().cloned();
    let records: Vec<Record> = changes.map(|change| record(change, revision)).collect();
    for record in &records {
        snapshot.apply(record);
    }
    Ok((decision, records))
}
