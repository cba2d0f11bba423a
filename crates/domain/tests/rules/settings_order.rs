//! Who may save, in which order a save is refused, and what a refusal tells (sections 1 and 3).

use aiconfig_domain::{Command, Plan, ResourceKey, SaveSettings};
use serde_json::{Value, json};

use crate::outcome::outcome;
use crate::platform::{
    DELETED, FREE, GROWTH, Platform, SCALE, STARTER, SUSPENDED, UNKNOWN, account, account_id, push,
    save,
};
use crate::settings::{put, reset, row, switch};

#[test]
fn refusals_come_in_one_order() {
    let platform = Platform::new();
    let bad = || json!({"model": "nonsense"});
    for (command, expected) in [
        // Name of the type, and mask, before the account.
        (
            save(UNKNOWN, "nonsense", bad()),
            "FieldInvalid integration_type",
        ),
        (save(FREE, "dalle", bad()), "FieldInvalid integration_type"),
        (
            save(STARTER, "runware", bad()),
            "FieldInvalid integration_type",
        ),
        (
            put(UNKNOWN, "openai", &["steps"], bad()),
            "MaskInvalid update_mask",
        ),
        (
            put(FREE, "openai", &["steps"], bad()),
            "MaskInvalid update_mask",
        ),
        // The account before the plan, the plan before what is inside the config.
        (save(UNKNOWN, "openai", bad()), "AccountNotFound"),
        (save(DELETED, "openai", bad()), "AccountNotFound"),
        (save(FREE, "openai", bad()), "PlanForbidsOverrides"),
        (
            save(FREE, "openai", json!({"model": 5})),
            "PlanForbidsOverrides",
        ),
        (
            save(FREE, "openai", json!({"temperature": "hot"})),
            "PlanForbidsOverrides",
        ),
        (
            save(FREE, "openai", json!({"foo": 1})),
            "PlanForbidsOverrides",
        ),
        (
            put(FREE, "openai", &["model"], json!({"temperature": 1})),
            "PlanForbidsOverrides",
        ),
        (save(STARTER, "openai", bad()), "FieldInvalid config.model"),
        (reset(UNKNOWN, "nonsense"), "FieldInvalid integration_type"),
        (reset(UNKNOWN, "openai"), "AccountNotFound"),
        (reset(DELETED, "openai"), "AccountNotFound"),
        // Writes of a suspended account go on.
        (
            save(SUSPENDED, "openai", json!({"model": "gpt-4o"})),
            "changed",
        ),
    ] {
        assert_eq!(outcome(&platform.decide(&command)), expected, "{command:?}");
    }
}

#[test]
fn a_type_that_is_only_viewed_names_the_one_to_save() {
    let platform = Platform::new();
    for kind in ["dalle", "runware"] {
        let rejection = platform
            .decide(&save(STARTER, kind, json!({})))
            .unwrap_err();
        assert!(
            rejection.violations[0]
                .description
                .contains("image_generation")
        );
    }
    let rejection = platform
        .decide(&save(STARTER, "gsc", json!({})))
        .unwrap_err();
    let right = &rejection.violations[0].description;
    for kind in ["text_generation", "image_generation", "openai", "anthropic"] {
        assert!(right.contains(kind), "{right}");
    }
}

#[test]
fn free_may_remove_and_switch_off_but_not_set_or_switch_on() {
    let mut platform = Platform::new();
    platform.run(&save(
        STARTER,
        "openai",
        json!({"model": "gpt-4o", "temperature": 0.2}),
    ));
    platform.run(&push(account(STARTER, Plan::Free, 2)));
    let forbidden = "PlanForbidsOverrides";
    for (command, expected) in [
        (
            save(STARTER, "openai", json!({"model": "gpt-5"})),
            forbidden,
        ),
        // Even one that is equal to what is stored.
        (
            save(STARTER, "openai", json!({"model": "gpt-4o"})),
            forbidden,
        ),
        (
            save(
                STARTER,
                "openai",
                json!({"model": null, "temperature": 0.2}),
            ),
            forbidden,
        ),
        (
            put(STARTER, "openai", &["*"], json!({"model": "gpt-4o"})),
            forbidden,
        ),
        (save(STARTER, "openai", json!({"enabled": true})), forbidden),
        (switch(STARTER, "openai", true, json!({})), forbidden),
        (save(STARTER, "openai", json!({})), "unchanged"),
        (save(STARTER, "openai", json!({"apiKey": "x"})), "unchanged"),
        (
            save(
                STARTER,
                "openai",
                json!({"id": "openai", "using_global": false}),
            ),
            "unchanged",
        ),
        (save(STARTER, "openai", json!({"model": null})), "changed"),
        (put(STARTER, "openai", &["*"], json!({})), "changed"),
        (
            save(STARTER, "openai", json!({"enabled": false})),
            "changed",
        ),
        (
            switch(STARTER, "openai", false, json!({"model": null})),
            "changed",
        ),
        (reset(STARTER, "openai"), "changed"),
    ] {
        assert_eq!(outcome(&platform.decide(&command)), expected, "{command:?}");
    }
    for id in [GROWTH, SCALE] {
        platform.run(&save(id, "openai", json!({"model": "gpt-4o"})));
    }
}

#[test]
fn a_refused_save_applies_nothing() {
    let mut platform = Platform::new();
    platform.run(&save(STARTER, "openai", json!({"model": "gpt-4o"})));
    let command = save(
        STARTER,
        "openai",
        json!({"model": "gpt-5", "max_tokens": 0}),
    );
    assert_eq!(
        outcome(&platform.decide(&command)),
        "FieldInvalid config.max_tokens"
    );
    assert_eq!(
        row(&platform, STARTER, "openai"),
        json!({"model": "gpt-4o"})
    );
}

#[test]
fn etags_guard_the_row_and_an_absent_one_has_a_constant() {
    let mut platform = Platform::new();
    let kind = aiconfig_domain::IntegrationType::parse("openai").unwrap();
    let key = |id| ResourceKey::Override(account_id(id), kind.clone());
    let guarded = |etag: &str, model: &str| {
        let Command::SaveSettings(command) = save(STARTER, "openai", json!({"model": model}))
        else {
            panic!("not a save");
        };
        Command::SaveSettings(SaveSettings {
            expected_etag: Some(etag.to_owned()),
            ..command
        })
    };
    let absent = platform.snapshot.etag(&key(STARTER));
    assert_eq!(absent, platform.snapshot.etag(&key(GROWTH)));
    platform.run(&guarded(&absent, "gpt-4o"));
    assert_eq!(
        outcome(&platform.decide(&guarded(&absent, "gpt-5"))),
        "EtagMismatch"
    );
    let present = platform.snapshot.etag(&key(STARTER));
    // Nothing inherited is in it.
    platform.run(&crate::platform::globals(
        "openai",
        json!({"temperature": 0.1}),
    ));
    assert_eq!(platform.snapshot.etag(&key(STARTER)), present);
    platform.run(&guarded(&present, "gpt-5"));
    assert_ne!(platform.snapshot.etag(&key(STARTER)), present);
    platform.run(&reset(STARTER, "openai"));
    assert_eq!(platform.snapshot.etag(&key(STARTER)), absent);
}

#[test]
fn what_a_view_gave_out_is_ignored() {
    let mut platform = Platform::new();
    let decision = platform.run(&save(
        STARTER,
        "openai",
        json!({
            "id": "openai", "integration_type": "openai", "using_global": true, "sources": {"model": "GLOBAL"},
            "can_override": true, "choices": {"models": ["gpt-4o"]}, "etag": "x", "revision": 7, "in_use": true,
            "status": "CONNECTED", "function_defaults": [], "model": "gpt-4o"
        }),
    ));
    assert!(decision.stripped_fields.is_empty());
    assert_eq!(
        row(&platform, STARTER, "openai"),
        json!({"model": "gpt-4o"})
    );
}

#[test]
fn stripped_paths_are_named_in_answers_and_refusals() {
    let mut platform = Platform::new();
    let config =
        |model: Value| json!({"model": model, "apiKey": "x", "deep": {"client_secret": "y"}});
    let mut stripped = platform
        .run(&save(STARTER, "openai", config(json!("gpt-4o"))))
        .stripped_fields;
    stripped.sort();
    assert_eq!(stripped, ["apiKey", "deep.client_secret"]);
    for command in [
        save(STARTER, "openai", config(json!("nonsense"))),
        save(STARTER, "nonsense", config(json!("gpt-4o"))),
        save(STARTER, "dalle", config(json!("gpt-4o"))),
        put(STARTER, "openai", &["steps"], config(json!("gpt-4o"))),
        save(UNKNOWN, "openai", config(json!("gpt-4o"))),
        save(FREE, "openai", config(json!("gpt-4o"))),
    ] {
        let rejection = platform.decide(&command).unwrap_err();
        let named = rejection
            .metadata
            .iter()
            .find_map(|(name, value)| (*name == "stripped_fields").then_some(value.as_str()));
        let mut named: Vec<&str> = named.unwrap_or_default().split(',').collect();
        named.sort_unstable();
        assert_eq!(named, ["apiKey", "deep.client_secret"], "{command:?}");
    }
}

#[test]
fn refused_values_are_not_echoed() {
    let platform = Platform::new();
    let canary = "canary-7f3a";
    for (kind, field) in [
        ("openai", "model"),
        ("openai", "temperature"),
        ("openai", "max_tokens"),
        ("openai", "enabled"),
        ("openai", "foo"),
        ("openai", "apiKey"),
        ("text_generation", "service"),
        ("image_generation", "service"),
        ("image_generation", "model"),
        ("image_generation", "image_size"),
        ("image_generation", "image_quality"),
        ("image_generation", "steps"),
    ] {
        for id in [STARTER, FREE, UNKNOWN] {
            let config = json!({field: canary, "max_tokens": -1, "steps": -1});
            let rejection = platform.decide(&save(id, kind, config)).unwrap_err();
            let told = format!("{rejection:?} {rejection}");
            assert!(!told.contains(canary), "{told}");
        }
    }
}
