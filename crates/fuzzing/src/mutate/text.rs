//! Changes of texts: within a line, and of whole lines.

use rand::RngExt as _;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;

/// Characters that programs trip over: of several bytes, without width, from right to left, and
/// those that formats give a meaning.
const ODD: [&str; 16] = [
    "\0", "\t", "\r", "\n", "\"", "\\", "{", "}", "ß", "İ", "ש", "😀", "\u{301}", "\u{200b}",
    "\u{feff}", "\u{fffd}",
];
/// How long a text may grow by being repeated.
const LONG: usize = 4_096;

/// Makes one change within a text.
pub(super) fn mutate(text: &mut String, words: &[String], rng: &mut SmallRng) {
    let at = text.floor_char_boundary(rng.random_range(0..=text.len()));
    let end = text.len().min(at + rng.random_range(1..=16));
    let end = text.ceil_char_boundary(end);
    match rng.random_range(0..8) {
        0 => text.insert_str(at, ODD.choose(rng).copied().unwrap_or_default()),
        1 => text.replace_range(at..end, ""),
        2 => text.insert_str(at, words.choose(rng).map_or("", String::as_str)),
        3 => *text = words.choose(rng).cloned().unwrap_or_default(),
        4 => {
            let run = text[at..end].to_owned();
            text.insert_str(at, &run);
        }
        5 if text.len() < LONG => *text = text.repeat(rng.random_range(2..=40)),
        6 => *text = text.to_uppercase(),
        _ => text.truncate(at),
    }
}

/// Makes one change of lines, or within a line; `other` gives lines to take over.
pub(super) fn mutate_lines(text: &mut String, other: &str, words: &[String], rng: &mut SmallRng) {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let others: Vec<&str> = other.split_inclusive('\n').collect();
    let at = rng.random_range(0..=lines.len());
    match rng.random_range(0..6) {
        0 if at < lines.len() => drop(lines.remove(at)),
        1 if at < lines.len() => {
            let line = lines[at].clone();
            lines.insert(rng.random_range(0..=lines.len()), line);
        }
        2 => lines.insert(at, others.choose(rng).copied().unwrap_or("\n").to_owned()),
        3 if at < lines.len() => {
            let to = rng.random_range(0..lines.len());
            lines.swap(at, to);
        }
        _ => {
            if let Some(line) = lines.get_mut(at) {
                mutate(line, words, rng);
            } else {
                lines.push(words.choose(rng).cloned().unwrap_or_default());
            }
        }
    }
    *text = lines.concat();
}
