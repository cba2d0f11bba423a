//! Changes of JSON that leave it JSON.

use rand::RngExt as _;
use rand::rngs::SmallRng;
use rand::seq::{IndexedMutRandom as _, IndexedRandom as _, IteratorRandom as _};
use serde_json::{Map, Value, json};

use super::text;

/// How many members or items an object or list may grow to.
const WIDE: usize = 64;
/// How deep an odd value may be; readers take 128 levels.
const DEEP: usize = 130;

/// Makes one change somewhere in a value; `other` gives parts to take over.
pub(super) fn mutate(value: &mut Value, other: &Value, words: &[String], rng: &mut SmallRng) {
    let mut place = rng.random_range(0..count(value));
    let Some(node) = nth(value, &mut place) else {
        return;
    };
    match rng.random_range(0..10) {
        0 => *node = odd(words, rng),
        1 => {
            let mut place = rng.random_range(0..count(other));
            if let Some(part) = nth_ref(other, &mut place) {
                *node = part.clone();
            }
        }
        _ => within(node, words, rng),
    }
}

/// Makes one change of a list of values, or within one of them.
pub(super) fn mutate_lines(
    lines: &mut Vec<Value>,
    others: &[Value],
    words: &[String],
    rng: &mut SmallRng,
) {
    let at = rng.random_range(0..=lines.len());
    let other = others.choose(rng).cloned().unwrap_or_default();
    match rng.random_range(0..10) {
        0 if at < lines.len() && lines.len() > 1 => drop(lines.remove(at)),
        1 if at < lines.len() => {
            let line = lines[at].clone();
            lines.insert(rng.random_range(0..=lines.len()), line);
        }
        2 => lines.insert(at, other),
        3 if at < lines.len() => {
            let to = rng.random_range(0..lines.len());
            lines.swap(at, to);
        }
        _ => {
            if let Some(line) = lines.choose_mut(rng) {
                mutate(line, &other, words, rng);
            }
        }
    }
}

/// Changes a value, and mostly keeps its type.
fn within(node: &mut Value, words: &[String], rng: &mut SmallRng) {
    match node {
        Value::Null => *node = odd(words, rng),
        Value::Bool(on) => *on = !*on,
        Value::Number(number) => {
            let former = number.as_f64().unwrap_or_default();
            *node = match rng.random_range(0..6) {
                0 => json!(former + 1.0),
                1 => json!(-former),
                2 => json!(former * 1e6),
                3 => json!(number.to_string()),
                _ => number_at_an_edge(rng),
            };
        }
        Value::String(text) => match rng.random_range(0..12) {
            0 => *node = text.parse::<i64>().map_or(Value::Null, Value::from),
            _ => text::mutate(text, words, rng),
        },
        Value::Array(items) => {
            let at = rng.random_range(0..=items.len());
            match rng.random_range(0..4) {
                0 if at < items.len() => drop(items.remove(at)),
                1 if at < items.len() && items.len() < WIDE => {
                    let item = items[at].clone();
                    items.insert(rng.random_range(0..=items.len()), item);
                }
                2 if at < items.len() => {
                    let to = rng.random_range(0..items.len());
                    items.swap(at, to);
                }
                _ if items.len() < WIDE => items.insert(at, odd(words, rng)),
                _ => items.clear(),
            }
        }
        Value::Object(members) => change_members(members, words, rng),
    }
}

fn change_members(members: &mut Map<String, Value>, words: &[String], rng: &mut SmallRng) {
    let name = members.keys().choose(rng).cloned();
    let word = words.choose(rng).cloned().unwrap_or_default();
    match (rng.random_range(0..4), name) {
        (0, Some(name)) => drop(members.remove(&name)),
        (1, Some(name)) => {
            // The value under another name.
            let value = members.get(&name).cloned().unwrap_or_default();
            let mut other = name;
            if rng.random() {
                other = word;
            } else {
                text::mutate(&mut other, words, rng);
            }
            members.insert(other, value);
        }
        (2, Some(name)) => {
            let value = odd(words, rng);
            members.insert(name, value);
        }
        _ if members.len() < WIDE => {
            let value = odd(words, rng);
            members.insert(word, value);
        }
        _ => members.clear(),
    }
}

/// A value that may be of any type.
fn odd(words: &[String], rng: &mut SmallRng) -> Value {
    match rng.random_range(0..12) {
        0 => Value::Null,
        1 => Value::Bool(rng.random()),
        2 | 3 => number_at_an_edge(rng),
        4 => json!({}),
        5 => json!([]),
        6 => json!([odd(words, rng), odd(words, rng)]),
        7 => json!({words.choose(rng).cloned().unwrap_or_default(): odd(words, rng)}),
        8 if rng.random_ratio(1, 8) => deep(rng.random_range(1..DEEP)),
        _ => {
            let mut text = words.choose(rng).cloned().unwrap_or_default();
            if rng.random() {
                text::mutate(&mut text, words, rng);
            }
            Value::String(text)
        }
    }
}

fn deep(levels: usize) -> Value {
    (0..levels).fold(Value::Null, |inner, level| {
        if level % 2 == 0 {
            json!([inner])
        } else {
            json!({"a": inner})
        }
    })
}

fn number_at_an_edge(rng: &mut SmallRng) -> Value {
    const WHOLE: [i64; 16] = [
        0,
        1,
        -1,
        2,
        3,
        7,
        100,
        1_000,
        1_001,
        65_536,
        i32::MAX as i64,
        i32::MIN as i64,
        u32::MAX as i64,
        1 << 53,
        i64::MAX,
        i64::MIN,
    ];
    const FRACTIONS: [f64; 10] = [
        0.5,
        0.7,
        2.0,
        -0.0,
        1e-7,
        1e-12,
        1e-300,
        1e300,
        f64::MAX,
        f64::MIN_POSITIVE,
    ];
    match rng.random_range(0..4) {
        0 => FRACTIONS.choose(rng).map_or(Value::Null, |f| json!(f)),
        1 => json!(u64::MAX),
        2 => json!(rng.random_range(-20_000_i64..20_000)),
        _ => WHOLE.choose(rng).map_or(Value::Null, |n| json!(n)),
    }
}

/// How many values are in a value, itself included.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// A value by its place in the order of a walk; `place` counts down to 0.
fn nth<'v>(value: &'v mut Value, place: &mut usize) -> Option<&'v mut Value> {
    if *place == 0 {
        return Some(value);
    }
    *place -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| nth(item, place)),
        Value::Object(members) => members.values_mut().find_map(|member| nth(member, place)),
        _ => None,
    }
}

fn nth_ref<'v>(value: &'v Value, place: &mut usize) -> Option<&'v Value> {
    if *place == 0 {
        return Some(value);
    }
    *place -= 1;
    match value {
        Value::Array(items) => items.iter().find_map(|item| nth_ref(item, place)),
        Value::Object(members) => members.values().find_map(|member| nth_ref(member, place)),
        _ => None,
    }
}
