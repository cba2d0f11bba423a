//! A mark in every text of a JSON, so that a text that repeats any of them is known.

use aiconfig_domain::looks_like_key;
use serde_json::Value;

/// The mark, which nothing that is told may hold.
pub(crate) const MARK: &str = "⁂mark⁂";

/// A JSON with the mark in every text. Those of the shape of a key stay, and keep it.
pub(crate) fn marked(value: &Value) -> Value {
    let mut value = value.clone();
    put(&mut value);
    value
}

fn put(value: &mut Value) {
    match value {
        Value::String(text) if looks_like_key(text) => {}
        Value::String(text) => text.push_str(MARK),
        Value::Array(items) => items.iter_mut().for_each(put),
        Value::Object(members) => members.values_mut().for_each(put),
        _ => {}
    }
}
