//! The settings JSON of a browser: credentials go and nothing else, and nothing refused is echoed.

use aiconfig_domain::{Field, looks_like_key, names_credential, parse_settings, strip_credentials};
use serde_json::Value;

use crate::mark::{MARK, marked};

/// The fields of some types: all of them, those of a text provider, those of images.
const TYPES: [&[Field]; 3] = [
    &Field::ALL,
    &[Field::Model, Field::Temperature, Field::MaxTokens],
    &[
        Field::Service,
        Field::Model,
        Field::ImageSize,
        Field::ImageQuality,
        Field::MaxInArticleImages,
    ],
];

/// Looks at a settings JSON.
pub(crate) fn check(data: &[u8]) {
    let Ok(config) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    strips(&config);
    for fields in TYPES {
        reads(&config, fields);
        echoes_nothing(&config, fields);
    }
}

fn strips(config: &Value) {
    let stripped = strip_credentials(config.clone());
    assert!(is_clean(&stripped.value), "a credential stayed");
    if stripped.paths.is_empty() {
        assert_eq!(stripped.value, *config, "something went without a path");
    } else {
        assert!(!is_clean(config), "a path without a credential");
        assert!(is_part(&stripped.value, config), "something was made up");
    }
    let again = strip_credentials(stripped.value.clone());
    assert_eq!(again.paths, [""; 0], "a second time finds more");
    assert_eq!(again.value, stripped.value);
}

/// Whether no member is named as a credential and no text has the shape of a key.
fn is_clean(value: &Value) -> bool {
    match value {
        Value::String(text) => !looks_like_key(text),
        Value::Array(items) => items.iter().all(is_clean),
        Value::Object(members) => members.iter().all(|(name, member)| {
            !names_credential(name) && !looks_like_key(name) && is_clean(member)
        }),
        _ => true,
    }
}

/// Whether a value is another one with members and items left out.
fn is_part(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Array(kept), Value::Array(items)) => {
            let mut items = items.iter();
            kept.iter()
                .all(|kept| items.any(|item| is_part(kept, item)))
        }
        (Value::Object(kept), Value::Object(members)) => kept.iter().all(|(name, kept)| {
            let member = members.get(name);
            member.is_some_and(|member| is_part(kept, member))
        }),
        // What is left of a credential alone is an object without members.
        (Value::Object(kept), Value::Array(_) | Value::String(_)) => kept.is_empty(),
        _ => part == whole,
    }
}

fn reads(config: &Value, fields: &[Field]) {
    let parsed = parse_settings(config.clone(), fields);
    for field in Field::ALL {
        let (set, cleared) = (parsed.values.has(field), parsed.cleared.contains(&field));
        let untouched = parsed.untouched.contains(&field);
        let known = fields.contains(&field);
        assert!(known || !(set || cleared || untouched), "{field:?}");
        assert!(u8::from(set) + u8::from(cleared) + u8::from(untouched) <= 1);
        let given = config.get(field.as_str());
        assert_eq!(cleared, known && given.is_some_and(Value::is_null));
        let refused = format!("config.{}", field.as_str());
        let refused = parsed.violations.iter().any(|v| v.field == refused);
        assert_eq!(
            set || cleared || untouched || refused,
            given.is_some() && (known || refused),
            "{field:?} was passed over"
        );
    }
    if !config.is_object() && parsed.stripped.is_empty() {
        assert!(!parsed.violations.is_empty());
    }
    let stored = serde_json::to_value(&parsed.values).unwrap();
    let again = parse_settings(stored, fields);
    assert_eq!(again.violations, []);
    assert_eq!(again.values, parsed.values, "what is stored reads back");
}

fn echoes_nothing(config: &Value, fields: &[Field]) {
    let parsed = parse_settings(marked(config), fields);
    let told = format!("{:?} {:?}", parsed.violations, parsed.stripped);
    assert!(!told.contains(MARK), "a value is echoed: {told}");
}
