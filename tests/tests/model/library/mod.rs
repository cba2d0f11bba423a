//! Author profiles and strategies: the rules plainly, and random commands on both sides.

mod calls;
mod commands;
mod rules;

pub(crate) use rules::{Item, Own};

/// The two libraries, which have the same life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Profile,
    Strategy,
}

/// What an item says: a word of its own (a profile's tone, a strategy's sector), and the prompts
/// that a strategy names.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Content {
    pub(crate) word: String,
    pub(crate) prompt_types: Vec<String>,
}
