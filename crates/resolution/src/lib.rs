//! The ladder: a view of the state and a query to a resolved configuration, with a source for
//! every field. Pure: no I/O, no clock.
#![forbid(unsafe_code)]

mod explain;
mod keys;
mod ladder;
mod prompt;
mod quote;
mod request;
mod resolve;
mod view;

pub use explain::{FieldExplanation, LevelExplanation, Outcome};
pub use keys::{KeyChoice, KeyProblem, key_choice};
pub use ladder::Sources;
pub use prompt::{
    EffectivePrompt, PromptSource, UpstreamState, account_prompts, effective_prompt, mergeable,
    shown_prompt,
};
pub use quote::{QuoteQuery, QuoteSubject, Quoted, quote};
pub use resolve::{Query, Resolved, resolve, unknown_function};
pub use view::{Choices, SettingsView, settings_view};
