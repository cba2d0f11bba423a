//! Filling a template with values, once: what comes from a value is never looked at again.

use std::collections::BTreeMap;

use super::placeholder::candidates;
use super::variable::{MAX_NAME_LEN, Variable, Variables, longer_than};

/// The most bytes that a rendered text has: 1 MiB.
pub const MAX_RENDERED_BYTES: usize = 1024 * 1024;

/// Bytes of UTF-8 that make one token, by rule of thumb.
const BYTES_PER_TOKEN: usize = 4;

/// A text with all its placeholders filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The text. Its size is that of its UTF-8 bytes.
    pub text: String,
    /// About how many tokens it is, as [`token_estimate`] says.
    pub token_estimate: usize,
}

/// Why a template is not rendered. Variables are named, values are never repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderFault {
    /// A required variable has no value.
    #[error("variable {name} is required, and has no value")]
    Missing {
        /// The variable.
        name: String,
    },
    /// A value has a name that is not declared.
    #[error("no variable {name} is declared")]
    Unknown {
        /// The name, cut to the length that names have.
        name: String,
    },
    /// A value is longer than its variable takes.
    #[error("the value of variable {name} has more than {max_length} characters")]
    TooLong {
        /// The variable.
        name: String,
        /// The most characters that it takes.
        max_length: u32,
    },
    /// A value holds the character U+0000, which no prompt has.
    #[error("the value of variable {name} has a NUL")]
    Nul {
        /// The variable.
        name: String,
    },
    /// The result would be longer than [`MAX_RENDERED_BYTES`].
    #[error("the rendered text would have {bytes} bytes, more than {MAX_RENDERED_BYTES}")]
    TooLarge {
        /// Its bytes.
        bytes: usize,
    },
}

/// Fills the placeholders of a text. A variable without a value has its default, else nothing.
///
/// Values are checked against the declaration, whether the text uses them or not: the same
/// values fit the platform's text and an account's own.
///
/// # Errors
/// Every fault of the values, in the order of the declaration, then the unknown names; or else
/// the size of the result, which is known before anything of it is made.
pub fn render(
    text: &str,
    variables: &Variables,
    values: &BTreeMap<String, String>,
) -> Result<Rendered, Vec<RenderFault>> {
    let mut faults: Vec<RenderFault> = variables
        .iter()
        .filter_map(|variable| fault_of(variable, values.get(&variable.name)))
        .collect();
    faults.extend(unknown(variables, values));
    if !faults.is_empty() {
        return Err(faults);
    }
    let fillings: BTreeMap<&str, &str> = variables
        .iter()
        .map(|variable| (variable.name.as_str(), filling(variable, values)))
        .collect();
    let filled =
        || candidates(text).filter_map(|found| Some((found.range, *fillings.get(found.name)?)));
    let bytes = filled().fold(text.len(), |bytes, (range, value)| {
        (bytes - range.len()).saturating_add(value.len())
    });
    if bytes > MAX_RENDERED_BYTES {
        return Err(vec![RenderFault::TooLarge { bytes }]);
    }
    let mut rendered = String::with_capacity(bytes);
    let mut done = 0;
    for (range, value) in filled() {
        rendered.push_str(&text[done..range.start]);
        rendered.push_str(value);
        done = range.end;
    }
    rendered.push_str(&text[done..]);
    Ok(Rendered {
        token_estimate: token_estimate(&rendered),
        text: rendered,
    })
}

/// About how many tokens a text is: one for each four bytes of UTF-8, rounded up.
///
/// Vendors give four characters a token as the rule of thumb for English, where a character is a
/// byte. Scripts of two to four bytes a character take more tokens a character, which bytes follow
/// better than characters do. No tokenizer is asked: do not bill by it.
#[must_use]
pub const fn token_estimate(text: &str) -> usize {
    text.len().div_ceil(BYTES_PER_TOKEN)
}

fn fault_of(variable: &Variable, value: Option<&String>) -> Option<RenderFault> {
    let name = || variable.name.clone();
    let Some(value) = value else {
        return variable
            .required
            .then(|| RenderFault::Missing { name: name() });
    };
    if value.contains('\0') {
        return Some(RenderFault::Nul { name: name() });
    }
    let max_length = variable.max_length?;
    let longest = usize::try_from(max_length).unwrap_or(usize::MAX);
    longer_than(value, longest).then(|| RenderFault::TooLong {
        name: name(),
        max_length,
    })
}

fn unknown<'v>(
    variables: &'v Variables,
    values: &'v BTreeMap<String, String>,
) -> impl Iterator<Item = RenderFault> + 'v {
    let undeclared = values.keys().filter(|name| variables.get(name).is_none());
    undeclared.map(|name| RenderFault::Unknown {
        name: name.chars().take(MAX_NAME_LEN).collect(),
    })
}

fn filling<'v>(variable: &'v Variable, values: &'v BTreeMap<String, String>) -> &'v str {
    values
        .get(&variable.name)
        .or(variable.default.as_ref())
        .map_or("", String::as_str)
}
