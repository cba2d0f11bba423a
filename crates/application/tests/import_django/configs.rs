//! What every account of the sample gets after the import, explained to the last value: each value
//! of an answer won at one level, and each value of an account's row is in force, or says why not.

use std::collections::BTreeMap;

use aiconfig_domain::{AccountEntry, Field, FieldSource, ModelFields, Override, Reason};
use aiconfig_resolution::{FieldExplanation, Outcome, Query, resolve};
use serde_json::Value;

use crate::bench::Bench;

const SAMPLE: &str = include_str!("../data/legacy-django-dump.json");

/// What became of the values that the accounts' rows hold.
#[derive(Debug, Default, PartialEq)]
struct Told {
    answers: usize,
    inactive: usize,
    /// The account switched the function's module off.
    module_off: usize,
    won: usize,
    /// Won, but changed so that the model takes it.
    changed: usize,
    skipped: usize,
    /// The plan keeps the row out of force, or it is switched off.
    dormant: usize,
}

/// What the levels of an account say of one of its values.
fn level_of(explained: &[FieldExplanation], field: Field) -> (Outcome, &str) {
    let one = explained.iter().find(|one| one.field == field).unwrap();
    let mut levels = one.levels.iter();
    let account = levels.find(|level| level.source == FieldSource::Account);
    let account = account.unwrap();
    (account.outcome, account.note.as_str())
}

fn count(told: &mut Told, explained: &[FieldExplanation], row: &Override) {
    for field in row.fields.set_fields() {
        // The service of a text function is told by the general type's row alone.
        match level_of(explained, field) {
            (Outcome::Won, "") => told.won += 1,
            (Outcome::Won, _) => told.changed += 1,
            (Outcome::Skipped, note) => {
                assert!(!note.is_empty(), "{row:?}");
                told.skipped += 1;
            }
            (Outcome::Dormant, note) => {
                assert!(!note.is_empty(), "{row:?}");
                told.dormant += 1;
            }
            other => panic!("{row:?}: {field:?} {other:?}"),
        }
    }
}

#[tokio::test]
async fn every_value_of_every_account_is_explained() {
    let rows: Vec<Value> = serde_json::from_str(SAMPLE).unwrap();
    let bench = Bench::new().await;
    bench.import(Value::Array(rows)).await;
    let live = bench.live();
    let snapshot = &live.snapshot;
    let functions = ["generate_content", "generate_images"];
    let mut told = Told::default();
    let mut services: BTreeMap<(String, String), usize> = BTreeMap::new();
    for entry in snapshot
        .accounts_after(None)
        .filter(|entry| entry.live().is_some())
    {
        for name in functions {
            let function = snapshot
                .functions()
                .find(|function| function.value.name.as_str() == name);
            let query = Query {
                function: function.unwrap().value.name.clone(),
                account: entry.live().unwrap().account_id,
                overrides: ModelFields::default(),
                explain: true,
            };
            let resolved = match resolve(snapshot, &query, bench.app.now()) {
                Ok(resolved) => resolved,
                Err(rejection) => {
                    match rejection.reason {
                        Reason::AccountInactive => told.inactive += 1,
                        Reason::ModuleDisabled => told.module_off += 1,
                        _ => panic!("{rejection:?}"),
                    }
                    continue;
                }
            };
            told.answers += 1;
            let explained = resolved.explanation.as_ref().unwrap();
            for one in explained {
                let won = one
                    .levels
                    .iter()
                    .filter(|level| level.outcome == Outcome::Won);
                assert_eq!(won.count(), usize::from(one.winner.is_some()), "{one:?}");
            }
            let key = (
                name.to_owned(),
                format!("{} {}", resolved.service, resolved.model),
            );
            *services.entry(key).or_default() += 1;
            for row in read(entry, name, resolved.provider.as_str()) {
                count(&mut told, explained, &row);
            }
        }
    }
    let expected = Told {
        answers: 334,
        inactive: 32,
        module_off: 38,
        won: 35,
        changed: 8,
        skipped: 3,
        dormant: 81,
    };
    assert_eq!(told, expected);
    let services: Vec<String> = services
        .iter()
        .map(|((function, used), accounts)| format!("{function}: {used} {accounts}"))
        .collect();
    assert_eq!(
        services,
        [
            "generate_content: openai gpt-4.1 3",
            "generate_content: openai gpt-4o 3",
            "generate_content: openai gpt-4o-mini 156",
            "generate_content: openai gpt-6.1-sol 5",
            "generate_images: openai gpt-image-2.5-flare 161",
            "generate_images: runware runware:100@1 4",
            "generate_images: runware runware:97@1 2",
        ]
    );
}

/// The rows that a function's answer is made of.
fn read(entry: &AccountEntry, function: &str, provider: &str) -> Vec<Override> {
    let kind = if function == "generate_images" {
        "image_generation"
    } else {
        provider
    };
    let rows = entry.overrides.iter().map(|row| row.value);
    rows.filter(|row| row.integration_type.as_str() == kind)
        .collect()
}
