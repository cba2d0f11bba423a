//! What an export and a data check say of an imported sample.

use std::collections::BTreeSet;

use aiconfig_application::Severity;
use aiconfig_domain::TextHash;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::bench::{Bench, account, dump, prompt, row};

const SAMPLE: &str = include_str!("../data/legacy-django-dump.json");

fn hashes(value: &Value, found: &mut BTreeSet<String>) {
    for name in ["text", "default_text"] {
        if let Some(hash) = value[name].as_str() {
            found.insert(hash.to_owned());
        }
    }
}

#[tokio::test]
async fn an_export_has_every_text_once_behind_the_resources() {
    let bench = Bench::new().await;
    let mut rows: Vec<Value> = serde_json::from_str(SAMPLE).unwrap();
    let kind = "taxonomy_generation";
    rows.extend((3..=90).map(|id| prompt(1_000 + id, id, kind, &format!("Text {id}"), "")));
    bench.import(Value::Array(rows)).await;
    let mut lines = Vec::new();
    let summary = bench
        .app
        .export(|line| lines.push(line.clone()))
        .await
        .unwrap();
    let kinds: Vec<&str> = lines
        .iter()
        .map(|line| line["kind"].as_str().unwrap())
        .collect();
    let [resources, texts] =
        [summary.resources, summary.texts].map(|count| usize::try_from(count).unwrap());
    assert_eq!(lines.len(), resources + texts + 1);
    assert!(kinds[..resources].iter().all(|kind| *kind != "text"));
    assert!(
        kinds[resources..resources + texts]
            .iter()
            .all(|kind| *kind == "text")
    );
    let head = lines.last().unwrap();
    assert_eq!(
        (&head["kind"], &head["texts"]),
        (&json!("head"), &json!(texts))
    );
    let mut named = BTreeSet::new();
    for line in &lines[..resources] {
        hashes(&line["value"], &mut named);
    }
    // More than are read at a time.
    assert!(texts > 64, "{texts}");
    let mut given = BTreeSet::new();
    for line in &lines[resources..resources + texts] {
        let (hash, text) = (
            line["key"].as_str().unwrap(),
            line["value"].as_str().unwrap(),
        );
        assert_eq!(TextHash::of(text).to_string(), hash);
        assert!(given.insert(hash.to_owned()), "each once");
    }
    assert_eq!(given, named);
}

async fn faults(bench: &Bench) -> Vec<(Severity, String)> {
    let faults = bench.app.check_data().await.unwrap().into_iter();
    let about = |text: &str| {
        ["prompt", "strateg", "text", "dormant"]
            .iter()
            .any(|w| text.contains(w))
    };
    faults
        .filter(|fault| about(&fault.message))
        .map(|fault| (fault.severity, fault.resource))
        .collect()
}

#[tokio::test]
async fn a_check_finds_nothing_but_dormant_rows_in_the_sample() {
    let bench = Bench::new().await;
    bench.import(serde_json::from_str(SAMPLE).unwrap()).await;
    let found = faults(&bench).await;
    assert_eq!(found, [(Severity::Info, "accounts".to_owned())]);
}

#[tokio::test]
async fn dormant_prompts_and_items_are_counted_with_the_rest() {
    for row in [
        prompt(1, 3, "ideas", "Mine", "Base"),
        row(
            "system.authorprofile",
            1,
            json!({"account": 3, "name": "Blog"}),
        ),
        row("system.strategy", 1, json!({"account": 3, "name": "Blog"})),
    ] {
        let bench = Bench::new().await;
        bench.import(dump([account(3, 1), row])).await;
        assert_eq!(
            faults(&bench).await,
            [(Severity::Info, "accounts".to_owned())]
        );
    }
}

#[tokio::test]
async fn a_key_in_a_text_is_found() {
    let bench = Bench::new().await;
    let text = "Call it with \"sk-test-0123456789abcdef\".";
    bench
        .import(dump([account(2, 2), prompt(1, 2, "ideas", text, "Base")]))
        .await;
    let found = faults(&bench).await;
    let at = "accounts/2/prompts/ideas".to_owned();
    assert!(found.contains(&(Severity::Error, at)), "{found:?}");
}

#[tokio::test]
async fn a_text_that_is_missing_or_changed_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("aiconfig.db").display());
    let bench = Bench::at(url, folder).await;
    let rows = [
        account(2, 2),
        prompt(1, 2, "ideas", "Changed beside the log", "Base"),
        prompt(2, 2, "clustering", "Gone", "Base"),
    ];
    bench.import(dump(rows)).await;
    assert_eq!(faults(&bench).await, []);
    let database = sea_orm::Database::connect(&bench.url).await.unwrap();
    for spoil in [
        "UPDATE prompt_text SET value = 'Other' WHERE value = 'Changed beside the log'",
        "DELETE FROM prompt_text WHERE value = 'Gone'",
    ] {
        database.execute_unprepared(spoil).await.unwrap();
    }
    let at = |kind: &str| (Severity::Error, format!("accounts/2/prompts/{kind}"));
    assert_eq!(faults(&bench).await, [at("clustering"), at("ideas")]);
    assert!(
        bench.app.export(|_| ()).await.is_err(),
        "half of it is none"
    );
}
