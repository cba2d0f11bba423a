//! Where a text has placeholders: one scan over its braces, in time linear in its length.

use std::collections::BTreeSet;
use std::ops::Range;

use super::Variables;
use super::variable::is_name;

/// A place in a text that a value goes into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder<'t> {
    /// The name between the braces.
    pub name: &'t str,
    /// Its bytes in the text, one brace on each side included.
    pub range: Range<usize>,
}

/// The placeholders of a text with the declared variables, in order.
pub fn placeholders<'t>(
    text: &'t str,
    variables: &Variables,
) -> impl Iterator<Item = Placeholder<'t>> {
    candidates(text).filter(|found| variables.get(found.name).is_some())
}

/// The names in a text that would be placeholders if they were declared, each once, in the order
/// in which they first appear.
#[must_use]
pub fn looks_like_placeholders(text: &str) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    candidates(text)
        .map(|found| found.name)
        .filter(|name| seen.insert(*name))
        .collect()
}

/// Everything that has the shape of a placeholder, declared or not.
pub(super) fn candidates(text: &str) -> Candidates<'_> {
    Candidates { text, at: 0 }
}

pub(super) struct Candidates<'t> {
    text: &'t str,
    /// Bytes that are done with; always on a character boundary.
    at: usize,
}

impl<'t> Iterator for Candidates<'t> {
    type Item = Placeholder<'t>;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        loop {
            let first = self.at + self.text.get(self.at..)?.find('{')?;
            let start = first + run(bytes, first, |b| b == b'{');
            let end = start + run(bytes, start, |b| b.is_ascii_alphanumeric() || b == b'_');
            let opening = start - first;
            let closing = run(bytes, end, |b| b == b'}');
            self.at = end + closing;
            let name = self.text.get(start..end)?;
            let literal = opening == 2 && closing == 2;
            if closing > 0 && !literal && is_name(name) {
                return Some(Placeholder {
                    name,
                    range: start - 1..end + 1,
                });
            }
        }
    }
}

/// How many bytes from `at` on are of a kind.
fn run(bytes: &[u8], at: usize, is: impl Fn(u8) -> bool) -> usize {
    bytes.iter().skip(at).take_while(|byte| is(**byte)).count()
}
