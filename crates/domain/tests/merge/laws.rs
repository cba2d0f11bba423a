//! Laws of differences and merges, over random texts of few different lines.

use std::collections::BTreeMap;

use aiconfig_domain::merge::{
    Chunk, ChunkKind, LineChange, Resolution, ResolveFault, Span, diff, three_way,
};
use aiconfig_domain::template::check_text;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Few different lines, so that texts have much in common, and often an end without a line end.
fn text() -> impl Strategy<Value = String> {
    let line = select(vec![
        "a\n",
        "b\n",
        "c\n",
        "\n",
        "a\r\n",
        "😀\n",
        "שלום\n",
        "{x}\n",
    ]);
    let end = select(vec!["", "", "a", "\r", "😀"]);
    (vec(line, 0..12), end).prop_map(|(lines, end)| lines.concat() + end)
}

/// What a side does with a line of the base, and behind it.
#[derive(Clone, Debug)]
enum Edit {
    Replace,
    Remove,
    Append,
}

/// A base of different lines, where each side edits lines that the other side is not next to.
fn apart() -> impl Strategy<Value = (usize, BTreeMap<usize, (bool, Edit)>)> {
    let edit = select(vec![Edit::Replace, Edit::Remove, Edit::Append]);
    (1..40_usize, vec((0..40_usize, any::<bool>(), edit), 0..10)).prop_map(|(lines, edits)| {
        // Every third line only: at least two lines that nobody touches lie between.
        let edits = edits
            .into_iter()
            .map(|(at, by, edit)| (at / 3 * 3, (by, edit)));
        (lines, edits.collect())
    })
}

fn edited(
    lines: usize,
    edits: &BTreeMap<usize, (bool, Edit)>,
    by: impl Fn(bool) -> bool,
) -> String {
    let line = |n: usize| match edits.get(&n) {
        Some((side, edit)) if by(*side) => match edit {
            Edit::Replace => format!("{side} {n}\n"),
            Edit::Remove => String::new(),
            Edit::Append => format!("{n}\n{side} {n}\n"),
        },
        _ => format!("{n}\n"),
    };
    (0..lines).map(line).collect()
}

fn mirrored(kind: ChunkKind) -> ChunkKind {
    match kind {
        ChunkKind::Ours => ChunkKind::Theirs,
        ChunkKind::Theirs => ChunkKind::Ours,
        other => other,
    }
}

proptest! {
    #[test]
    fn a_merge_of_equal_sides_is_that_side(base in text(), side in text()) {
        prop_assert_eq!(three_way(&base, &side, &side).text(), Some(side));
    }

    #[test]
    fn a_side_that_changed_nothing_takes_the_other(base in text(), side in text()) {
        prop_assert_eq!(three_way(&base, &side, &base).text(), Some(side.clone()));
        prop_assert_eq!(three_way(&base, &base, &side).text(), Some(side));
    }

    #[test]
    fn changes_apart_all_arrive((lines, edits) in apart()) {
        let base = edited(lines, &edits, |_| false);
        let ours = edited(lines, &edits, |side| side);
        let theirs = edited(lines, &edits, |side| !side);
        let both = edited(lines, &edits, |_| true);
        prop_assert_eq!(three_way(&base, &ours, &theirs).text(), Some(both));
    }

    #[test]
    fn a_clean_merge_has_what_each_side_added(base in text(), ours in text(), theirs in text()) {
        let Some(merged) = three_way(&base, &ours, &theirs).text() else {
            return Ok(());
        };
        for side in [&ours, &theirs] {
            let mut rest = merged.split_inclusive('\n');
            for line in diff(&base, side, 0).iter().flat_map(|hunk| &hunk.lines) {
                let added = line.change == LineChange::Added;
                prop_assert!(!added || rest.any(|found| found == line.text), "{:?}", line);
            }
        }
    }

    #[test]
    fn chunks_are_the_texts(base in text(), ours in text(), theirs in text()) {
        let merge = three_way(&base, &ours, &theirs);
        for (whole, spans) in [
            (&base, merge.chunks.iter().map(|chunk| chunk.base).collect::<Vec<_>>()),
            (&ours, merge.chunks.iter().map(|chunk| chunk.ours).collect()),
            (&theirs, merge.chunks.iter().map(|chunk| chunk.theirs).collect()),
        ] {
            let mut first_line = 1;
            let mut joined = String::new();
            for span in spans {
                prop_assert_eq!(span.first_line, first_line);
                first_line += span.lines().count();
                joined += span.text;
            }
            prop_assert_eq!(&joined, whole);
        }
        // Between two chunks that someone changed is one that nobody did.
        for pair in merge.chunks.windows(2) {
            let unchanged = pair.iter().filter(|chunk| chunk.kind == ChunkKind::Unchanged);
            prop_assert!(unchanged.count() >= 1);
        }
    }

    #[test]
    fn sides_may_be_swapped(base in text(), ours in text(), theirs in text()) {
        let merge = three_way(&base, &ours, &theirs);
        let swapped = three_way(&base, &theirs, &ours);
        let turned: Vec<Chunk<'_>> = swapped
            .chunks
            .iter()
            .map(|chunk| Chunk {
                kind: mirrored(chunk.kind),
                base: chunk.base,
                ours: chunk.theirs,
                theirs: chunk.ours,
            })
            .collect();
        prop_assert_eq!(merge.chunks, turned);
    }

    #[test]
    fn conflicts_resolved_as_one_side_leave_the_clean_changes(
        base in text(), ours in text(), theirs in text(),
    ) {
        let merge = three_way(&base, &ours, &theirs);
        let count = merge.conflicts().count();
        for (choice, of) in [
            (Resolution::Ours, (|chunk| chunk.ours) as for<'c> fn(&'c Chunk<'c>) -> Span<'c>),
            (Resolution::Theirs, |chunk| chunk.theirs),
            (Resolution::Base, |chunk| chunk.base),
        ] {
            let expect: String = merge
                .chunks
                .iter()
                .map(|chunk| chunk.merged().unwrap_or(of(chunk).text))
                .collect();
            // Changes may leave nothing, which is no prompt.
            let expect = check_text(&expect).map(|()| expect).map_err(ResolveFault::Text);
            prop_assert_eq!(merge.resolve(&vec![choice; count]), expect);
        }
    }

    #[test]
    fn hunks_lead_from_the_old_text_to_the_new(
        old in text(), new in text(), context in 0..5_usize,
    ) {
        let mut rest = old.split_inclusive('\n');
        let mut made: Vec<&str> = Vec::new();
        let mut done = 0;
        for hunk in diff(&old, &new, context) {
            made.extend(rest.by_ref().take(hunk.old_first_line - 1 - done));
            prop_assert_eq!(made.len(), hunk.new_first_line - 1);
            done = hunk.old_first_line - 1 + hunk.old_lines();
            for line in &hunk.lines {
                if line.change != LineChange::Added {
                    prop_assert_eq!(rest.next(), Some(line.text));
                }
                if line.change != LineChange::Removed {
                    made.push(line.text);
                }
            }
            prop_assert_eq!(made.len(), hunk.new_first_line - 1 + hunk.new_lines());
        }
        made.extend(rest);
        prop_assert_eq!(made.concat(), new);
    }
}
