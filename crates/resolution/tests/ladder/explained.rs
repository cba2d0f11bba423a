//! The explanation of a walk: every level's value, what became of it, and why.

use aiconfig_domain::{Field, Plan};
use aiconfig_resolution::{FieldExplanation, Outcome, Query, resolve};
use serde_json::json;

use crate::answer::{ask, with};
use crate::platform::{START, STARTER};
use crate::steps::{Step, after, function, old_row, old_section, plan, row, section};

/// `ACCOUNT gpt-4o Won` for each level that has a value, with the note in brackets.
fn told(explained: &FieldExplanation) -> Vec<String> {
    let levels = explained.levels.iter();
    let with_value = levels.filter(|level| level.outcome != Outcome::Unset);
    with_value
        .map(|level| {
            let note = match level.note.as_str() {
                "" => String::new(),
                note => format!(" [{note}]"),
            };
            format!(
                "{:?} {} {:?}{note}",
                level.source, level.value, level.outcome
            )
        })
        .collect()
}

#[track_caller]
fn check(steps: &[Step], query: Query, field: Field, expected: &[&str]) {
    let platform = after(steps);
    let query = Query {
        explain: true,
        ..query
    };
    let resolved = resolve(&platform.snapshot, &query, START).unwrap();
    let fields = resolved.explanation.unwrap();
    let explained = fields.iter().find(|one| one.field == field).unwrap();
    assert_eq!(told(explained), expected);
}

const TEXT: &str = "generate_content";
const IMAGES: &str = "generate_images";

#[test]
fn the_service_is_explained_by_the_levels_that_it_is_chosen_from() {
    let anthropic = || row(STARTER, "text_generation", json!({"service": "anthropic"}));
    for (steps, query, expected) in [
        (vec![], ask(TEXT, STARTER), &["Global openai Won"][..]),
        (
            vec![anthropic()],
            ask(TEXT, STARTER),
            &["Account anthropic Won", "Global openai Outranked"],
        ),
        // A row of a provider has no say in the service, its model neither.
        (
            vec![row(STARTER, "anthropic", json!({"model": "claude-haiku"}))],
            ask(TEXT, STARTER),
            &["Global openai Won"],
        ),
        (
            vec![anthropic()],
            with(TEXT, STARTER, json!({"model": "gpt-4o"})),
            &[
                "Request openai Won [the service of its model gpt-4o]",
                "Account anthropic Outranked",
                "Global openai Outranked",
            ],
        ),
        (
            vec![anthropic(), plan(STARTER, Plan::Free)],
            ask(TEXT, STARTER),
            &[
                "Account anthropic Dormant [the row is switched off, or the plan allows none]",
                "Global openai Won",
            ],
        ),
    ] {
        check(&steps, query, Field::Service, expected);
    }
}

#[test]
fn a_model_that_is_passed_over_says_why() {
    for (steps, expected) in [
        (
            vec![old_row(STARTER, "openai", json!({"model": "gpt-3"}))],
            &[
                "Account gpt-3 Skipped [the model is inactive]",
                "Global gpt-4o-mini Won",
                "Catalog gpt-4o-mini Outranked",
            ][..],
        ),
        (
            vec![old_row(STARTER, "openai", json!({"model": "no-such"}))],
            &[
                "Account no-such Skipped [the catalogue has no such model]",
                "Global gpt-4o-mini Won",
                "Catalog gpt-4o-mini Outranked",
            ],
        ),
        (
            vec![old_row(STARTER, "openai", json!({"model": "claude-haiku"}))],
            &[
                "Account claude-haiku Skipped [not a model of service openai]",
                "Global gpt-4o-mini Won",
                "Catalog gpt-4o-mini Outranked",
            ],
        ),
        (
            vec![section("openai", json!({"model": null}))],
            &["Catalog gpt-4o-mini Won"],
        ),
    ] {
        check(&steps, ask(TEXT, STARTER), Field::Model, expected);
    }
}

#[test]
fn values_say_what_they_are_used_as_and_what_outranks_them() {
    check(
        &[
            function(TEXT, json!({"max_tokens": 2_000})),
            row(STARTER, "openai", json!({"max_tokens": 1_000})),
        ],
        ask(TEXT, STARTER),
        Field::MaxTokens,
        &[
            "Account 1000 Won",
            "Function 2000 Outranked",
            "Global 8192 Outranked",
            "Catalog 16384 Outranked",
        ],
    );
    // Both sections of an image function are levels of their own.
    check(
        &[
            old_section("dalle", json!({"image_size": "1280x768"})),
            section("image_generation", json!({"image_size": "1024x1024"})),
        ],
        ask(IMAGES, STARTER),
        Field::ImageSize,
        &[
            "Global 1280x768 Skipped [model gpt-image does not take it]",
            "Global 1024x1024 Won",
            "Catalog 1024x1024 Outranked",
        ],
    );
}
