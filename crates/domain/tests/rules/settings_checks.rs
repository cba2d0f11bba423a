//! What the values of a save are checked against (section 3).

use aiconfig_domain::Rejection;
use serde_json::{Value, json};

use crate::outcome::{outcome, refusal};
use crate::platform::{Platform, STARTER, save, update_model};
use crate::settings::{put, row, switch};

/// Runs a save after others; the row that it leaves, or the refusal.
fn saved(before: &[(&str, Value)], kind: &str, config: Value) -> Result<Value, Rejection> {
    let mut platform = Platform::new();
    for (kind, config) in before {
        platform.run(&save(STARTER, kind, config.clone()));
    }
    let decision = platform.decide(&save(STARTER, kind, config))?;
    platform.apply(&decision.changes);
    Ok(row(&platform, STARTER, kind))
}

#[track_caller]
fn accepts(kind: &str, config: Value) {
    let result = saved(&[], kind, config.clone());
    assert_eq!(result.as_ref(), Ok(&config), "{kind} {config}: {result:?}");
}

#[track_caller]
fn refuses(kind: &str, config: Value, fields: &str) {
    let rejection = saved(&[], kind, config.clone()).unwrap_err();
    assert_eq!(
        refusal(&rejection),
        format!("FieldInvalid {fields}"),
        "{kind} {config}"
    );
}

#[test]
fn ranges_hold_at_both_ends() {
    for (kind, field, inside, outside) in [
        (
            "openai",
            "temperature",
            [json!(0.0), json!(2.0)],
            [json!(-0.01), json!(2.01)],
        ),
        (
            "anthropic",
            "temperature",
            [json!(0.0), json!(1.0)],
            [json!(-0.01), json!(1.01)],
        ),
        (
            "openai",
            "max_tokens",
            [json!(1), json!(16_384)],
            [json!(0), json!(16_385)],
        ),
        (
            "image_generation",
            "max_in_article_images",
            [json!(0), json!(20)],
            [json!(-1), json!(21)],
        ),
        (
            "image_generation",
            "steps",
            [json!(1), json!(100)],
            [json!(0), json!(101)],
        ),
        (
            "image_generation",
            "guidance",
            [json!(0.0), json!(50.0)],
            [json!(-0.1), json!(50.1)],
        ),
    ] {
        for value in inside {
            accepts(kind, json!({field: value}));
        }
        for value in outside {
            refuses(kind, json!({field: value}), &format!("config.{field}"));
        }
    }
}

#[test]
fn values_of_the_wrong_type_and_unknown_fields_are_refused_each() {
    for (kind, field, wrong) in [
        (
            "openai",
            "model",
            vec![json!(1), json!(true), json!(""), json!({}), json!([])],
        ),
        (
            "openai",
            "temperature",
            vec![json!("0.7"), json!(true), json!([0.7])],
        ),
        (
            "openai",
            "max_tokens",
            vec![json!("4000"), json!(1.5), json!(1e12), json!({"a": 1})],
        ),
        (
            "text_generation",
            "service",
            vec![json!(1), json!(["openai"])],
        ),
        (
            "image_generation",
            "image_size",
            vec![json!(1024), json!({"w": 1})],
        ),
    ] {
        for value in wrong {
            refuses(kind, json!({field: value}), &format!("config.{field}"));
        }
    }
    refuses(
        "openai",
        json!({"foo": 1, "model": "gpt-4o", "temperature": "hot", "steps": 3}),
        "config.foo config.steps config.temperature",
    );
    // Fields of other types are unknown here.
    refuses("openai", json!({"service": "openai"}), "config.service");
    refuses(
        "text_generation",
        json!({"model": "gpt-4o"}),
        "config.model",
    );
    refuses(
        "embedding_generation",
        json!({"max_tokens": 5}),
        "config.max_tokens",
    );
}

#[test]
fn a_model_is_of_the_modality_of_the_provider_and_usable_or_retired() {
    for (kind, model) in [
        ("openai", "gpt-5"),
        ("openai", "gpt-4"),
        ("anthropic", "claude-haiku"),
        ("image_generation", "gpt-image-wide"),
        // Without a service of the row the model's own provider stands.
        ("image_generation", "runware:100@1"),
        ("image_generation", "dall-e-3"),
        ("embedding_generation", "embed-large"),
    ] {
        accepts(kind, json!({"model": model}));
    }
    for (kind, model) in [
        ("openai", "nonsense"),
        ("openai", "gpt-3"),
        ("openai", "claude-sonnet"),
        ("openai", "embed-small"),
        ("openai", "gpt-image"),
        ("image_generation", "gpt-4o"),
        ("image_generation", "runware:1@1"),
        ("embedding_generation", "gpt-4o"),
    ] {
        refuses(kind, json!({"model": model}), "config.model");
    }
    let rejection = saved(&[], "openai", json!({"model": "nonsense"})).unwrap_err();
    let right = &rejection.violations[0].description;
    assert!(
        right.contains("gpt-4o-mini") && !right.contains("claude"),
        "{right}"
    );
    assert!(
        !right.contains("gpt-4,") && !right.contains("gpt-3"),
        "{right}"
    );
}

#[test]
fn a_retired_model_is_accepted_with_a_warning_that_names_what_is_used() {
    let mut platform = Platform::new();
    for (kind, model, used) in [
        ("openai", "gpt-4", "gpt-4o"),
        ("openai", "gpt-4-32k", "gpt-4o"),
        ("image_generation", "dall-e-3", "gpt-image"),
    ] {
        let warnings = platform
            .run(&save(STARTER, kind, json!({"model": model})))
            .warnings;
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(
            warnings[0].contains(model) && warnings[0].contains(used),
            "{warnings:?}"
        );
    }
    // Its limits are those of what is used; its own lists stay good, so that old forms still save.
    accepts("openai", json!({"model": "gpt-4", "max_tokens": 16_384}));
    refuses(
        "openai",
        json!({"model": "gpt-4", "max_tokens": 16_385}),
        "config.max_tokens",
    );
    accepts(
        "image_generation",
        json!({"model": "dall-e-3", "image_size": "1792x1024", "image_quality": "hd", "image_style": "vivid"}),
    );
    accepts(
        "image_generation",
        json!({"model": "dall-e-3", "image_size": "1536x1024", "image_quality": "low"}),
    );
    refuses(
        "image_generation",
        json!({"model": "dall-e-3", "image_size": "512x512"}),
        "config.image_size",
    );
}

#[test]
fn service_and_model_of_an_image_row_agree() {
    let kind = "image_generation";
    for (service, stored) in [
        ("openai", "openai"),
        ("dalle", "openai"),
        ("runware", "runware"),
    ] {
        let row = saved(&[], kind, json!({"service": service})).unwrap();
        assert_eq!(row, json!({"service": stored}));
    }
    accepts(kind, json!({"service": "runware", "model": "runware:97@1"}));
    accepts(kind, json!({"service": "openai", "model": "gpt-image"}));
    let both = "config.service config.model";
    refuses(
        kind,
        json!({"service": "runware", "model": "gpt-image"}),
        both,
    );
    refuses(
        kind,
        json!({"service": "openai", "model": "runware:97@1"}),
        both,
    );
    refuses(kind, json!({"service": "anthropic"}), "config.service");
    refuses(kind, json!({"service": "nonsense"}), "config.service");
    refuses(
        "text_generation",
        json!({"service": "dalle"}),
        "config.service",
    );
    refuses(
        "text_generation",
        json!({"service": "runware"}),
        "config.service",
    );
    for (before, config) in [
        (json!({"service": "runware"}), json!({"model": "gpt-image"})),
        (json!({"model": "gpt-image"}), json!({"service": "runware"})),
    ] {
        let rejection = saved(&[(kind, before)], kind, config).unwrap_err();
        assert_eq!(refusal(&rejection), format!("FieldInvalid {both}"));
    }
    let moved = saved(
        &[(kind, json!({"model": "gpt-image"}))],
        kind,
        json!({"service": "runware", "model": null}),
    );
    assert_eq!(moved, Ok(json!({"service": "runware"})));
}

#[test]
fn lists_and_limits_are_those_of_the_model_that_would_be_used() {
    let kind = "image_generation";
    // Without a model of the row: the effective one, gpt-image.
    accepts(
        kind,
        json!({"image_size": "1536x1024", "image_quality": "high"}),
    );
    refuses(kind, json!({"image_size": "1280x768"}), "config.image_size");
    refuses(kind, json!({"image_style": "vivid"}), "config.image_style");
    // An alias counts as listed, and stays as it was given.
    accepts(kind, json!({"image_quality": "hd", "image_format": "jpg"}));
    // Another service has another effective model.
    accepts(
        kind,
        json!({"service": "runware", "image_size": "1280x768"}),
    );
    refuses(
        kind,
        json!({"service": "runware", "image_size": "1536x1024"}),
        "config.image_size",
    );
    let rejection = saved(&[], kind, json!({"image_quality": "ultra"})).unwrap_err();
    let right = &rejection.violations[0].description;
    assert!(right.contains("medium, low, high"), "{right}");
    // What a given model affects is checked with it.
    for (kind, before, config, expected) in [
        (
            "openai",
            json!({"temperature": 1.5}),
            json!({"model": "gpt-small"}),
            "FieldInvalid config.temperature",
        ),
        (
            "openai",
            json!({"max_tokens": 9000}),
            json!({"model": "gpt-small"}),
            "FieldInvalid config.max_tokens",
        ),
        (
            kind,
            json!({"image_size": "1024x1024"}),
            json!({"model": "gpt-image-wide"}),
            "FieldInvalid config.image_size",
        ),
        (
            kind,
            json!({"image_size": "1536x1024"}),
            json!({"service": "runware"}),
            "FieldInvalid config.image_size",
        ),
    ] {
        let rejection = saved(&[(kind, before)], kind, config).unwrap_err();
        assert_eq!(refusal(&rejection), expected);
    }
}

#[test]
fn a_value_without_effect_is_accepted_with_a_warning() {
    let mut platform = Platform::new();
    for (kind, config, warned) in [
        (
            "openai",
            json!({"model": "gpt-5", "temperature": 2.0}),
            "temperature",
        ),
        (
            "image_generation",
            json!({"model": "runware:100@1", "guidance": 7.5}),
            "guidance",
        ),
        (
            "image_generation",
            json!({"model": null, "guidance": null, "steps": 20}),
            "steps",
        ),
    ] {
        let warnings = platform.run(&save(STARTER, kind, config)).warnings;
        assert!(
            matches!(warnings.as_slice(), [one] if one.contains(warned)),
            "{warnings:?}"
        );
    }
    refuses(
        "openai",
        json!({"model": "gpt-5", "temperature": 2.1}),
        "config.temperature",
    );
}

#[test]
fn a_stored_model_that_became_inactive_refuses_nothing() {
    let mut platform = Platform::new();
    platform.run(&save(
        STARTER,
        "openai",
        json!({"model": "gpt-4o", "temperature": 0.2}),
    ));
    let image = json!({"model": "gpt-image-wide", "image_style": "vivid"});
    platform.run(&save(STARTER, "image_generation", image));
    for id in ["gpt-4o", "gpt-image-wide"] {
        let command = update_model(&platform.snapshot, id, json!({"active": false}));
        platform.run(&command);
    }
    // Values are checked against what would be used in its place: gpt-4o-mini and gpt-image.
    for (command, expected) in [
        (
            save(STARTER, "openai", json!({"temperature": 0.3})),
            "changed",
        ),
        (
            save(STARTER, "openai", json!({"temperature": null})),
            "changed",
        ),
        (switch(STARTER, "openai", false, json!({})), "changed"),
        (
            put(STARTER, "openai", &["temperature"], json!({})),
            "changed",
        ),
        (
            save(STARTER, "openai", json!({"max_tokens": 16_384})),
            "changed",
        ),
        (
            save(STARTER, "openai", json!({"max_tokens": 16_385})),
            "FieldInvalid config.max_tokens",
        ),
        (
            save(STARTER, "openai", json!({"model": "gpt-4o"})),
            "FieldInvalid config.model",
        ),
        (
            save(STARTER, "image_generation", json!({"image_quality": "low"})),
            "changed",
        ),
        (
            save(STARTER, "image_generation", json!({"image_size": "7x7"})),
            "FieldInvalid config.image_size",
        ),
        (
            save(
                STARTER,
                "image_generation",
                json!({"max_in_article_images": 1}),
            ),
            "changed",
        ),
    ] {
        assert_eq!(outcome(&platform.decide(&command)), expected, "{command:?}");
    }
}
