//! Reads the loosely typed values of a dump's row: what has one meaning is taken for it.

use aiconfig_domain::Timestamp;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Map, Value};

/// The fields of a row.
pub(super) type Fields = Map<String, Value>;

/// A text without blanks around it; an empty one counts as none.
pub(super) fn text<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields
        .get(name)?
        .as_str()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

/// A switch, also written as a number or a word.
pub(super) fn switch(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(on) => Some(*on),
        Value::Number(number) => match number.as_i64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A switch of a row; absent or unreadable it has its usual position.
pub(super) fn switch_or(fields: &Fields, name: &str, usual: bool) -> bool {
    fields.get(name).and_then(switch).unwrap_or(usual)
}

/// An exact decimal number: Django writes them in quotes, other tools as numbers.
pub(super) fn decimal(value: &Value) -> Option<Decimal> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    Decimal::from_str_exact(&text)
        .or_else(|_| Decimal::from_scientific(&text))
        .ok()
}

/// A decimal number times ten to the ninth, if that is whole: prices per 1 000 tokens in USD are
/// micro-USD per 1 000 000 then, and credits are nano-credits.
pub(super) fn billionths(number: Decimal) -> Option<i64> {
    whole(number.checked_mul(Decimal::from(1_000_000_000))?)
}

/// A decimal number times a million, if that is whole: a price in USD is in micro-USD then.
pub(super) fn millionths(number: Decimal) -> Option<i64> {
    whole(number.checked_mul(Decimal::from(1_000_000))?)
}

/// A decimal number as a whole one, if it is whole.
pub(super) fn whole(number: Decimal) -> Option<i64> {
    number.is_integer().then(|| number.to_i64()).flatten()
}

/// A time of a row.
pub(super) fn time(fields: &Fields, name: &str) -> Option<Timestamp> {
    fields
        .get(name)?
        .as_str()
        .and_then(Timestamp::parse_rfc3339)
}

/// Whether a value says nothing: absent, null or an empty text.
pub(super) fn is_blank(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.trim().is_empty(),
        Some(_) => false,
    }
}

/// A name from the dump as a report may show it: only what has the shape of a slug or of a
/// model's id, so that nothing like a key, wherever it strayed to, is ever repeated.
pub(super) fn shown(name: &str) -> &str {
    // The longest run of letters and digits in such names; keys and UUIDs have longer ones.
    const RUN: usize = 11;
    let allowed = |b: u8| {
        b.is_ascii_lowercase()
            || b.is_ascii_digit()
            || matches!(b, b'-' | b'_' | b'.' | b':' | b'@')
    };
    let short_runs = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .all(|run| run.len() <= RUN);
    if (1..=63).contains(&name.len())
        && name.bytes().all(allowed)
        && short_runs
        && !name.starts_with("sk-")
    {
        name
    } else {
        "(not shown)"
    }
}

/// The name of a field as a report may show it; those have capitals and longer words.
pub(super) fn shown_field(name: &str) -> &str {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'.';
    let letters = name.bytes().filter(u8::is_ascii_digit).count() <= 4;
    if (1..=40).contains(&name.len()) && name.bytes().all(allowed) && letters {
        name
    } else {
        "(not shown)"
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn decimals_become_whole_units_or_nothing() {
        for (value, nano) in [
            (json!("0.000150"), Some(150_000)),
            (json!("0.030000"), Some(30_000_000)),
            (json!(0.000_15), Some(150_000)),
            (json!(1.5e-7), Some(150)),
            (json!("1E-9"), Some(1)),
            (json!("0.0000000001"), None),
            (json!("5"), Some(5_000_000_000)),
            (json!(2), Some(2_000_000_000)),
            (json!("-1"), Some(-1_000_000_000)),
            (json!("99999999999999999999"), None),
        ] {
            let number = decimal(&value).unwrap();
            assert_eq!(billionths(number), nano, "{value}");
        }
        for value in [
            json!("0,5"),
            json!(""),
            json!(null),
            json!("NaN"),
            json!(true),
        ] {
            assert_eq!(decimal(&value), None, "{value}");
        }
        assert_eq!(
            whole(Decimal::from_str_exact("10000.00").unwrap()),
            Some(10_000)
        );
        assert_eq!(whole(Decimal::from_str_exact("0.5").unwrap()), None);
    }

    #[test]
    fn only_names_are_shown() {
        for (name, is) in [
            ("gpt-5-ultra-typo", true),
            ("claude-3-sonnet-20240229", true),
            ("runware:97@1", true),
            ("midjourney", true),
            ("enterprise", true),
            ("sk-test", false),
            ("Tr8hzUjEcPVJ2tRKJC06DPdRO9Yr", false),
            ("550e8400-e29b-41d4-a716-446655440000", false),
            ("9f86d081884c7d659a2feaa0c55ad015", false),
            ("", false),
        ] {
            assert_eq!(shown(name) == name, is, "{name}");
        }
        for (name, is) in [
            ("max_in_article_images", true),
            ("organization.nested", true),
            ("desktopImageSize", true),
            ("abc123def456ghi789", false),
        ] {
            assert_eq!(shown_field(name) == name, is, "{name}");
        }
    }

    #[test]
    fn switches() {
        for (value, on) in [
            (json!(true), Some(true)),
            (json!(0), Some(false)),
            (json!("False"), Some(false)),
            (json!("yes"), None),
            (json!(null), None),
        ] {
            assert_eq!(switch(&value), on, "{value}");
        }
    }
}
