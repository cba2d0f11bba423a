//! Clients that read and write while something goes wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aiconfig_tests::{Clients, query};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::task::JoinHandle;
use tonic::Status;

use crate::ledger::{Attempt, Ledger, Told, told};
use crate::requests::{ACCOUNTS, Write};

/// A write that failed.
pub(crate) struct Failure {
    pub(crate) begun: Instant,
    pub(crate) ended: Instant,
    pub(crate) status: Status,
}

/// What writers did.
#[derive(Default)]
pub(crate) struct Written {
    pub(crate) ledger: Ledger,
    pub(crate) failures: Vec<Failure>,
    /// When writes were taken.
    pub(crate) taken_at: Vec<Instant>,
}

/// Clients that write until they are told to end, or until their server is gone.
pub(crate) struct Writers {
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<Written>>,
}

impl Writers {
    /// `until_lost`: a client whose connection is lost ends.
    pub(crate) fn begin(
        clients: Vec<Clients>,
        random: &mut StdRng,
        pause: Duration,
        until_lost: bool,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let begin = |to: Clients| {
            let random = StdRng::seed_from_u64(random.random());
            tokio::spawn(write(to, random, pause, until_lost, Arc::clone(&stop)))
        };
        let tasks = clients.into_iter().map(begin).collect();
        Self { stop, tasks }
    }

    pub(crate) async fn end(self) -> Written {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Written::default();
        for task in self.tasks {
            let mut one = task.await.unwrap();
            all.ledger.0.append(&mut one.ledger.0);
            all.failures.append(&mut one.failures);
            all.taken_at.append(&mut one.taken_at);
        }
        all
    }
}

async fn write(
    mut to: Clients,
    mut random: StdRng,
    pause: Duration,
    until_lost: bool,
    stop: Arc<AtomicBool>,
) -> Written {
    let mut written = Written::default();
    while !stop.load(Ordering::Relaxed) {
        let write = Write::any(&mut random);
        let id = format!("{:032x}", random.random::<u128>());
        let begun = Instant::now();
        let outcome = write.send(&mut to, &id).await;
        let ended = Instant::now();
        let told = told(&outcome);
        let lost = matches!(told, Told::Unknown);
        written.ledger.0.push(Attempt { id, write, told });
        match outcome {
            Ok(_) => written.taken_at.push(ended),
            Err(status) => written.failures.push(Failure {
                begun,
                ended,
                status,
            }),
        }
        if lost && until_lost {
            break;
        }
        tokio::time::sleep(pause).await;
    }
    written
}

/// Clients that read until they are told to end.
pub(crate) struct Readers {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    tasks: Vec<JoinHandle<Vec<Status>>>,
}

impl Readers {
    pub(crate) fn begin(clients: Vec<Clients>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let answered = Arc::new(AtomicUsize::new(0));
        let begin = |from| tokio::spawn(read(from, Arc::clone(&stop), Arc::clone(&answered)));
        let tasks = clients.into_iter().map(begin).collect();
        Self {
            stop,
            answered,
            tasks,
        }
    }

    /// How many reads were answered, and which were not.
    pub(crate) async fn end(self) -> (usize, Vec<Status>) {
        self.stop.store(true, Ordering::Relaxed);
        let mut failed = Vec::new();
        for task in self.tasks {
            failed.append(&mut task.await.unwrap());
        }
        (self.answered.load(Ordering::Relaxed), failed)
    }
}

async fn read(mut from: Clients, stop: Arc<AtomicBool>, answered: Arc<AtomicUsize>) -> Vec<Status> {
    let mut failed = Vec::new();
    // An account that no write is about: an inactive one is refused.
    while !stop.load(Ordering::Relaxed) {
        match from.configs.get_model_config(query(ACCOUNTS + 1)).await {
            Ok(_) => {
                answered.fetch_add(1, Ordering::Relaxed);
            }
            Err(status) => failed.push(status),
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    failed
}
