//! Rules of prompts as tables (section 5), and their laws over any sequence of commands.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

mod account;
mod global;
mod laws;
mod library;
