//! Saves and resets: what is set, cleared, replaced, left alone, switched (section 3).

use aiconfig_domain::{Command, Field, IntegrationType, ResetSettings, SaveSettings};
use serde_json::{Value, json};

use crate::outcome::outcome;
use crate::platform::{
    FREE, Platform, STARTER, account, account_id, globals, push, save, update_model,
};

/// The stored row of a type, as JSON; `null` if there is none.
pub(crate) fn row(platform: &Platform, id: i64, kind: &str) -> Value {
    let kind = IntegrationType::parse(kind).unwrap();
    let entry = platform.snapshot.account(account_id(id)).unwrap();
    entry.override_of(&kind).map_or(Value::Null, |row| {
        let mut fields = serde_json::to_value(&row.value.fields).unwrap();
        if !row.value.enabled {
            fields["enabled"] = json!(false);
        }
        fields
    })
}

/// A save with a mask.
pub(crate) fn put(id: i64, kind: &str, mask: &[&str], config: Value) -> Command {
    let Command::SaveSettings(command) = save(id, kind, config) else {
        panic!("not a save");
    };
    Command::SaveSettings(SaveSettings {
        mask: Some(mask.iter().map(ToString::to_string).collect()),
        ..command
    })
}

/// A save with the request's switch.
pub(crate) fn switch(id: i64, kind: &str, enabled: bool, config: Value) -> Command {
    let Command::SaveSettings(command) = save(id, kind, config) else {
        panic!("not a save");
    };
    Command::SaveSettings(SaveSettings {
        enabled: Some(enabled),
        ..command
    })
}

pub(crate) fn reset(id: i64, kind: &str) -> Command {
    Command::ResetSettings(ResetSettings {
        account_id: account_id(id),
        integration_type: kind.to_owned(),
        expected_etag: None,
    })
}

/// Stores `before` as the starter account's `openai` row, runs a command and compares the row.
#[track_caller]
fn check(before: Value, command: Command, after: Value) {
    let mut platform = Platform::new();
    if !before.is_null() {
        platform.run(&save(STARTER, "openai", before.clone()));
    }
    let decision = platform.run(&command);
    assert_eq!(row(&platform, STARTER, "openai"), after, "{command:?}");
    assert_eq!(decision.changes.is_empty(), before == after, "{command:?}");
}

#[test]
fn without_a_mask_given_fields_are_set_absent_ones_stay_and_nulls_clear() {
    let patch = |config| save(STARTER, "openai", config);
    let both = json!({"model": "gpt-4o", "temperature": 0.2});
    for (before, config, after) in [
        (
            Value::Null,
            json!({"model": "gpt-4o"}),
            json!({"model": "gpt-4o"}),
        ),
        (Value::Null, json!({}), Value::Null),
        (Value::Null, json!({"model": null}), Value::Null),
        (both.clone(), json!({}), both.clone()),
        (
            both.clone(),
            json!({"temperature": 0.5}),
            json!({"model": "gpt-4o", "temperature": 0.5}),
        ),
        (
            both.clone(),
            json!({"model": null}),
            json!({"temperature": 0.2}),
        ),
        (
            both.clone(),
            json!({"model": null, "max_tokens": 100}),
            json!({"temperature": 0.2, "max_tokens": 100}),
        ),
        (
            both.clone(),
            json!({"model": null, "temperature": null}),
            Value::Null,
        ),
        (both.clone(), both.clone(), both.clone()),
        // A protobuf Struct has no whole numbers of its own.
        (
            Value::Null,
            json!({"max_tokens": 8192.0}),
            json!({"max_tokens": 8192}),
        ),
    ] {
        check(before, patch(config), after);
    }
}

#[test]
fn with_a_mask_masked_and_absent_clears_and_a_star_replaces_the_row() {
    let both = json!({"model": "gpt-4o", "temperature": 0.2});
    for (mask, config, after) in [
        (&["model"][..], json!({}), json!({"temperature": 0.2})),
        (
            &["model"],
            json!({"model": null}),
            json!({"temperature": 0.2}),
        ),
        (
            &["model"],
            json!({"model": "gpt-5"}),
            json!({"model": "gpt-5", "temperature": 0.2}),
        ),
        (&["model", "temperature"], json!({}), Value::Null),
        (
            &["*"],
            json!({"temperature": 0.9}),
            json!({"temperature": 0.9}),
        ),
        (&["*"], json!({}), Value::Null),
        (&["*"], both.clone(), both.clone()),
        // The switch is no override: a mask that names it and a save without it leave it.
        (&["enabled"], json!({}), both.clone()),
    ] {
        check(both.clone(), put(STARTER, "openai", mask, config), after);
    }
    let platform = Platform::new();
    for (mask, config, expected) in [
        (
            &["model"][..],
            json!({"temperature": 0.2}),
            "MaskInvalid config.temperature",
        ),
        (
            &["model"],
            json!({"temperature": null}),
            "MaskInvalid config.temperature",
        ),
        (&["steps"], json!({}), "MaskInvalid update_mask"),
        (&["service"], json!({}), "MaskInvalid update_mask"),
        (&["nonsense"], json!({}), "MaskInvalid update_mask"),
        (&["model", "api_key"], json!({}), "MaskInvalid update_mask"),
    ] {
        let command = put(STARTER, "openai", mask, config);
        assert_eq!(outcome(&platform.decide(&command)), expected, "{command:?}");
    }
}

#[test]
fn a_stripped_path_is_untouched_mask_or_not() {
    let both = json!({"model": "gpt-4o", "temperature": 0.2});
    let key = "sk-test-0123456789abcdef";
    for (mask, config, after) in [
        (None, json!({"apiKey": "x"}), both.clone()),
        (None, json!({"model": key}), both.clone()),
        (Some("*"), json!({"apiKey": "x"}), both.clone()),
        (Some("*"), json!({"deep": {"api_key": "x"}}), both.clone()),
        (Some("*"), json!({"model": key}), both.clone()),
        // What a view gave out is no content of the body.
        (
            Some("*"),
            json!({"id": "openai", "apiKey": "x"}),
            both.clone(),
        ),
        (
            Some("*"),
            json!({"model": key, "temperature": 0.9}),
            json!({"model": "gpt-4o", "temperature": 0.9}),
        ),
        (
            Some("*"),
            json!({"model": {"apiKey": "x"}, "temperature": 0.9}),
            json!({"model": "gpt-4o", "temperature": 0.9}),
        ),
        (
            Some("*"),
            json!({"model": [key], "temperature": 0.9}),
            json!({"model": "gpt-4o", "temperature": 0.9}),
        ),
        (Some("model"), json!({"model": key}), both.clone()),
        (
            Some("temperature"),
            json!({"model": key, "temperature": 0.9}),
            json!({"model": "gpt-4o", "temperature": 0.9}),
        ),
        // What stripping left is a body as any other.
        (
            Some("*"),
            json!({"apiKey": "x", "temperature": 0.9}),
            json!({"temperature": 0.9}),
        ),
        (
            Some("model"),
            json!({"apiKey": "x", "id": "openai", "model": null}),
            json!({"temperature": 0.2}),
        ),
    ] {
        let command = match mask {
            Some(mask) => put(STARTER, "openai", &[mask], config),
            None => save(STARTER, "openai", config),
        };
        check(both.clone(), command, after);
    }
}

#[test]
fn the_switch_is_no_override_and_an_empty_row_that_is_on_goes() {
    let model = json!({"model": "gpt-4o"});
    let off = json!({"model": "gpt-4o", "enabled": false});
    let patch = |config| save(STARTER, "openai", config);
    let on = |enabled, config| switch(STARTER, "openai", enabled, config);
    for (before, command, after) in [
        (model.clone(), patch(json!({"enabled": false})), off.clone()),
        (model.clone(), on(false, json!({})), off.clone()),
        (
            model.clone(),
            on(false, json!({"enabled": false})),
            off.clone(),
        ),
        (
            model.clone(),
            put(STARTER, "openai", &["*"], off.clone()),
            off.clone(),
        ),
        (off.clone(), patch(json!({"enabled": true})), model.clone()),
        // A save without it leaves it, also one that replaces the row.
        (
            off.clone(),
            patch(json!({"model": "gpt-5"})),
            json!({"model": "gpt-5", "enabled": false}),
        ),
        (
            off.clone(),
            put(STARTER, "openai", &["*"], json!({"temperature": 0.1})),
            json!({"temperature": 0.1, "enabled": false}),
        ),
        // A row without fields stays while it is off, and goes when it is switched on.
        (
            Value::Null,
            patch(json!({"enabled": false})),
            json!({"enabled": false}),
        ),
        (
            off.clone(),
            patch(json!({"model": null})),
            json!({"enabled": false}),
        ),
        (json!({"enabled": false}), on(true, json!({})), Value::Null),
        (Value::Null, on(true, json!({})), Value::Null),
        (
            off.clone(),
            patch(json!({"model": null, "enabled": true})),
            Value::Null,
        ),
    ] {
        check(before, command, after);
    }
    let platform = Platform::new();
    for (command, expected) in [
        (on(true, json!({"enabled": false})), "FieldInvalid enabled"),
        (
            on(false, json!({"enabled": true, "model": "gpt-4o"})),
            "FieldInvalid enabled",
        ),
        (
            patch(json!({"enabled": "yes"})),
            "FieldInvalid config.enabled",
        ),
        (patch(json!({"enabled": 1})), "FieldInvalid config.enabled"),
    ] {
        assert_eq!(outcome(&platform.decide(&command)), expected, "{command:?}");
    }
}

#[test]
fn a_reset_deletes_the_row_whatever_it_holds() {
    for before in [
        json!({"model": "gpt-4o"}),
        json!({"enabled": false}),
        json!({"model": "gpt-4o", "enabled": false}),
        Value::Null,
    ] {
        check(before, reset(STARTER, "openai"), Value::Null);
    }
    // FREE may remove what it made on another plan.
    let mut platform = Platform::new();
    platform.run(&save(STARTER, "openai", json!({"model": "gpt-4o"})));
    platform.run(&push(account(STARTER, aiconfig_domain::Plan::Free, 2)));
    platform.run(&reset(STARTER, "openai"));
    assert_eq!(row(&platform, STARTER, "openai"), Value::Null);
    assert_eq!(
        outcome(&platform.decide(&reset(FREE, "openai"))),
        "unchanged"
    );
}

#[test]
fn a_value_equal_to_the_default_is_pinned() {
    let pinned = |changes: Vec<Command>, kind: &str, config: Value| {
        let mut platform = Platform::new();
        for command in changes {
            platform.run(&command);
        }
        platform
            .run(&save(STARTER, kind, config))
            .pinned_same_as_default
    };
    let platform = Platform::new();
    let mini = |changes| update_model(&platform.snapshot, "gpt-4o-mini", changes);
    let lower = || mini(json!({"max_output_tokens": 4096}));
    let retire = || mini(json!({"active": false, "replacement": "gpt-4o"}));
    let unset = || globals("openai", json!({"max_tokens": null}));
    let dalle = || globals("image_generation", json!({"service": "dalle"}));
    for (changes, kind, config, expected) in [
        (
            vec![],
            "openai",
            json!({"model": "gpt-4o-mini"}),
            vec![Field::Model],
        ),
        (
            vec![],
            "openai",
            json!({"model": "gpt-4o", "max_tokens": 8192}),
            vec![Field::MaxTokens],
        ),
        (vec![], "openai", json!({"temperature": 0.5}), vec![]),
        (
            vec![],
            "text_generation",
            json!({"service": "openai"}),
            vec![Field::Service],
        ),
        (
            vec![],
            "text_generation",
            json!({"service": "anthropic"}),
            vec![],
        ),
        // The default of the default's model holds where the global settings have no value...
        (
            vec![unset()],
            "openai",
            json!({"max_tokens": 16384}),
            vec![Field::MaxTokens],
        ),
        (
            vec![],
            "image_generation",
            json!({"image_quality": "medium"}),
            vec![Field::ImageQuality],
        ),
        // ...and one that is clamped or replaced counts as what it becomes.
        (
            vec![lower()],
            "openai",
            json!({"max_tokens": 4096}),
            vec![Field::MaxTokens],
        ),
        (
            vec![retire()],
            "openai",
            json!({"model": "gpt-4o"}),
            vec![Field::Model],
        ),
        // The service of images has one name, whichever was given.
        (
            vec![],
            "image_generation",
            json!({"service": "dalle"}),
            vec![Field::Service],
        ),
        (
            vec![dalle()],
            "image_generation",
            json!({"service": "openai"}),
            vec![Field::Service],
        ),
        (
            vec![],
            "image_generation",
            json!({"image_size": "1024x1024", "image_format": "webp", "max_in_article_images": 3}),
            vec![Field::ImageSize, Field::ImageFormat],
        ),
    ] {
        assert_eq!(
            pinned(changes, kind, config.clone()),
            expected,
            "{kind} {config}"
        );
    }
}
