//! What global settings and defaults of functions are checked against (section 3).

use aiconfig_domain::Command;
use serde_json::json;

use crate::outcome::outcome;
use crate::platform::{Platform, function_defaults, globals};

#[test]
fn sections_are_checked_as_saves_are() {
    let platform = Platform::new();
    let of = |command: Command| outcome(&platform.decide(&command));
    for (section, values, fields) in [
        ("openai", json!({"model": "nonsense"}), "model"),
        ("openai", json!({"model": "claude-sonnet"}), "model"),
        ("openai", json!({"temperature": 2.5}), "temperature"),
        ("openai", json!({"max_tokens": 16_385}), "max_tokens"),
        ("openai", json!({"image_size": "1024x1024"}), "image_size"),
        ("dalle", json!({"image_size": "1280x768"}), "image_size"),
        (
            "image_generation",
            json!({"service": "anthropic"}),
            "service",
        ),
        ("text_generation", json!({"service": "dalle"}), "service"),
        ("text_generation", json!({"service": null}), "service"),
        ("image_generation", json!({"service": null}), "service"),
        ("embedding_generation", json!({"model": "gpt-4o"}), "model"),
    ] {
        let expected = format!("FieldInvalid global_settings.sections.{section}.{fields}");
        assert_eq!(
            of(globals(section, values.clone())),
            expected,
            "{section} {values}"
        );
    }
    for (section, values) in [
        ("openai", json!({"model": "gpt-4"})),
        ("dalle", json!({"image_quality": "hd"})),
        ("dalle", json!({"max_in_article_images": 3})),
        ("embedding_generation", json!({"model": "embed-large"})),
        ("embedding_generation", json!({"service": "openai"})),
    ] {
        assert_eq!(
            of(globals(section, values.clone())),
            "changed",
            "{section} {values}"
        );
    }
}

#[test]
fn defaults_of_functions_are_checked_as_saves_are() {
    let platform = Platform::new();
    let of = |command: Command| outcome(&platform.decide(&command));
    for (function, defaults, fields) in [
        ("generate_content", json!({"model": "nonsense"}), "model"),
        ("generate_content", json!({"model": "gpt-3"}), "model"),
        ("generate_content", json!({"model": "gpt-image"}), "model"),
        ("generate_content", json!({"service": "runware"}), "service"),
        ("generate_content", json!({"max_tokens": 0}), "max_tokens"),
        (
            "generate_content",
            json!({"max_tokens": 16_385}),
            "max_tokens",
        ),
        (
            "generate_content",
            json!({"model": "gpt-small", "max_tokens": 4097}),
            "max_tokens",
        ),
        (
            "generate_content",
            json!({"image_size": "1024x1024"}),
            "image_size",
        ),
        (
            "generate_images",
            json!({"temperature": 0.5}),
            "temperature",
        ),
        (
            "generate_images",
            json!({"image_size": "1280x768"}),
            "image_size",
        ),
        ("embed_content", json!({"max_tokens": 5}), "max_tokens"),
    ] {
        let command = function_defaults(&platform.snapshot, function, defaults.clone());
        let expected = format!("FieldInvalid function.defaults.{fields}");
        assert_eq!(of(command), expected, "{function} {defaults}");
    }
    for (function, defaults) in [
        (
            "generate_content",
            json!({"service": "anthropic", "max_tokens": 64_000}),
        ),
        (
            "generate_content",
            json!({"model": "gpt-4", "temperature": 0.1}),
        ),
        (
            "generate_images",
            json!({"service": "dalle", "image_quality": "hd"}),
        ),
        (
            "generate_images",
            json!({"model": "runware:97@1", "image_size": "1280x768", "steps": 9}),
        ),
        ("embed_content", json!({"model": "embed-large"})),
    ] {
        let command = function_defaults(&platform.snapshot, function, defaults.clone());
        assert_eq!(of(command), "changed", "{function} {defaults}");
    }
}
