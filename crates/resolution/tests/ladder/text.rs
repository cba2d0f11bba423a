//! The ladder for text: service, model, temperature, `max_tokens` (section 4).

use serde_json::json;

use crate::answer::{ask, check, with};
use crate::platform::{STARTER, UNKNOWN};
use crate::steps::{function, model, old_function, old_row, old_section, row, section};

const F: &str = "generate_content";

#[test]
fn the_global_settings_hold_where_nothing_is_above_them() {
    let global = "service=openai@Global model=gpt-4o-mini@Global temperature=0.7@Global max_tokens=8192@Global";
    check(&[], &ask(F, STARTER), global);
    check(&[], &ask(F, UNKNOWN), &format!("{global} unknown"));
    // The catalogue gives the model, its own limit, and no temperature.
    check(
        &[section(
            "openai",
            json!({"model": null, "temperature": null, "max_tokens": null}),
        )],
        &ask(F, STARTER),
        "model=gpt-4o-mini@Catalog max_tokens=16384@Catalog !temperature !image_size !steps",
    );
}

#[test]
fn the_service_is_resolved_before_all_else() {
    let anthropic = || row(STARTER, "text_generation", json!({"service": "anthropic"}));
    let openai_row = || {
        row(
            STARTER,
            "openai",
            json!({"model": "gpt-4o", "temperature": 0.2}),
        )
    };
    let claude_row = || row(STARTER, "anthropic", json!({"model": "claude-haiku"}));
    for (steps, query, expected) in [
        (
            vec![anthropic()],
            ask(F, STARTER),
            "service=anthropic@Account model=claude-sonnet@Global temperature=0.7@Global max_tokens=8192@Global own",
        ),
        // ACCOUNT means the row of that service's provider, GLOBAL its section.
        (
            vec![anthropic(), openai_row()],
            ask(F, STARTER),
            "service=anthropic@Account model=claude-sonnet@Global temperature=0.7@Global own",
        ),
        (
            vec![anthropic(), openai_row(), claude_row()],
            ask(F, STARTER),
            "service=anthropic@Account model=claude-haiku@Account max_tokens=4096@Global own ~max_tokens:ClampedToModelLimit:8192->4096@Global",
        ),
        // A model of a provider's row gives no service.
        (
            vec![claude_row()],
            ask(F, STARTER),
            "service=openai@Global model=gpt-4o-mini@Global",
        ),
        (
            vec![function(F, json!({"service": "anthropic"}))],
            ask(F, STARTER),
            "service=anthropic@Function model=claude-sonnet@Global",
        ),
        // At FUNCTION and REQUEST a usable or retired model gives the service.
        (
            vec![function(F, json!({"model": "claude-sonnet"}))],
            ask(F, STARTER),
            "service=anthropic@Function model=claude-sonnet@Function",
        ),
        (
            vec![function(F, json!({"model": "claude-2"}))],
            ask(F, STARTER),
            "service=anthropic@Function model=claude-sonnet@Function ~model:ModelRetiredReplaced:claude-2->claude-sonnet@Function",
        ),
        // An inactive one does not, and is passed over.
        (
            vec![old_function(F, json!({"model": "gpt-3"}))],
            ask(F, STARTER),
            "service=openai@Global model=gpt-4o-mini@Global ~model:ModelInactiveSkipped:gpt-3->@Function",
        ),
        // A service of the account is above that of the function; its model then belongs elsewhere.
        (
            vec![anthropic(), function(F, json!({"model": "gpt-4o"}))],
            ask(F, STARTER),
            "service=anthropic@Account model=claude-sonnet@Global own ~model:OtherProviderSkipped:gpt-4o->@Function",
        ),
        (
            vec![anthropic(), openai_row()],
            with(F, STARTER, json!({"service": "openai"})),
            "service=openai@Request model=gpt-4o@Account temperature=0.2@Account own",
        ),
        (
            vec![anthropic()],
            with(F, STARTER, json!({"model": "gpt-5"})),
            "service=openai@Request model=gpt-5@Request !temperature own ~temperature:UnsupportedByModel:0.7->@Global",
        ),
        (
            vec![old_section("text_generation", json!({}))],
            ask(F, STARTER),
            "NoModelConfigured",
        ),
        (
            vec![old_section("text_generation", json!({}))],
            with(F, STARTER, json!({"service": "openai"})),
            "service=openai@Request model=gpt-4o-mini@Global own",
        ),
    ] {
        check(&steps, &query, expected);
    }
}

#[test]
fn the_first_level_with_a_model_of_the_service_wins() {
    let old = |name: &str| old_row(STARTER, "openai", json!({"model": name}));
    let off = |id| model(id, json!({"active": false}));
    for (steps, expected) in [
        (vec![old("gpt-4o")], "model=gpt-4o@Account own"),
        (
            vec![old("claude-sonnet")],
            "model=gpt-4o-mini@Global ~model:OtherProviderSkipped:claude-sonnet->@Account",
        ),
        (
            vec![old("gpt-3")],
            "model=gpt-4o-mini@Global ~model:ModelInactiveSkipped:gpt-3->@Account",
        ),
        (
            vec![old("gone")],
            "model=gpt-4o-mini@Global ~model:ModelUnknownSkipped:gone->@Account",
        ),
        (
            vec![old("gpt-4")],
            "model=gpt-4o@Account own ~model:ModelRetiredReplaced:gpt-4->gpt-4o@Account",
        ),
        // A chain is followed to its end.
        (
            vec![old("gpt-4-32k")],
            "model=gpt-4o@Account own ~model:ModelRetiredReplaced:gpt-4-32k->gpt-4o@Account",
        ),
        (
            vec![old("gpt-4o"), function(F, json!({"model": "gpt-5"}))],
            "model=gpt-4o@Account own max_tokens=8192@Global",
        ),
        (
            vec![old("gone"), function(F, json!({"model": "gpt-small"}))],
            "model=gpt-small@Function temperature=0.7@Global max_tokens=4096@Global ~model:ModelUnknownSkipped:gone->@Account ~max_tokens:ClampedToModelLimit:8192->4096@Global",
        ),
        (
            vec![section("openai", json!({"model": "gpt-4"}))],
            "model=gpt-4o@Global ~model:ModelRetiredReplaced:gpt-4->gpt-4o@Global",
        ),
        // One adjustment for each level whose value was passed over.
        (
            vec![
                old("gone"),
                old_function(F, json!({"service": "openai", "model": "claude-haiku"})),
                old_section("openai", json!({"model": "gpt-3"})),
            ],
            "service=openai@Function model=gpt-4o-mini@Catalog max_tokens=16384@Catalog ~model:ModelUnknownSkipped:gone->@Account ~model:OtherProviderSkipped:claude-haiku->@Function ~model:ModelInactiveSkipped:gpt-3->@Global",
        ),
        // The catalogue's default counts as its replacement too.
        (
            vec![
                section("openai", json!({"model": null})),
                model(
                    "gpt-4o-mini",
                    json!({"replacement": "gpt-4o", "active": false}),
                ),
            ],
            "model=gpt-4o@Catalog ~model:ModelRetiredReplaced:gpt-4o-mini->gpt-4o@Catalog",
        ),
        (vec![off("gpt-4o-mini")], "NoModelConfigured"),
        (
            vec![off("gpt-4o-mini"), old("gpt-4o")],
            "model=gpt-4o@Account own",
        ),
    ] {
        check(&steps, &ask(F, STARTER), expected);
    }
}

#[test]
fn parameters_are_inherited_one_by_one_and_fitted_to_the_model() {
    let own = |values| row(STARTER, "openai", values);
    let old = |values| old_row(STARTER, "openai", values);
    for (steps, expected) in [
        (
            vec![own(json!({"temperature": 0.2}))],
            "model=gpt-4o-mini@Global temperature=0.2@Account max_tokens=8192@Global own",
        ),
        (
            vec![
                own(json!({"max_tokens": 100})),
                function(F, json!({"temperature": 0.1, "max_tokens": 200})),
            ],
            "temperature=0.1@Function max_tokens=100@Account own",
        ),
        (
            vec![own(json!({"temperature": 0.0}))],
            "temperature=0@Account own",
        ),
        // On a model without it: absent, for each level that gives one.
        (
            vec![
                own(json!({"model": "gpt-5", "temperature": 0.2})),
                function(F, json!({"temperature": 0.1})),
            ],
            "model=gpt-5@Account !temperature own ~temperature:UnsupportedByModel:0.2->@Account ~temperature:UnsupportedByModel:0.1->@Function ~temperature:UnsupportedByModel:0.7->@Global",
        ),
        // Inherited above the maximum or the limit: clamped, and its level stays the source.
        (
            vec![
                function(F, json!({"temperature": 1.5})),
                own(json!({"model": "gpt-small"})),
            ],
            "temperature=1@Function max_tokens=4096@Global own ~temperature:ClampedToModelLimit:1.5->1@Function ~max_tokens:ClampedToModelLimit:8192->4096@Global",
        ),
        (
            vec![old(json!({"max_tokens": 99_999}))],
            "max_tokens=16384@Account own ~max_tokens:ClampedToModelLimit:99999->16384@Account",
        ),
        // Values at the limit are left alone.
        (
            vec![old(json!({"max_tokens": 16_384, "temperature": 2.0}))],
            "max_tokens=16384@Account temperature=2@Account own",
        ),
        // A value that is dropped is no override that holds.
        (
            vec![
                section("openai", json!({"model": "gpt-5"})),
                own(json!({"temperature": 0.2})),
            ],
            "model=gpt-5@Global !temperature ~temperature:UnsupportedByModel:0.2->@Account ~temperature:UnsupportedByModel:0.7->@Global",
        ),
    ] {
        check(&steps, &ask(F, STARTER), expected);
    }
    // A value of the call is above all others.
    check(
        &[own(json!({"temperature": 0.2, "max_tokens": 100}))],
        &with(F, STARTER, json!({"temperature": 0.9})),
        "temperature=0.9@Request max_tokens=100@Account own",
    );
}

#[test]
fn embeddings_have_one_row_and_one_section() {
    let f = "embed_content";
    for (steps, query, expected) in [
        (vec![], ask(f, STARTER), "NoModelConfigured"),
        (
            vec![section(
                "embedding_generation",
                json!({"service": "openai"}),
            )],
            ask(f, STARTER),
            "service=openai@Global model=embed-small@Catalog !temperature !max_tokens",
        ),
        // A model of the section or of the row gives the service.
        (
            vec![section(
                "embedding_generation",
                json!({"model": "embed-large"}),
            )],
            ask(f, STARTER),
            "service=openai@Global model=embed-large@Global",
        ),
        (
            vec![row(
                STARTER,
                "embedding_generation",
                json!({"model": "embed-large"}),
            )],
            ask(f, STARTER),
            "service=openai@Account model=embed-large@Account own",
        ),
        (
            vec![row(
                STARTER,
                "embedding_generation",
                json!({"service": "openai"}),
            )],
            ask(f, STARTER),
            "service=openai@Account model=embed-small@Catalog own",
        ),
        // The provider's section is about its text models.
        (
            vec![
                section("embedding_generation", json!({"service": "openai"})),
                row(STARTER, "openai", json!({"model": "gpt-4o"})),
            ],
            ask(f, STARTER),
            "service=openai@Global model=embed-small@Catalog",
        ),
        (
            vec![],
            with(f, STARTER, json!({"model": "embed-small"})),
            "service=openai@Request model=embed-small@Request own",
        ),
    ] {
        check(&steps, &query, expected);
    }
}
