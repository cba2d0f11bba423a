//! Rule tables and laws of the domain, through `decide` and `apply` alone.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a test ends where it cannot go on, and tables read best with values"
)]

mod cloning;
mod keys;
mod library;
mod outcome;
mod platform;
mod sections;
mod settings;
mod settings_checks;
mod settings_order;
mod stripping;
