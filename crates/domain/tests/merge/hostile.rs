//! The largest and the nastiest texts: the work is bounded, and the result is right.

use std::fmt::{Display, Write as _};
use std::time::{Duration, Instant};

use aiconfig_domain::merge::{Chunk, ChunkKind, MAX_COMPARED_LINES, diff, three_way};
use aiconfig_domain::template::MAX_TEXT_BYTES;

/// Far above what it takes without optimisation on a busy machine, far below what a comparison
/// of each line with each other would.
const BOUND: Duration = Duration::from_secs(20);

/// A line for each item.
fn text<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let mut text = String::new();
    for item in items {
        writeln!(text, "{item}").unwrap();
    }
    text
}

/// Repeatable numbers without a pattern (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    /// Lines out of so many different ones.
    fn lines(&mut self, count: usize, different: u64) -> String {
        text((0..count).map(|_| self.below(different)))
    }

    fn shuffled(&mut self, count: u64) -> String {
        let mut list: Vec<u64> = (0..count).collect();
        for at in 1..count {
            let other = self.below(at + 1);
            list.swap(
                usize::try_from(at).unwrap(),
                usize::try_from(other).unwrap(),
            );
        }
        text(list)
    }
}

fn check(name: &str, base: &str, ours: &str, theirs: &str) {
    assert!(
        [base, ours, theirs]
            .iter()
            .all(|text| text.len() <= MAX_TEXT_BYTES),
        "{name}"
    );
    let begin = Instant::now();
    let merge = three_way(base, ours, theirs);
    let hunks = diff(base, ours, 3);
    let took = begin.elapsed();
    assert!(took < BOUND, "{name}: {took:?}");
    assert_eq!(hunks.is_empty(), base == ours, "{name}");
    let joined = |of: fn(&Chunk<'_>) -> String| -> String { merge.chunks.iter().map(of).collect() };
    assert!(joined(|chunk| chunk.base.text.to_owned()) == base, "{name}");
    assert!(joined(|chunk| chunk.ours.text.to_owned()) == ours, "{name}");
    assert!(
        joined(|chunk| chunk.theirs.text.to_owned()) == theirs,
        "{name}"
    );
}

#[test]
fn the_time_is_bounded() {
    let mut numbers = Numbers(88_172_645_463_325_252);
    let half = MAX_COMPARED_LINES / 2;
    for different in [2, 3, 10, 1_000, 100_000] {
        let [a, b, c] = [(); 3].map(|()| numbers.lines(half, different));
        check(&format!("random of {different}"), &a, &b, &c);
    }
    let ordered = text(0..half);
    let reversed = text((0..half).rev());
    let shuffled = numbers.shuffled(16_384);
    check("orders", &ordered, &reversed, &shuffled);
    let cycle = |pattern: &str| text(pattern.chars().cycle().take(half));
    check("patterns", &cycle("aab"), &cycle("abbb"), &cycle("ba"));
    let most = |unit: &str| unit.repeat(MAX_TEXT_BYTES / unit.len());
    check("short lines", &most("\n"), &most("a\n"), &most("\nb\n"));
    check("one line", &most("a"), &most("b"), &most("ab"));
    check("nothing left", &most("a\n"), "", &most("a\n\n"));
    check("line ends", &most("a\n"), &most("a\r\n"), &most("\r\n"));
}

#[test]
fn two_large_prompts_merge_line_by_line() {
    // About 64 KiB of prose, edited by both in many places.
    let line = |n: usize, by: &str| format!("{n}: write about {{topic}} {by} for the reader.\n");
    let edited = |ours: bool, theirs: bool| -> String {
        let edit = |n: usize| match n % 20 {
            5 if ours => line(n, "briefly"),
            15 if theirs => line(n, "at length"),
            _ => line(n, "well"),
        };
        (0..1_600).map(edit).collect()
    };
    let [base, ours, theirs] =
        [(false, false), (true, false), (false, true)].map(|(a, b)| edited(a, b));
    assert!(base.len() > 64 * 1024);
    let merge = three_way(&base, &ours, &theirs);
    assert!(merge.text() == Some(edited(true, true)));
}

#[test]
fn too_many_lines_are_one_change() {
    let changed = |first: &str, count: usize| -> String {
        let middle = text((0..count).map(|n| format!("{first}{n}")));
        format!("head\n{middle}tail\n")
    };
    let (base, more) = (changed("", 100), changed("x", MAX_COMPARED_LINES - 99));
    let keeps_a_line = more.replace("x7\n", "7\n");
    let merge = three_way(&base, &keeps_a_line, &base);
    let kinds: Vec<ChunkKind> = merge.chunks.iter().map(|chunk| chunk.kind).collect();
    assert_eq!(
        kinds,
        [ChunkKind::Unchanged, ChunkKind::Ours, ChunkKind::Unchanged]
    );
    assert_eq!(merge.chunks[1].base.lines().count(), 100);
    // One line fewer, and the line that both have is found.
    let fewer = keeps_a_line.replacen("x0\n", "", 1);
    assert_eq!(three_way(&base, &fewer, &base).chunks.len(), 5);
    // Lines before and after the changes do not count.
    let long = "\n".repeat(MAX_TEXT_BYTES - 8);
    let ours = format!("a\n{long}");
    let theirs = format!("{long}b\n");
    assert!(three_way(&long, &ours, &theirs).text() == Some(format!("a\n{long}b\n")));
}
