//! Changes of inputs: any bytes, and texts and JSON that keep their form.

mod bytes;
mod json;
mod text;

use rand::RngExt as _;
use rand::rngs::SmallRng;
use serde_json::Value;

use crate::Target;

/// The most changes that are made at once.
const MOST: u32 = 4;

/// The form that the inputs of a target have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// None.
    Bytes,
    /// Lines of text.
    Text,
    /// One JSON value.
    Json,
    /// A JSON value in each line.
    JsonLines,
}

/// Another input made of one, with parts of a second: mostly of the target's form, and sometimes
/// not.
#[must_use]
pub fn mutate(target: &Target, input: &[u8], other: &[u8], rng: &mut SmallRng) -> Vec<u8> {
    let words = target.words();
    let broken = rng.random_ratio(1, 8);
    let mut data = if broken {
        input.to_vec()
    } else {
        formed(target.form, words, input, other, rng).unwrap_or_else(|| input.to_vec())
    };
    if broken || target.form == Form::Bytes {
        for _ in 0..rng.random_range(1..=MOST) {
            bytes::mutate(&mut data, other, words, rng);
        }
    }
    data.truncate(target.longest);
    data
}

/// A change that keeps the form; `None` where the input does not have it, or has none.
fn formed(
    form: Form,
    words: &[String],
    input: &[u8],
    other: &[u8],
    rng: &mut SmallRng,
) -> Option<Vec<u8>> {
    let changes = rng.random_range(1..=MOST);
    match form {
        Form::Bytes => None,
        Form::Text => {
            let mut text = String::from_utf8_lossy(input).into_owned();
            let other = String::from_utf8_lossy(other);
            for _ in 0..changes {
                text::mutate_lines(&mut text, &other, words, rng);
            }
            Some(text.into_bytes())
        }
        Form::Json => {
            let mut value: Value = serde_json::from_slice(input).ok()?;
            let other = serde_json::from_slice(other).unwrap_or_default();
            for _ in 0..changes {
                json::mutate(&mut value, &other, words, rng);
            }
            serde_json::to_vec(&value).ok()
        }
        Form::JsonLines => {
            let mut lines = values(input);
            let others = values(other);
            for _ in 0..changes {
                json::mutate_lines(&mut lines, &others, words, rng);
            }
            let lines = lines.iter().map(Value::to_string);
            Some(lines.collect::<Vec<_>>().join("\n").into_bytes())
        }
    }
}

/// The lines of an input that are JSON.
fn values(input: &[u8]) -> Vec<Value> {
    let lines = input.split(|byte| *byte == b'\n');
    lines
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect()
}
