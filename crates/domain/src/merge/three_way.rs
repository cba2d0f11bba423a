//! The three-way merge: what two sides made of one base, put together where they do not meet.

use std::iter::Peekable;
use std::ops::Range;

use super::lines::{Change, Lines, Span, changes};

/// How a chunk of a merge came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChunkKind {
    /// The same in all three.
    Unchanged,
    /// Changed by ours alone.
    Ours,
    /// Changed by theirs alone.
    Theirs,
    /// Changed by both to the same.
    Both,
    /// Changed by both, not to the same: a choice is to be made.
    Conflict,
}

/// A piece of a merge: lines of the three texts that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk<'t> {
    /// How it came about.
    pub kind: ChunkKind,
    /// Its lines in the base.
    pub base: Span<'t>,
    /// Its lines in ours.
    pub ours: Span<'t>,
    /// Its lines in theirs.
    pub theirs: Span<'t>,
}

impl<'t> Chunk<'t> {
    /// What stands in the merged text; `None` for a conflict.
    #[must_use]
    pub const fn merged(&self) -> Option<&'t str> {
        match self.kind {
            ChunkKind::Unchanged | ChunkKind::Ours | ChunkKind::Both => Some(self.ours.text),
            ChunkKind::Theirs => Some(self.theirs.text),
            ChunkKind::Conflict => None,
        }
    }

    fn new(base: Span<'t>, ours: Span<'t>, theirs: Span<'t>) -> Self {
        let kind = match (ours.text == base.text, theirs.text == base.text) {
            (true, true) => ChunkKind::Unchanged,
            (false, true) => ChunkKind::Ours,
            (true, false) => ChunkKind::Theirs,
            (false, false) if ours.text == theirs.text => ChunkKind::Both,
            (false, false) => ChunkKind::Conflict,
        };
        Self {
            kind,
            base,
            ours,
            theirs,
        }
    }
}

/// A merge: the chunks of three texts, in order. Their parts of a text, one after the other, are
/// that text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge<'t> {
    /// The chunks. Changed ones stand apart by at least one line that all three have.
    pub chunks: Vec<Chunk<'t>>,
}

impl<'t> Merge<'t> {
    /// The conflicts, in order.
    pub fn conflicts(&self) -> impl Iterator<Item = &Chunk<'t>> {
        self.chunks
            .iter()
            .filter(|chunk| chunk.kind == ChunkKind::Conflict)
    }

    /// The merged text, if there is no conflict. It may be longer than a prompt may be.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        self.chunks.iter().map(Chunk::merged).collect()
    }
}

/// Merges what `ours` and `theirs` made of `base`. Changes that touch, with no unchanged line
/// between them, belong together: they are a conflict unless both sides made the same of them.
///
/// The same texts give the same chunks on every server: nothing depends on time or chance.
#[must_use]
pub fn three_way<'t>(base: &'t str, ours: &'t str, theirs: &'t str) -> Merge<'t> {
    let (base, ours, theirs) = (Lines::of(base), Lines::of(ours), Lines::of(theirs));
    let mut our_side = Side::new(changes(&base, &ours));
    let mut their_side = Side::new(changes(&base, &theirs));
    let mut chunks = Vec::new();
    let mut at = 0;
    while at < base.len() || our_side.next_start().or(their_side.next_start()).is_some() {
        let starts = [our_side.next_start(), their_side.next_start()];
        let start = starts.into_iter().flatten().min().unwrap_or(base.len());
        let mut end = start;
        if at == start {
            while our_side.take_touching(&mut end) || their_side.take_touching(&mut end) {}
        }
        chunks.push(Chunk::new(
            base.span(at..end),
            ours.span(our_side.advance(end)),
            theirs.span(their_side.advance(end)),
        ));
        at = end;
    }
    Merge { chunks }
}

/// The walk along the changes of one side, in step with the base.
struct Side {
    changes: Peekable<std::vec::IntoIter<Change>>,
    /// Lines of the side that are in chunks.
    at: usize,
    /// The end of the last change that was taken, in the base (old) and in the side (new).
    old_end: usize,
    new_end: usize,
}

impl Side {
    fn new(changes: Vec<Change>) -> Self {
        Self {
            changes: changes.into_iter().peekable(),
            at: 0,
            old_end: 0,
            new_end: 0,
        }
    }

    /// Where in the base the next change begins.
    fn next_start(&mut self) -> Option<usize> {
        self.changes.peek().map(|change| change.old.start)
    }

    /// Takes the next change, if it begins at `end` in the base or before, and moves `end` behind.
    fn take_touching(&mut self, end: &mut usize) -> bool {
        let Some(change) = self.changes.next_if(|change| change.old.start <= *end) else {
            return false;
        };
        *end = change.old.end.max(*end);
        (self.old_end, self.new_end) = (change.old.end, change.new.end);
        true
    }

    /// The lines up to the one that is at `base` in the base, where no change is.
    fn advance(&mut self, base: usize) -> Range<usize> {
        let from = self.at;
        self.at = self.new_end + (base - self.old_end);
        from..self.at
    }
}
