//! The ladder: a view of the state and a query to a resolved configuration, with a source for
//! every field. Pure: no I/O, no clock.
#![forbid(unsafe_code)]

mod explain;
mod keys;
mod ladder;
mod request;
mod resolve;
mod view;

pub use explain::{FieldExplanation, LevelExplanation, Outcome};
pub use keys::{KeyChoice, KeyProblem, key_choice};
pub use ladder::Sources;
pub use resolve::{Query, Resolved, resolve};
pub use view::{Choices, SettingsView, settings_view};
