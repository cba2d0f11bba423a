//! Plans and accounts on the way through the ladder: in force, dormant, unknown (sections 1, 4).

use aiconfig_domain::Plan;
use serde_json::json;

use crate::answer::{ask, check, with};
use crate::platform::{DELETED, FREE, GROWTH, SCALE, STARTER, SUSPENDED, UNKNOWN};
use crate::steps::{plan, row};

const F: &str = "generate_content";
const GLOBAL: &str =
    "service=openai@Global model=gpt-4o-mini@Global temperature=0.7@Global max_tokens=8192@Global";

#[test]
fn all_plans_but_free_may_override() {
    for id in [STARTER, GROWTH, SCALE] {
        check(
            &[row(id, "openai", json!({"model": "gpt-4o"}))],
            &ask(F, id),
            "service=openai@Global model=gpt-4o@Account own",
        );
        check(
            &[],
            &with(F, id, json!({"temperature": 0.1})),
            "temperature=0.1@Request own",
        );
    }
    check(&[], &ask(F, FREE), GLOBAL);
}

#[test]
fn rows_of_a_downgraded_account_are_dormant_and_wake_unchanged() {
    let rows = || {
        vec![
            row(
                STARTER,
                "openai",
                json!({"model": "gpt-4o", "temperature": 0.2}),
            ),
            row(STARTER, "image_generation", json!({"service": "runware"})),
        ]
    };
    let with_steps = |more: Vec<crate::steps::Step>| {
        let mut steps = rows();
        steps.extend(more);
        steps
    };
    let free = || plan(STARTER, Plan::Free);
    let dormant = format!("{GLOBAL} dormant");
    check(&with_steps(vec![free()]), &ask(F, STARTER), &dormant);
    check(
        &with_steps(vec![free()]),
        &ask("generate_images", STARTER),
        "service=openai@Global model=gpt-image@Global dormant",
    );
    check(
        &with_steps(vec![free(), plan(STARTER, Plan::Growth)]),
        &ask(F, STARTER),
        "model=gpt-4o@Account temperature=0.2@Account own",
    );
}

#[test]
fn dormant_is_about_the_plan_and_the_rows_that_the_call_would_read() {
    let free = || plan(STARTER, Plan::Free);
    let off = |kind| row(STARTER, kind, json!({"enabled": false}));
    for (steps, expected) in [
        // A row that is switched off is not dormant, with or without a plan.
        (
            vec![
                row(STARTER, "openai", json!({"model": "gpt-4o"})),
                off("openai"),
            ],
            "",
        ),
        (
            vec![
                row(STARTER, "openai", json!({"model": "gpt-4o"})),
                off("openai"),
                free(),
            ],
            "",
        ),
        // The call would read the row of its service's provider and that of its type.
        (
            vec![
                row(STARTER, "anthropic", json!({"model": "claude-haiku"})),
                free(),
            ],
            "",
        ),
        (
            vec![
                row(STARTER, "image_generation", json!({"service": "runware"})),
                free(),
            ],
            "",
        ),
        (
            vec![
                row(STARTER, "text_generation", json!({"service": "anthropic"})),
                free(),
            ],
            "dormant",
        ),
        (
            vec![row(STARTER, "openai", json!({"temperature": 0.1})), free()],
            "dormant",
        ),
    ] {
        check(&steps, &ask(F, STARTER), &format!("{GLOBAL} {expected}"));
    }
}

#[test]
fn a_row_that_is_switched_off_is_out_of_force() {
    check(
        &[
            row(
                STARTER,
                "text_generation",
                json!({"service": "anthropic", "enabled": false}),
            ),
            row(
                STARTER,
                "openai",
                json!({"model": "gpt-4o", "enabled": false}),
            ),
        ],
        &ask(F, STARTER),
        GLOBAL,
    );
}

#[test]
fn unknown_accounts_are_free_and_inactive_ones_are_refused() {
    for (query, expected) in [
        (ask(F, UNKNOWN), format!("{GLOBAL} unknown")),
        (
            with(F, UNKNOWN, json!({"model": "gpt-4o"})),
            "PlanForbidsOverrides".to_owned(),
        ),
        (
            with(F, UNKNOWN, json!({"max_tokens": 5})),
            "max_tokens=5@Request unknown own".to_owned(),
        ),
        (ask(F, SUSPENDED), "AccountInactive".to_owned()),
        (ask(F, DELETED), "AccountInactive".to_owned()),
    ] {
        check(&[], &query, &expected);
    }
}

#[test]
fn free_may_lower_max_tokens_and_nothing_else() {
    let forbidden = "PlanForbidsOverrides";
    for (function, overrides, expected) in [
        (F, json!({"max_tokens": 1}), "max_tokens=1@Request own"),
        (
            F,
            json!({"max_tokens": 8191}),
            "max_tokens=8191@Request own",
        ),
        // At most the answer without it.
        (
            F,
            json!({"max_tokens": 8192}),
            "max_tokens=8192@Request own",
        ),
        (F, json!({"max_tokens": 8193}), forbidden),
        (F, json!({"max_tokens": 1_000_000}), forbidden),
        (F, json!({"max_tokens": 100, "temperature": 0.7}), forbidden),
        (F, json!({"temperature": 0.7}), forbidden),
        (F, json!({"model": "gpt-4o-mini"}), forbidden),
        (F, json!({"service": "openai"}), forbidden),
        // The plan comes before values; values that pass it are checked like any other.
        (F, json!({"model": "nonsense"}), forbidden),
        (
            F,
            json!({"max_tokens": 0}),
            "FieldInvalid overrides.max_tokens",
        ),
        (
            F,
            json!({"max_tokens": -5}),
            "FieldInvalid overrides.max_tokens",
        ),
        ("generate_images", json!({"max_tokens": 5}), forbidden),
        (
            "generate_images",
            json!({"image_size": "1024x1024"}),
            forbidden,
        ),
        ("embed_content", json!({"max_tokens": 5}), forbidden),
    ] {
        check(&[], &with(function, FREE, overrides), expected);
    }
}
