//! Prompts: the rules plainly, and random commands on both sides.

mod commands;
mod rules;

pub(crate) use rules::{Held, Row, Shelf};

/// Types of the test's own; the last one is never created.
pub(crate) const TYPES: [&str; 3] = ["model_one", "model_two", "model_never"];

/// Texts whose changes never touch: every other line is the same in all, so that a merge can be
/// told line by line.
pub(crate) const TEXTS: [&str; 6] = [
    "a\n-\nb\n-\nc\n",
    "A\n-\nb\n-\nc\n",
    "a\n-\nB\n-\nc\n",
    "a\n-\nb\n-\nC\n",
    "A\n-\nB\n-\nc\n",
    "x {topic}\n-\nb\n-\nX\n",
];
