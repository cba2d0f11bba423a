//! An answer of the ladder as words that a table can hold.

use aiconfig_domain::{Field, FunctionName, ModelFields, Rejection};
use aiconfig_resolution::{Query, Resolved, resolve};
use serde_json::Value;

use crate::platform::{Platform, START, account_id, fields};
use crate::steps::{Step, after};

/// What a call asks.
pub(crate) fn ask(function: &str, account: i64) -> Query {
    Query {
        function: FunctionName::parse(function).unwrap(),
        account: account_id(account),
        overrides: ModelFields::default(),
        explain: false,
    }
}

/// What a call with values of its own asks.
pub(crate) fn with(function: &str, account: i64, overrides: Value) -> Query {
    Query {
        overrides: fields(overrides),
        ..ask(function, account)
    }
}

/// The answer of a state.
pub(crate) fn answer(platform: &Platform, query: &Query) -> Result<Resolved, Rejection> {
    resolve(&platform.snapshot, query, START)
}

/// `model=gpt-4o@Account` for each field, `~model:Kind:from->to@Level` for each adjustment, and
/// `own`, `dormant`, `unknown` for what holds of the whole.
pub(crate) fn words(resolved: &Resolved) -> Vec<String> {
    let source = |field: Field| resolved.sources[field.index()];
    let mut words: Vec<String> = Field::ALL
        .into_iter()
        .filter_map(|field| Some((field, resolved.fields.get(field)?)))
        .map(|(field, value)| match source(field) {
            Some(source) => format!("{}={value}@{source:?}", field.as_str()),
            None => panic!("{} has no source", field.as_str()),
        })
        .collect();
    let notes = resolved.adjustments.iter().map(|note| {
        let (field, kind, level) = (note.field.as_str(), note.kind, note.level);
        format!("~{field}:{kind:?}:{}->{}@{level:?}", note.from, note.to)
    });
    words.extend(notes);
    for (word, holds) in [
        ("own", !resolved.using_global),
        ("dormant", resolved.dormant_overrides),
        ("unknown", !resolved.account_known),
    ] {
        words.extend(holds.then(|| word.to_owned()));
    }
    words
}

/// The reason of a refusal with the fields at fault.
pub(crate) fn refusal(rejection: &Rejection) -> String {
    let mut words = vec![format!("{:?}", rejection.reason)];
    words.extend(rejection.violations.iter().map(|v| v.field.clone()));
    words.join(" ")
}

/// Compares an answer with the words that it must have: every field that is named, `!field` for
/// one that is absent, and all adjustments and marks that there are, in any order. A refusal is
/// compared as a whole.
#[track_caller]
pub(crate) fn check(steps: &[Step], query: &Query, expected: &str) {
    check_in(&after(steps), query, expected);
}

/// The same on a state that is there already.
#[track_caller]
pub(crate) fn check_in(platform: &Platform, query: &Query, expected: &str) {
    let found = match answer(platform, query) {
        Ok(resolved) => words(&resolved),
        Err(rejection) => {
            assert_eq!(refusal(&rejection), expected, "{query:?}");
            return;
        }
    };
    let told = found.join(" ");
    let wanted: Vec<&str> = expected.split_whitespace().collect();
    for word in &wanted {
        if let Some(field) = word.strip_prefix('!') {
            let absent = !found.iter().any(|f| f.starts_with(&format!("{field}=")));
            assert!(absent, "{field} is not absent\n{query:?}\n{told}");
        } else {
            let there = found.iter().any(|f| f == word);
            assert!(there, "{word} is missing\n{query:?}\n{told}");
        }
    }
    for word in found
        .iter()
        .filter(|word| !word.contains('=') || word.starts_with('~'))
    {
        let expected = wanted.contains(&word.as_str());
        assert!(expected, "{word} is not expected\n{query:?}\n{told}");
    }
}
