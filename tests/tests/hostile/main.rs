//! Hostile clients over real sockets, each with a good client beside it that must not notice; TLS;
//! and the limits of connections.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod attacks;
mod calls;
mod certificates;
mod connection;
mod good;
mod limits;
mod observe;
mod ops;
mod stalls;
mod table;
mod tls;

use tokio::sync::{Mutex, MutexGuard};

/// The tests of this target take turns: the times of one would be those of all.
static TURN: Mutex<()> = Mutex::const_new(());

async fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().await
}
