//! What a call is refused for, in which order, and what the refusal names (section 4).

use serde_json::{Value, json};

use crate::answer::{answer, check, check_in, with};
use crate::platform::{DELETED, FREE, Platform, STARTER, SUSPENDED, account_id};
use crate::steps::{after, model, old_section};

const TEXT: &str = "generate_content";
const IMAGE: &str = "generate_images";

#[test]
fn a_value_of_a_call_is_never_silently_changed() {
    let platform = Platform::new();
    for (function, overrides, fields) in [
        // Out of range.
        (TEXT, json!({"temperature": 2.1}), "temperature"),
        (TEXT, json!({"temperature": -0.1}), "temperature"),
        (
            TEXT,
            json!({"model": "claude-sonnet", "temperature": 1.1}),
            "temperature",
        ),
        (TEXT, json!({"max_tokens": 0}), "max_tokens"),
        (TEXT, json!({"max_tokens": 16_385}), "max_tokens"),
        (
            IMAGE,
            json!({"max_in_article_images": 21}),
            "max_in_article_images",
        ),
        (
            IMAGE,
            json!({"model": "runware:97@1", "steps": 101}),
            "steps",
        ),
        (
            IMAGE,
            json!({"model": "runware:97@1", "guidance": 50.5}),
            "guidance",
        ),
        // Not in the list; an alias is not listed here.
        (IMAGE, json!({"image_size": "7x7"}), "image_size"),
        (IMAGE, json!({"image_quality": "hd"}), "image_quality"),
        (IMAGE, json!({"image_format": "jpg"}), "image_format"),
        // A field that the model lacks.
        (
            TEXT,
            json!({"model": "gpt-5", "temperature": 0.5}),
            "temperature",
        ),
        (IMAGE, json!({"image_style": "vivid"}), "image_style"),
        (IMAGE, json!({"steps": 20}), "steps"),
        (
            IMAGE,
            json!({"model": "runware:100@1", "guidance": 5.0}),
            "guidance",
        ),
        // A field that the modality lacks.
        (TEXT, json!({"image_size": "1024x1024"}), "image_size"),
        (IMAGE, json!({"temperature": 0.5}), "temperature"),
        (IMAGE, json!({"max_tokens": 5}), "max_tokens"),
        (
            "embed_content",
            json!({"model": "embed-small", "max_tokens": 5}),
            "max_tokens",
        ),
        // An unknown model or service, one of another modality, one of another provider than the
        // call's service.
        (TEXT, json!({"model": "nonsense"}), "model"),
        (TEXT, json!({"service": "nonsense"}), "service"),
        (TEXT, json!({"service": "No Slug"}), "service"),
        (TEXT, json!({"model": "gpt-image"}), "model"),
        (TEXT, json!({"model": "embed-small"}), "model"),
        (TEXT, json!({"service": "runware"}), "service"),
        (IMAGE, json!({"service": "anthropic"}), "service"),
        (
            TEXT,
            json!({"service": "anthropic", "model": "gpt-4o"}),
            "model",
        ),
        (
            IMAGE,
            json!({"service": "openai", "model": "runware:97@1"}),
            "model",
        ),
    ] {
        let expected = format!("FieldInvalid overrides.{fields}");
        check_in(&platform, &with(function, STARTER, overrides), &expected);
    }
}

#[test]
fn all_violations_come_at_once() {
    let platform = Platform::new();
    for (function, overrides, fields) in [
        (
            TEXT,
            json!({"temperature": 9, "max_tokens": 0}),
            vec!["temperature", "max_tokens"],
        ),
        (
            TEXT,
            json!({"image_size": "1x1", "temperature": 9}),
            vec!["temperature", "image_size"],
        ),
        (
            TEXT,
            json!({"service": "nonsense", "model": "nonsense"}),
            vec!["service", "model"],
        ),
        (
            IMAGE,
            json!({"image_size": "1x1", "image_quality": "ultra", "max_in_article_images": -1}),
            vec!["image_size", "image_quality", "max_in_article_images"],
        ),
        // Beside a model that is not known, what holds for every model is checked.
        (
            IMAGE,
            json!({"model": "nonsense", "max_in_article_images": 21}),
            vec!["model", "max_in_article_images"],
        ),
        (
            TEXT,
            json!({"model": "nonsense", "temperature": 2.1, "max_tokens": 0}),
            vec!["model", "temperature", "max_tokens"],
        ),
    ] {
        let query = with(function, STARTER, overrides);
        let rejection = answer(&platform, &query).unwrap_err();
        let mut found: Vec<&str> = rejection
            .violations
            .iter()
            .map(|v| v.field.as_str())
            .collect();
        found.sort_unstable();
        let mut wanted: Vec<String> = fields.iter().map(|f| format!("overrides.{f}")).collect();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{query:?}");
    }
}

#[test]
fn refused_values_name_the_choices_and_are_not_echoed() {
    let platform = Platform::new();
    for (function, overrides, choice) in [
        (TEXT, json!({"model": "canary"}), "gpt-4o-mini"),
        (
            TEXT,
            json!({"service": "anthropic", "model": "canary"}),
            "claude-sonnet",
        ),
        (TEXT, json!({"service": "canary"}), "anthropic"),
        (IMAGE, json!({"service": "canary"}), "runware"),
        (IMAGE, json!({"image_size": "canary"}), "1536x1024"),
        (
            IMAGE,
            json!({"image_quality": "canary"}),
            "medium, low, high",
        ),
    ] {
        let query = with(function, STARTER, overrides);
        let rejection = answer(&platform, &query).unwrap_err();
        assert!(
            rejection.violations[0].description.contains(choice),
            "{rejection:?}"
        );
        assert!(
            !format!("{rejection:?}").contains("canary"),
            "{rejection:?}"
        );
    }
}

#[test]
fn a_retired_or_inactive_model_of_a_call_is_refused_with_its_replacement() {
    let retired = "ModelRetired";
    for (function, overrides, expected) in [
        (TEXT, json!({"model": "gpt-4"}), retired),
        (TEXT, json!({"model": "gpt-4-32k"}), retired),
        (TEXT, json!({"model": "gpt-3"}), retired),
        (
            TEXT,
            json!({"model": "gpt-4", "max_tokens": 16_384}),
            retired,
        ),
        (IMAGE, json!({"model": "dall-e-3"}), retired),
        (IMAGE, json!({"model": "runware:1@1"}), retired),
        // A value that would be good with the model that is asked for is no other fault.
        (IMAGE, json!({"model": "runware:1@1", "steps": 5}), retired),
        (
            IMAGE,
            json!({"model": "runware:1@1", "image_size": "512x512"}),
            retired,
        ),
        // Invalid values come before it.
        (
            TEXT,
            json!({"model": "gpt-4", "temperature": 9}),
            "FieldInvalid overrides.temperature",
        ),
        (
            TEXT,
            json!({"model": "gpt-3", "max_tokens": 0}),
            "FieldInvalid overrides.max_tokens",
        ),
        (
            TEXT,
            json!({"model": "gpt-4", "image_size": "1x1"}),
            "FieldInvalid overrides.image_size",
        ),
        (
            TEXT,
            json!({"service": "anthropic", "model": "gpt-4"}),
            "FieldInvalid overrides.model",
        ),
        (
            IMAGE,
            json!({"model": "dall-e-3", "steps": 5}),
            "FieldInvalid overrides.steps",
        ),
    ] {
        check(&[], &with(function, STARTER, overrides), expected);
    }
    let platform = Platform::new();
    let replacement = |name: &str| -> Option<String> {
        let query = with(TEXT, STARTER, json!({"model": name}));
        let rejection = answer(&platform, &query).unwrap_err();
        let fact = rejection
            .metadata
            .iter()
            .find(|(name, _)| *name == "replacement");
        fact.map(|(_, value)| value.clone())
    };
    assert_eq!(replacement("gpt-4-32k").as_deref(), Some("gpt-4o"));
    assert_eq!(replacement("gpt-3"), None);
    // It is told even where no level yields another model.
    let steps = [model("gpt-4o-mini", json!({"active": false}))];
    check(
        &steps,
        &with(TEXT, STARTER, json!({"model": "gpt-3"})),
        "ModelRetired",
    );
    let steps = [old_section("text_generation", json!({}))];
    check(
        &steps,
        &with(TEXT, STARTER, json!({"model": "gpt-3"})),
        "ModelRetired",
    );
}

#[test]
fn refusals_come_in_one_order() {
    let bad = || json!({"model": "nonsense", "temperature": 9});
    for (function, account, overrides, expected) in [
        ("nonsense", SUSPENDED, bad(), "FunctionNotFound"),
        ("nonsense", FREE, bad(), "FunctionNotFound"),
        (TEXT, SUSPENDED, bad(), "AccountInactive"),
        (TEXT, DELETED, bad(), "AccountInactive"),
        (TEXT, FREE, bad(), "PlanForbidsOverrides"),
        (
            TEXT,
            STARTER,
            json!({"model": "gpt-4", "temperature": 9}),
            "FieldInvalid overrides.temperature",
        ),
        (TEXT, STARTER, json!({"model": "gpt-4"}), "ModelRetired"),
    ] {
        check(&[], &with(function, account, overrides), expected);
    }
    // Invalid values come before that nothing is configured.
    let unset = || [old_section("text_generation", json!({}))];
    check(
        &unset(),
        &with(TEXT, STARTER, json!({"temperature": 9})),
        "FieldInvalid overrides.temperature",
    );
    check(
        &unset(),
        &with(TEXT, STARTER, Value::Object(serde_json::Map::new())),
        "NoModelConfigured",
    );
}

#[test]
fn an_unknown_function_is_told_the_nearest_name() {
    let platform = Platform::new();
    for (name, nearest) in [
        ("generate_contents", "generate_content"),
        ("generate_image", "generate_images"),
        ("embed", "embed_content"),
    ] {
        let rejection = answer(&platform, &with(name, STARTER, json!({}))).unwrap_err();
        assert!(rejection.message.contains(nearest), "{}", rejection.message);
    }
}

#[test]
fn refusals_name_what_they_are_about() {
    let platform = after(&[]);
    for (query, kind, name) in [
        (
            with(TEXT, SUSPENDED, json!({})),
            "Account",
            account_id(SUSPENDED).to_string(),
        ),
        (
            with(TEXT, FREE, json!({"temperature": 0.1})),
            "Account",
            account_id(FREE).to_string(),
        ),
        (
            with(TEXT, STARTER, json!({"model": "gpt-4"})),
            "Model",
            "gpt-4".to_owned(),
        ),
        (
            with("embed_content", STARTER, json!({})),
            "Function",
            "embed_content".to_owned(),
        ),
    ] {
        let rejection = answer(&platform, &query).unwrap_err();
        assert_eq!(rejection.resource, Some((kind, name)));
    }
}
