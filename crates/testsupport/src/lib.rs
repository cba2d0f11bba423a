//! A real PostgreSQL for tests: found, started on a free loopback port, stopped at exit.
//!
//! Everything here panics with a clear text when it cannot go on, because a test that lacks its
//! database has failed; it is never skipped.
#![forbid(unsafe_code)]

mod binaries;
mod freeze;
mod owner;
mod port;
mod proxy;
mod server;
mod watchdog;

pub use freeze::Frozen;
pub use port::free_port;
pub use proxy::{CommitFault, Proxy};
pub use server::{PgOptions, PgServer};
