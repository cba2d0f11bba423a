//! Texts and free JSON of library items and prompts, as far as they can be kept.

use aiconfig_domain::{
    MAX_STRUCTURE_BYTES, MAX_STRUCTURE_DEPTH, looks_like_key, strip_credentials,
};
use serde_json::{Map, Value};

use super::cells::{Fields, is_blank, shown_field};
use super::planner::{Planner, RowId};
use super::report::Consequence;

/// A text of up to so many characters; a longer one is cut, and a NUL taken out.
pub(super) fn words(
    planner: &mut Planner<'_>,
    row: RowId,
    fields: &Fields,
    name: &str,
    longest: usize,
    dropped: Consequence,
) -> String {
    let value = fields.get(name);
    if is_blank(value) {
        return String::new();
    }
    let Some(given) = value.and_then(Value::as_str) else {
        planner.tell(row, dropped, name, "dropped", "not a text");
        return String::new();
    };
    if looks_like_key(given) {
        tell_credential(planner, row, name);
        return String::new();
    }
    let kept = cut(given, longest);
    if kept != given {
        let why = format!("it has up to {longest} characters and no NUL");
        planner.tell(row, Consequence::Converted, name, "cut", why);
    }
    kept
}

/// A text without NUL, cut to so many characters.
pub(super) fn cut(text: &str, longest: usize) -> String {
    text.chars().filter(|c| *c != '\0').take(longest).collect()
}

/// An object without credentials; anything else is dropped.
pub(super) fn object(
    planner: &mut Planner<'_>,
    row: RowId,
    fields: &Fields,
    name: &str,
    dropped: Consequence,
) -> Map<String, Value> {
    let value = match fields.get(name) {
        value if is_blank(value) => return Map::new(),
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or(Value::Null),
        Some(value) => value.clone(),
        None => Value::Null,
    };
    let stripped = strip_credentials(value);
    for path in &stripped.paths {
        let field = format!("{name}.{}", shown_path(path));
        tell_credential(planner, row, &field);
    }
    let why = match stripped.value {
        Value::Object(members) => match fault(&members) {
            None => return members,
            Some(why) => why,
        },
        _ => "not a JSON object",
    };
    planner.tell(row, dropped, name, "dropped", why);
    Map::new()
}

/// A path as a report may show it.
fn shown_path(path: &str) -> String {
    let parts: Vec<&str> = path
        .split('.')
        .map(|part| match part.split_once('[') {
            Some((name, _)) if shown_field(name) == name => part,
            _ => shown_field(part),
        })
        .collect();
    parts.join(".")
}

fn tell_credential(planner: &mut Planner<'_>, row: RowId, field: &str) {
    planner.drop_credentials(row, 1);
    let why = "keys are platform-wide and lie in the vault; no row can hold one";
    let class = Consequence::CredentialDropped;
    planner.tell(row, class, field, "dropped", why);
}

/// Why an object cannot be kept.
fn fault(members: &Map<String, Value>) -> Option<&'static str> {
    if !members
        .values()
        .all(|value| fits(value, MAX_STRUCTURE_DEPTH - 1))
    {
        Some("nested deeper than 32 levels")
    } else if serde_json::to_vec(members).is_ok_and(|text| text.len() > MAX_STRUCTURE_BYTES) {
        Some("more than 65536 bytes of JSON")
    } else {
        None
    }
}

/// Whether a value has at most so many levels of objects and lists.
fn fits(value: &Value, levels: usize) -> bool {
    match value {
        Value::Object(members) => {
            levels > 0 && members.values().all(|value| fits(value, levels - 1))
        }
        Value::Array(items) => levels > 0 && items.iter().all(|value| fits(value, levels - 1)),
        _ => true,
    }
}
