//! More load than the server can take: what is still answered, what is refused and how, at what
//! memory, and whether health answers.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod connection;
mod cores;
mod full;
mod load;
mod observe;
mod rates;
mod ten;

use tokio::sync::{Mutex, MutexGuard};

/// The tests of this target take turns: the times of one would be those of all.
static TURN: Mutex<()> = Mutex::const_new(());

async fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().await
}
