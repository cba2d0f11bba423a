//! A text as lines, and which runs of lines changed from one text to another.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff};

/// The most lines, of both texts together, that are compared line by line. Where more lie between
/// the first and the last change, they count as one change.
///
/// It bounds the time of a comparison: real prompts have far fewer lines, and a text of the
/// greatest size made of nothing but short lines would take seconds.
pub const MAX_COMPARED_LINES: usize = 32_768;

/// A run of whole lines in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span<'t> {
    /// The number of its first line, from 1 on; where it is empty, of the line it stands before.
    pub first_line: usize,
    /// The lines with their ends.
    pub text: &'t str,
}

impl<'t> Span<'t> {
    /// Its lines, each with its end.
    #[must_use]
    pub fn lines(&self) -> std::str::SplitInclusive<'t, char> {
        self.text.split_inclusive('\n')
    }
}

/// A text and where its lines are.
pub(super) struct Lines<'t> {
    text: &'t str,
    list: Vec<&'t str>,
    /// The byte at which each line begins, and the end of the text.
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let list: Vec<&str> = text.split_inclusive('\n').collect();
        let mut starts = Vec::with_capacity(list.len() + 1);
        let mut at = 0;
        for line in &list {
            starts.push(at);
            at += line.len();
        }
        starts.push(at);
        Self { text, list, starts }
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// The lines of a range, by index from 0 on.
    pub(super) fn get(&self, range: Range<usize>) -> &[&'t str] {
        &self.list[range]
    }

    /// The lines of a range, by index from 0 on, in one piece.
    pub(super) fn span(&self, range: Range<usize>) -> Span<'t> {
        Span {
            first_line: range.start + 1,
            text: &self.text[self.starts[range.start]..self.starts[range.end]],
        }
    }
}

/// What leads from one text to another: runs that are equal or not, in order, gapless.
pub(super) fn compare(old: &Lines<'_>, new: &Lines<'_>) -> Vec<DiffOp> {
    let common = |pairs: &mut dyn Iterator<Item = (&&str, &&str)>| {
        pairs.take_while(|(old, new)| old == new).count()
    };
    let prefix = common(&mut old.list.iter().zip(&new.list));
    let (old_rest, new_rest) = (&old.list[prefix..], &new.list[prefix..]);
    let suffix = common(&mut old_rest.iter().rev().zip(new_rest.iter().rev()));
    let (old_len, new_len) = (old_rest.len() - suffix, new_rest.len() - suffix);
    if old_len + new_len <= MAX_COMPARED_LINES {
        let (old, new) = (&old.list, &new.list);
        return capture_diff(Algorithm::Myers, old, 0..old.len(), new, 0..new.len());
    }
    let equal = |old_index, new_index, len| DiffOp::Equal {
        old_index,
        new_index,
        len,
    };
    let changed = DiffOp::Replace {
        old_index: prefix,
        old_len,
        new_index: prefix,
        new_len,
    };
    vec![
        equal(0, 0, prefix),
        changed,
        equal(prefix + old_len, prefix + new_len, suffix),
    ]
}

/// A run of lines of one text that became a run of lines of another; one of them may be empty.
pub(super) struct Change {
    pub(super) old: Range<usize>,
    pub(super) new: Range<usize>,
}

/// The changes from one text to another, in order.
pub(super) fn changes(old: &Lines<'_>, new: &Lines<'_>) -> Vec<Change> {
    compare(old, new)
        .iter()
        .filter(|op| !matches!(op, DiffOp::Equal { .. }))
        .map(|op| Change {
            old: op.old_range(),
            new: op.new_range(),
        })
        .collect()
}
