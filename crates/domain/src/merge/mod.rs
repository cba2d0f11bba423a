//! Differences of texts by lines: the hunks between two, the three-way merge, and drift.
//!
//! A line ends after its `\n`, which belongs to it; a `\r` before it does too, so that texts that
//! differ in their line ends alone differ in every line. Everything is kept byte for byte.

mod diff;
mod drift;
mod lines;
mod resolve;
mod three_way;

pub use diff::{DiffLine, Hunk, LineChange, diff, unified};
pub use drift::behind_by;
pub use lines::{MAX_COMPARED_LINES, Span};
pub use resolve::{Resolution, ResolveFault};
pub use three_way::{Chunk, ChunkKind, Merge, three_way};
