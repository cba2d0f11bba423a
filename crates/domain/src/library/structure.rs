//! The free JSON of author profiles and strategies: its size, its depth, and no credentials in it.

use serde_json::{Map, Value};

use crate::{Violation, strip_credentials};

/// The most encoded bytes of an item's free JSON.
pub const MAX_STRUCTURE_BYTES: usize = 65_536;
/// The most levels of nesting of an item's free JSON, the object itself included.
pub const MAX_STRUCTURE_DEPTH: usize = 32;

/// Notes what is wrong with the JSON at `path`. Credentials are named by their paths; unlike in
/// settings they are refused, as nothing that is said about a text is a credential by accident.
pub(super) fn check_structure(
    members: &Map<String, Value>,
    path: &str,
    violations: &mut Vec<Violation>,
) {
    if !members
        .values()
        .all(|value| fits(value, MAX_STRUCTURE_DEPTH - 1))
    {
        violations.push(Violation::new(path, "nested up to 32 levels deep"));
        return;
    }
    if serde_json::to_vec(members).is_ok_and(|text| text.len() > MAX_STRUCTURE_BYTES) {
        violations.push(Violation::new(path, "up to 65536 bytes of JSON"));
        return;
    }
    let credentials = strip_credentials(Value::Object(members.clone())).paths;
    let rule = "must not be there: it is named or looks like a credential";
    violations.extend(
        credentials
            .into_iter()
            .map(|at| Violation::new(format!("{path}.{at}"), rule)),
    );
}

/// Whether a value has at most so many levels of objects and lists.
fn fits(value: &Value, levels: usize) -> bool {
    let within = |mut values: Box<dyn Iterator<Item = &Value> + '_>| {
        levels > 0 && values.all(|value| fits(value, levels - 1))
    };
    match value {
        Value::Object(members) => within(Box::new(members.values())),
        Value::Array(items) => within(Box::new(items.iter())),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(value: Value) -> Vec<String> {
        let mut violations = Vec::new();
        let Value::Object(members) = value else {
            return vec!["not an object".to_owned()];
        };
        check_structure(&members, "p", &mut violations);
        violations.into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn size_depth_and_credentials() {
        assert_eq!(faults(json!({"sections": ["a"], "key_facts": 1})), [""; 0]);
        let key = "sk-0123456789abcdefghij";
        assert_eq!(
            faults(json!({"a": {"apiKey": 1}, "b": [key]})),
            ["p.a.apiKey", "p.b[0]"]
        );
        let nested = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({"a": inner}));
        assert_eq!(faults(nested(32)), [""; 0]);
        assert_eq!(faults(nested(33)), ["p"]);
        let lists = (1..32).fold(json!([]), |inner, _| json!([inner]));
        assert_eq!(faults(json!({"a": lists})), ["p"]);
        let sized = |bytes: usize| json!({"a": "x".repeat(bytes - r#"{"a":""}"#.len())});
        assert_eq!(faults(sized(65_536)), [""; 0]);
        assert_eq!(faults(sized(65_537)), ["p"]);
    }
}
