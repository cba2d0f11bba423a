//! The good client: it makes calls all the time, and none may fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use aiconfig_proto::v1::Plan;
use aiconfig_tests::{Clients, Server, account, query};
use tokio::task::JoinHandle;

/// Between two calls: enough of them for a percentile, and room for the attack.
const PAUSE: Duration = Duration::from_millis(2);

/// What it saw.
pub(crate) struct Seen {
    pub(crate) calls: usize,
    pub(crate) failures: Vec<String>,
    /// Of a hundred calls, 99 were answered in this time.
    pub(crate) p99: Duration,
}

/// A client that is at work.
pub(crate) struct Good {
    stop: Arc<AtomicBool>,
    task: JoinHandle<Seen>,
}

/// Clients of a server that has the account that is asked for.
pub(crate) async fn prepare(server: &Server) -> Clients {
    let mut clients = server.clients("backend").await;
    make_account(&mut clients).await;
    clients
}

/// Makes the account that is asked for.
pub(crate) async fn make_account(clients: &mut Clients) {
    let made = clients.accounts.upsert_account(account(1, Plan::Growth));
    assert!(made.await.unwrap().into_inner().applied);
}

impl Good {
    /// Begins to make calls.
    pub(crate) fn begin(clients: &Clients) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(work(clients.clone(), Arc::clone(&stop)));
        Self { stop, task }
    }

    /// Ends, and tells.
    pub(crate) async fn end(self) -> Seen {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap()
    }

    /// Works for a time.
    pub(crate) async fn work(clients: &Clients, time: Duration) -> Seen {
        let good = Self::begin(clients);
        tokio::time::sleep(time).await;
        good.end().await
    }
}

async fn work(mut clients: Clients, stop: Arc<AtomicBool>) -> Seen {
    let mut times = Vec::new();
    let mut failures = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let begun = Instant::now();
        match clients.configs.get_model_config(query(1)).await {
            Ok(_) => times.push(begun.elapsed()),
            Err(status) => failures.push(status.to_string()),
        }
        tokio::time::sleep(PAUSE).await;
    }
    times.sort();
    let p99 = times.get(times.len() * 99 / 100).copied();
    Seen {
        calls: times.len(),
        failures,
        p99: p99.unwrap_or(Duration::MAX),
    }
}
