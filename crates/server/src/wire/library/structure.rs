//! Free JSON objects on the wire.

use prost_types::value::Kind;
use prost_types::{ListValue, NullValue, Struct};
use serde_json::{Map, Number, Value};

use crate::wire::common::{Faults, json};

/// Below it every whole number has a form without a fraction that is the same number.
const WHOLE_BELOW: f64 = 9_007_199_254_740_992.0;

/// Reads a free JSON object; absent is empty. The wire has fractions only: whole numbers are kept
/// without one, so that an object that is sent back as it was given out is the same.
pub(super) fn read_structure(
    faults: &mut Faults,
    field: &str,
    given: Option<Struct>,
) -> Map<String, Value> {
    let read = given.and_then(|given| json(faults, field, given));
    match read.map(whole) {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

fn whole(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(whole_number(number)),
        Value::Array(items) => Value::Array(items.into_iter().map(whole).collect()),
        Value::Object(members) => {
            let members = members.into_iter();
            Value::Object(members.map(|(name, value)| (name, whole(value))).collect())
        }
        other => other,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "only whole numbers that fit are cast"
)]
fn whole_number(number: Number) -> Number {
    match number.as_f64() {
        Some(value) if value.fract() == 0.0 && value.abs() < WHOLE_BELOW => {
            Number::from(value as i64)
        }
        _ => number,
    }
}

/// A free JSON object on the wire.
pub(super) fn structure(members: &Map<String, Value>) -> Struct {
    Struct {
        fields: members
            .iter()
            .map(|(name, value)| (name.clone(), any(value)))
            .collect(),
    }
}

fn any(value: &Value) -> prost_types::Value {
    let kind = match value {
        Value::Null => Kind::NullValue(NullValue::NullValue.into()),
        Value::Bool(on) => Kind::BoolValue(*on),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        Value::String(text) => Kind::StringValue(text.clone()),
        Value::Array(items) => Kind::ListValue(ListValue {
            values: items.iter().map(any).collect(),
        }),
        Value::Object(members) => Kind::StructValue(structure(members)),
    };
    prost_types::Value { kind: Some(kind) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn free_json_goes_both_ways() {
        let value = json!({
            "h2": 5, "share": 0.5, "big": 1e300, "null": null, "on": true, "deep": [{"a": [-3]}]
        });
        let Value::Object(members) = value else {
            return;
        };
        let mut faults = Faults::default();
        let read = read_structure(&mut faults, "x", Some(structure(&members)));
        assert_eq!(read, members);
        assert!(faults.is_empty());
        assert_eq!(read_structure(&mut faults, "x", None), Map::new());
    }
}
