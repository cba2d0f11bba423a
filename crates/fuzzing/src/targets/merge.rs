//! Differences and merges of texts, with the laws as oracles.

use aiconfig_domain::merge::{
    Chunk, ChunkKind, Merge, Resolution, ResolveFault, Span, behind_by, diff, three_way, unified,
};
use aiconfig_domain::template::check_text;

/// What stands between the three texts of an input, and before the choices.
const BETWEEN: &str = "=====\n";

/// Looks at three texts, and at a merge of them whose conflicts are resolved by letters.
pub(crate) fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut parts = text.split(BETWEEN);
    let mut part = || parts.next().unwrap_or_default();
    let (base, ours, theirs, choices) = (part(), part(), part(), part());
    for (old, new) in [(base, ours), (ours, theirs), (theirs, base)] {
        for context in [0, 1, 3, usize::MAX] {
            leads_to(old, new, context);
        }
    }
    let merge = three_way(base, ours, theirs);
    assert_eq!(merge, three_way(base, ours, theirs), "chance has a part");
    is_whole(&merge, [base, ours, theirs]);
    takes_equal_sides(base, ours);
    can_be_swapped(&merge, [base, ours, theirs]);
    resolves(&merge, choices);
    counts(&[base, ours, theirs]);
}

/// The hunks make the new text of the old one, and their unified form says the same.
fn leads_to(old: &str, new: &str, context: usize) {
    let hunks = diff(old, new, context);
    assert_eq!(hunks.is_empty(), old == new);
    let mut rest = old.split_inclusive('\n');
    let mut made = String::new();
    let (mut done, mut lines) = (0, 0);
    for hunk in &hunks {
        for line in rest.by_ref().take(hunk.old_first_line - 1 - done) {
            made.push_str(line);
            lines += 1;
        }
        assert_eq!(lines, hunk.new_first_line - 1);
        done = hunk.old_first_line - 1 + hunk.old_lines();
        lines += hunk.new_lines();
        let written = hunk.to_string();
        let (head, body) = written.split_once('\n').unwrap();
        assert!(head.starts_with("@@ -") && head.ends_with(" @@"));
        made.push_str(&patched(body, &mut rest));
    }
    made.extend(rest);
    assert_eq!(made, new, "the hunks lead elsewhere");
    let whole = unified(&hunks, "a", "b");
    assert_eq!(whole.is_empty(), hunks.is_empty());
}

/// Applies the body of a hunk as `patch` reads it.
fn patched<'t>(body: &str, old: &mut impl Iterator<Item = &'t str>) -> String {
    let mut made = String::new();
    let mut lines = body.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let (mark, text) = line.split_at(1);
        let cut = lines.next_if(|next| next.starts_with('\\')).is_some();
        let text = if cut {
            text.strip_suffix('\n').unwrap()
        } else {
            text
        };
        if mark != "+" {
            assert_eq!(old.next(), Some(text), "another line than the old text's");
        }
        if mark != "-" {
            made.push_str(text);
        }
    }
    made
}

/// The chunks' parts of a text are that text, and changed chunks stand apart.
fn is_whole(merge: &Merge<'_>, texts: [&str; 3]) {
    let parts = |of: fn(&Chunk<'_>) -> (usize, usize, String), text: &str| {
        let mut first = 1;
        let mut joined = String::new();
        for chunk in &merge.chunks {
            let (first_line, count, part) = of(chunk);
            assert_eq!(first_line, first);
            first += count;
            joined.push_str(&part);
        }
        assert_eq!(joined, text, "a part of a text is missing");
    };
    parts(|chunk| of_span(&chunk.base), texts[0]);
    parts(|chunk| of_span(&chunk.ours), texts[1]);
    parts(|chunk| of_span(&chunk.theirs), texts[2]);
    for pair in merge.chunks.windows(2) {
        let unchanged = |chunk: &Chunk<'_>| chunk.kind == ChunkKind::Unchanged;
        assert!(pair.iter().any(unchanged), "two changes beside each other");
    }
    for chunk in &merge.chunks {
        assert!(!of_span(&chunk.base).2.is_empty() || chunk.kind != ChunkKind::Unchanged);
    }
}

fn of_span(span: &Span<'_>) -> (usize, usize, String) {
    (span.first_line, span.lines().count(), span.text.to_owned())
}

fn takes_equal_sides(base: &str, side: &str) {
    for merge in [
        three_way(base, side, side),
        three_way(base, side, base),
        three_way(base, base, side),
    ] {
        assert_eq!(merge.text().as_deref(), Some(side));
    }
}

fn can_be_swapped(merge: &Merge<'_>, [base, ours, theirs]: [&str; 3]) {
    let swapped = three_way(base, theirs, ours);
    assert_eq!(merge.chunks.len(), swapped.chunks.len());
    for (chunk, other) in merge.chunks.iter().zip(&swapped.chunks) {
        let kind = match chunk.kind {
            ChunkKind::Ours => ChunkKind::Theirs,
            ChunkKind::Theirs => ChunkKind::Ours,
            other => other,
        };
        assert_eq!(
            (kind, chunk.base, chunk.ours, chunk.theirs),
            (other.kind, other.base, other.theirs, other.ours)
        );
    }
}

/// Resolves the conflicts by letters: `o`, `t`, `b`, else a line of that letter, unended if it is
/// a capital.
fn resolves(merge: &Merge<'_>, choices: &str) {
    let conflicts: Vec<&Chunk<'_>> = merge.conflicts().collect();
    assert_eq!(merge.text().is_none(), !conflicts.is_empty());
    let mut letters = choices.chars().filter(|letter| !letter.is_whitespace());
    let resolutions: Vec<Resolution> = conflicts
        .iter()
        .map(|_| match letters.next() {
            Some('o') | None => Resolution::Ours,
            Some('t') => Resolution::Theirs,
            Some('b') => Resolution::Base,
            Some('-') => Resolution::Text(String::new()),
            Some(unended) if unended.is_uppercase() => Resolution::Text(unended.to_string()),
            Some(line) => Resolution::Text(format!("{line}\n")),
        })
        .collect();
    let mut chosen = resolutions.iter().zip(&conflicts);
    let mut expected = String::new();
    let mut ended = true;
    for chunk in &merge.chunks {
        let text = chunk.merged().unwrap_or_else(|| match chosen.next() {
            Some((Resolution::Ours, conflict)) => conflict.ours.text,
            Some((Resolution::Theirs, conflict)) => conflict.theirs.text,
            Some((Resolution::Base, conflict)) => conflict.base.text,
            Some((Resolution::Text(text), _)) => text,
            None => "",
        });
        ended &= expected.is_empty() || expected.ends_with('\n');
        expected.push_str(text);
    }
    match merge.resolve(&resolutions) {
        Ok(merged) => {
            assert!(ended && check_text(&merged).is_ok());
            assert_eq!(merged, expected);
            if conflicts.is_empty() {
                assert_eq!(merge.text(), Some(merged));
            }
        }
        Err(ResolveFault::Unterminated { conflict }) => {
            assert!(!ended && conflict < conflicts.len());
        }
        Err(ResolveFault::Text(_)) => assert!(check_text(&expected).is_err()),
        Err(ResolveFault::Count { .. }) => unreachable!("one for each conflict"),
    }
    let more = [resolutions, vec![Resolution::Ours]].concat();
    let counted = matches!(merge.resolve(&more), Err(ResolveFault::Count { .. }));
    assert!(counted, "a resolution too many");
}

/// Versions whose text differs from the one before it.
fn counts(texts: &[&str]) {
    let history = || (1..).zip(texts.iter().copied());
    let changed = texts.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert_eq!(usize::try_from(behind_by(1, history())).unwrap(), changed);
    assert_eq!(behind_by(3, history()), 0);
}
