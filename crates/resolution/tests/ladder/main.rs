//! Rule tables of resolution and of the settings view, and the laws that hold in every state.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a test ends where it cannot go on, and tables read best with values"
)]

mod answer;
mod images;
mod plans;
#[path = "../../../domain/tests/rules/platform.rs"]
mod platform;
mod refusals;
mod steps;
mod text;
