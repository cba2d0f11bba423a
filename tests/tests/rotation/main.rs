//! Keys are rotated while servers serve: under load, killed at any point, with missing and damaged
//! keys, on SQLite and on PostgreSQL.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and tells what was done"
)]

mod credentials;
mod damage;
mod database;
mod freeze;
mod kills;
mod load;
mod missing;
mod online;
mod replicas;
mod restored;
mod stage;
