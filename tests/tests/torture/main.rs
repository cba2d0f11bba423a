//! Faults of the database and of the server, one by one and at random, with a table of what was
//! done and what was lost. `docs/faults.md` says what to expect of each.
//!
//! `AICONFIG_TORTURE_SEED` repeats a run, `AICONFIG_TORTURE_ROUNDS` and
//! `AICONFIG_TORTURE_OUTAGE_SECONDS` make it longer; `make torture` is the long form.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod commits;
mod connections;
mod disk;
mod kills;
mod ledger;
mod load;
mod outages;
mod places;
mod replicas;
mod requests;
mod small_disk;
mod table;
mod verify;
mod visibility;

use tokio::sync::{Mutex, MutexGuard};

/// The tests of this target take turns: the times of one would be those of all.
static TURN: Mutex<()> = Mutex::const_new(());

async fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().await
}
