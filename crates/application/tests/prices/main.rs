//! Price files imported into a database: the rules, and the real file where it is at hand.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

mod bench;
mod dated;
mod plausible;
mod real;
mod rules;
