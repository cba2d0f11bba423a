//! Prompts of a usual size: the library's, and those that a tenth of the accounts customised.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// The prompt types that are measured; an account that customised one customised both.
pub const TYPES: [&str; 2] = ["bench_article", "bench_outline"];
/// Bytes of each text.
pub const TEXT_BYTES: usize = 4096;
/// The placeholders of each text, all of them required.
pub const VARIABLES: [&str; 4] = ["topic", "keywords", "tone", "language"];

/// Bytes of a line, about.
const LINE: usize = 64;
const WORDS: [&str; 16] = [
    "article",
    "of",
    "reader",
    "the",
    "short",
    "example",
    "a",
    "paragraph",
    "with",
    "heading",
    "never",
    "and",
    "question",
    "sentence",
    "first",
    "describe",
];

/// Whether an account customised its prompts: every tenth of them, and none whose plan forbids it.
#[must_use]
pub const fn customised(account: u32) -> bool {
    account % 10 == 1
}

/// The library's text of a type, by its place among [`TYPES`].
#[must_use]
pub fn library_text(place: usize) -> String {
    text(&format!("the library, {place}"), place as u64)
}

/// An account's own text; no other text is like it.
#[must_use]
pub fn own_text(account: u32, place: usize) -> String {
    let seed = u64::from(account) * TYPES.len() as u64 + place as u64;
    text(&format!("account {account}, {place}"), seed)
}

/// Lines of words, drawn from a seed, of just so many bytes.
#[must_use]
pub fn prose(seed: u64, bytes: usize) -> String {
    let mut random = StdRng::seed_from_u64(seed);
    let mut text = String::with_capacity(bytes + LINE);
    let mut line = 0;
    while text.len() < bytes {
        let word = WORDS[random.random_range(0..WORDS.len())];
        text.push_str(word);
        line += word.len() + 1;
        let full = line >= LINE;
        text.push(if full { '\n' } else { ' ' });
        line = if full { 0 } else { line };
    }
    text.truncate(bytes);
    text
}

/// Every placeholder twice, in front and at the end, and braces that are none.
fn text(of: &str, seed: u64) -> String {
    let head = format!(
        "Prompt of {of}.\nWrite about {{topic}} in {{language}}, for {{keywords}}, {{tone}}.\n"
    );
    let foot = "\nAnswer with JSON: {\"title\": \"...\", \"parts\": [{\"text\": \"...\"}]}\n\
                Again: {topic}, {keywords}, {tone}, {language}.\n";
    let words = TEXT_BYTES.saturating_sub(head.len() + foot.len());
    head + &prose(seed, words) + foot
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::population::plan;

    #[test]
    fn texts_are_of_one_size_and_all_different() {
        let own = (1..50).flat_map(|account| (0..TYPES.len()).map(move |at| own_text(account, at)));
        let all: Vec<String> = own.chain((0..TYPES.len()).map(library_text)).collect();
        assert!(all.iter().all(|text| text.len() == TEXT_BYTES));
        let different: std::collections::HashSet<&String> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }

    #[test]
    fn a_tenth_of_the_accounts_customised_and_may() {
        let customised: Vec<u32> = (1..=1_000).filter(|id| customised(*id)).collect();
        assert_eq!(customised.len(), 100);
        assert!(customised.iter().all(|id| plan(*id).rules().may_override));
    }
}
