//! The sample of an old dump, on SQLite and on PostgreSQL.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aiconfig_application::{Dump, ImportOptions, ImportReport, ReportConsequence as C};
use aiconfig_testsupport::PgServer;
use serde_json::{Value, json};

use crate::bench::{Bench, call};

const SAMPLE: &str = include_str!("../data/legacy-django-dump.json");

async fn import(bench: &Bench, dry_run: bool) -> ImportReport {
    let dump = Dump::read(SAMPLE.as_bytes()).unwrap();
    let options = ImportOptions::default();
    let report = bench
        .app
        .import_django(&call(dry_run), dump, &options)
        .await;
    report.unwrap()
}

/// Every credential that stands in the sample.
fn secrets() -> Vec<String> {
    fn find(value: &Value, secret: bool, found: &mut Vec<String>) {
        match value {
            Value::String(text) if secret && text.len() > 20 => found.push(text.clone()),
            Value::Object(members) => {
                for (name, member) in members {
                    let secret = aiconfig_domain::names_credential(name);
                    find(member, secret, found);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| find(item, secret, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    find(&serde_json::from_str(SAMPLE).unwrap(), false, &mut found);
    assert!(found.len() > 25);
    found
}

fn assert_no_secret(place: &str, bytes: &[u8]) {
    for secret in secrets() {
        let needle = secret.as_bytes();
        let there = bytes.windows(needle.len()).any(|window| window == needle);
        assert!(!there, "a credential stands in {place}");
    }
}

/// Dry run, run, second run; another program on the same database follows.
async fn three_runs(bench: &Bench) {
    let other = bench.second().await;
    let follows = tokio::spawn(Arc::clone(&other).follow_log(Duration::from_millis(20)));
    let before = bench.live();
    let dry = import(bench, true).await;
    let after = bench.live();
    let (before, after) = (&before.snapshot, &after.snapshot);
    assert!(dry.dry_run && dry.changed && dry.revision.is_none());
    assert_eq!(
        (before.revision(), before.digest()),
        (after.revision(), after.digest())
    );

    let report = import(bench, false).await;
    let live = bench.live();
    let revision = before.revision() + 1;
    assert_eq!(report.revision, Some(revision));
    assert_eq!(live.snapshot.revision(), revision);
    let as_planned = ImportReport {
        dry_run: true,
        revision: None,
        ..report.clone()
    };
    assert_eq!(dry, as_planned);
    check(bench, &report);
    assert_no_secret(
        "the report",
        serde_json::to_string(&report).unwrap().as_bytes(),
    );

    other
        .wait_for(revision, Duration::from_secs(20))
        .await
        .unwrap();
    assert_eq!(other.live().snapshot.digest(), live.snapshot.digest());
    follows.abort();

    let second = import(bench, false).await;
    assert!(!second.changed && second.revision.is_none());
    assert_eq!(bench.live().snapshot.digest(), live.snapshot.digest());
    let again: Vec<C> = second.lines.iter().map(|line| line.consequence).collect();
    let left = |class: &C| matches!(class, C::LeftOut);
    assert!(again.iter().all(left), "{again:?}");
}

fn check(bench: &Bench, report: &ImportReport) {
    let totals = report.totals;
    assert_eq!(
        (totals.accounts, totals.keys_primary, totals.keys_standby),
        (202, 2, 0)
    );
    // 26 in rows of accounts, one with the integration that is not about AI.
    assert_eq!(totals.credentials_dropped, 27);
    let mut classes: BTreeMap<C, usize> = BTreeMap::new();
    for line in &report.lines {
        *classes.entry(line.consequence).or_default() += 1;
    }
    assert_eq!(report.lines[0].consequence, C::PlanBecameFree);
    assert_eq!(classes[&C::PlanBecameFree], 13);
    // Nothing that is left is of these kinds: 148 prompts, 10 of them the library's and 88 of
    // accounts that customised them, half of those on FREE; the other 50 are the default.
    assert_eq!((totals.global_prompts, totals.account_prompts), (10, 88));
    assert_eq!((totals.author_profiles, totals.strategies), (22, 15));
    // 21 accounts without the writer, and the platform without the publisher.
    assert_eq!(totals.modules, 22);
    let dormant = |what: &str| {
        let lines = report.lines.iter();
        let of = lines.filter(|line| line.consequence == C::Dormant && line.done.contains(what));
        of.count()
    };
    let rows = ["prompt", "author profile", "strategy"].map(dormant);
    assert_eq!(rows, [44, 10, 9]);
    let dropped = |model: &str| -> Vec<&str> {
        let lines = report.lines.iter();
        let of = lines.filter(|line| line.consequence == C::ValueDropped && line.model == model);
        of.map(|line| line.field.as_str()).collect()
    };
    assert_eq!(
        dropped("system.authorprofile"),
        ["language"],
        "english is no tag"
    );
    assert_eq!(
        dropped("system.strategy"),
        ["prompt_types"; 12],
        "no_such_type is none"
    );
    for model in [
        "aiprompt",
        "authorprofile",
        "strategy",
        "moduleenablesettings",
    ] {
        assert_eq!(report.counts[&format!("system.{model}")].left, 0, "{model}");
    }
    assert!(
        !classes.contains_key(&C::PromptReplaced),
        "all defaults are the library's"
    );
    assert_eq!(classes[&C::LeftOut], 1);
    assert_eq!(classes[&C::DefaultModel], 1);
    let ordered = report.lines.is_sorted_by_key(|line| line.consequence);
    assert!(ordered, "the most consequential first");
    let dalle = json!({"model": "dall-e-3", "image_size": "1024x1024",
        "image_quality": "standard", "image_style": "vivid"});
    assert_eq!(bench.section("dalle"), dalle);
    assert_eq!(bench.section("runware")["model"], json!("runware:97@1"));
    // One row of each oddity.
    for (account, kind, values) in [
        (
            7,
            "image_generation",
            json!({"model": "dall-e-3", "image_quality": "standard",
            "image_style": "vivid"}),
        ),
        (9, "openai", Value::Null),
        (
            16,
            "openai",
            json!({"model": "gpt-4o-mini", "max_tokens": 4000}),
        ),
        (28, "openai", json!({"temperature": 0.2})),
        (39, "openai", json!({"temperature": 0.7})),
        (67, "openai", json!({"model": "gpt-4", "max_tokens": 8192})),
        (71, "image_generation", json!({"service": "runware"})),
        (132, "openai", Value::Null),
        (170, "openai", Value::Null),
    ] {
        assert_eq!(bench.values(account, kind), values, "{account} {kind}");
    }
    assert!(!bench.row(22, "openai").unwrap().enabled);
}

#[tokio::test(flavor = "multi_thread")]
async fn three_runs_on_a_sqlite_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("aiconfig.db");
    let bench = Bench::at(format!("sqlite://{}", file.display()), folder).await;
    three_runs(&bench).await;
    for suffix in ["", "-wal"] {
        let name = format!("{}{suffix}", file.display());
        assert_no_secret("the database", &std::fs::read(name).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_runs_on_postgres() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::at(PgServer::shared().create_database(), folder).await;
    three_runs(&bench).await;
}

#[tokio::test]
async fn rows_in_any_order_come_to_the_same() {
    let mut rows: Vec<Value> = serde_json::from_str(SAMPLE).unwrap();
    let forwards = Bench::new().await;
    let report = forwards.import(Value::Array(rows.clone())).await;
    rows.reverse();
    let backwards = Bench::new().await;
    let again = backwards.import(Value::Array(rows)).await;
    assert_eq!(again.lines, report.lines);
    for name in ["openai", "dalle", "runware", "image_generation"] {
        assert_eq!(forwards.section(name), backwards.section(name));
    }
    for account in 1..=202 {
        for kind in ["openai", "image_generation"] {
            assert_eq!(forwards.row(account, kind), backwards.row(account, kind));
        }
    }
}
