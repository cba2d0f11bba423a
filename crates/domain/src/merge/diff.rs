//! What changed from one text to another, as hunks with context and as a unified diff.

use std::fmt::{self, Write as _};
use std::ops::Range;

use similar::{DiffOp, group_diff_ops};

use super::lines::{Lines, compare};

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineChange {
    /// In both texts.
    Context,
    /// In the old text only.
    Removed,
    /// In the new text only.
    Added,
}

/// A line of a hunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiffLine<'t> {
    /// What became of it.
    pub change: LineChange,
    /// The line with its end; only the last line of a text may have none.
    pub text: &'t str,
}

/// Changes that lie close together, with the lines around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk<'t> {
    /// The number of its first line in the old text, from 1 on; without such a line, of the one
    /// that it stands before.
    pub old_first_line: usize,
    /// The number of its first line in the new text, likewise.
    pub new_first_line: usize,
    /// Its lines, in order; of what was replaced, the removed ones first.
    pub lines: Vec<DiffLine<'t>>,
}

impl Hunk<'_> {
    /// How many of its lines the old text has.
    #[must_use]
    pub fn old_lines(&self) -> usize {
        self.count_without(LineChange::Added)
    }

    /// How many of its lines the new text has.
    #[must_use]
    pub fn new_lines(&self) -> usize {
        self.count_without(LineChange::Removed)
    }

    fn count_without(&self, change: LineChange) -> usize {
        let lines = self.lines.iter();
        lines.filter(|line| line.change != change).count()
    }
}

/// The hunks that lead from one text to another, each with up to so many lines of context before
/// and after. Equal texts have none.
#[must_use]
pub fn diff<'t>(old: &'t str, new: &'t str, context: usize) -> Vec<Hunk<'t>> {
    let (old, new) = (Lines::of(old), Lines::of(new));
    // No hunk has more context than there are lines; the grouping doubles the number.
    let groups = group_diff_ops(compare(&old, &new), context.min(old.len()));
    groups.iter().map(|ops| hunk(&old, &new, ops)).collect()
}

fn hunk<'t>(old: &Lines<'t>, new: &Lines<'t>, ops: &[DiffOp]) -> Hunk<'t> {
    let mut lines = Vec::new();
    let mut push = |change, of: &Lines<'t>, range: Range<usize>| {
        lines.extend(of.get(range).iter().map(|text| DiffLine { change, text }));
    };
    for op in ops {
        if matches!(op, DiffOp::Equal { .. }) {
            push(LineChange::Context, old, op.old_range());
        } else {
            push(LineChange::Removed, old, op.old_range());
            push(LineChange::Added, new, op.new_range());
        }
    }
    let first =
        |range: fn(&DiffOp) -> Range<usize>| ops.first().map_or(1, |op| range(op).start + 1);
    Hunk {
        old_first_line: first(DiffOp::old_range),
        new_first_line: first(DiffOp::new_range),
        lines,
    }
}

/// The hunks as a unified diff, as `patch` reads it, with these names of the texts. Nothing for
/// equal texts.
#[must_use]
pub fn unified(hunks: &[Hunk<'_>], old_name: &str, new_name: &str) -> String {
    let mut text = String::new();
    if !hunks.is_empty() {
        text = format!("--- {old_name}\n+++ {new_name}\n");
    }
    for hunk in hunks {
        // Writing to a string does not fail.
        let _ = write!(text, "{hunk}");
    }
    text
}

impl fmt::Display for Hunk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let old = UnifiedRange(self.old_first_line, self.old_lines());
        let new = UnifiedRange(self.new_first_line, self.new_lines());
        writeln!(f, "@@ -{old} +{new} @@")?;
        for line in &self.lines {
            f.write_char(match line.change {
                LineChange::Context => ' ',
                LineChange::Removed => '-',
                LineChange::Added => '+',
            })?;
            f.write_str(line.text)?;
            if !line.text.ends_with('\n') {
                f.write_str("\n\\ No newline at end of file\n")?;
            }
        }
        Ok(())
    }
}

/// The first line and how many, as a unified diff writes them: without lines, the number is that
/// of the line before.
struct UnifiedRange(usize, usize);

impl fmt::Display for UnifiedRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            0 => write!(f, "{},0", self.0 - 1),
            1 => write!(f, "{}", self.0),
            count => write!(f, "{},{count}", self.0),
        }
    }
}
