//! Loads: closed loops, where each answer makes room for the next call, and open ones, where calls
//! come whether there are answers or not.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use aiconfig_tests::query;
use prost::Message as _;

use crate::connection::Connection;
use crate::cores::Cores;

/// What is offered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Offer {
    /// So many calls in flight on each connection.
    InFlight(u32),
    /// So many calls a second on each connection. One that finds as many calls open as a
    /// connection may have is not sent.
    PerSecond(f64),
}

/// A load.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) address: String,
    pub(crate) token: String,
    pub(crate) path: &'static str,
    pub(crate) body: Vec<u8>,
    pub(crate) connections: usize,
    pub(crate) offer: Offer,
    /// When a client gives a call up.
    pub(crate) deadline: Duration,
    pub(crate) span: Duration,
}

/// What became of a load.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Calls that were to be made.
    pub(crate) offered: u64,
    pub(crate) sent: u64,
    /// Calls that the client had no stream for.
    pub(crate) unsent: u64,
    /// Answered with a message, in time.
    pub(crate) good: u64,
    /// Answered without one.
    pub(crate) refused: u64,
    /// Reset by the server.
    pub(crate) reset: u64,
    /// Given up by the client.
    pub(crate) late: u64,
    /// Connections that ended.
    pub(crate) closed: u64,
    /// What good answers took.
    pub(crate) micros: Vec<u32>,
}

impl Load {
    /// The main call for account 1.
    pub(crate) fn main_call(address: String, token: String) -> Self {
        Self {
            address,
            token,
            path: "/igny8.aiconfig.v1.ModelConfigService/GetModelConfig",
            body: query(1).encode_to_vec(),
            connections: 1,
            offer: Offer::InFlight(64),
            deadline: Duration::from_secs(1),
            span: Duration::from_secs(1),
        }
    }

    /// Runs on threads of its own, on the cores of the clients.
    pub(crate) fn begin(&self, cores: &Cores) -> Running {
        let until = Instant::now() + self.span;
        let load = Arc::new(self.clone());
        let threads = cores.of_clients.len().min(self.connections);
        let run = |at: usize| {
            let (load, cores) = (Arc::clone(&load), cores.clone());
            let share = (at..load.connections).step_by(threads).count();
            std::thread::spawn(move || {
                cores.be_client();
                let runtime = tokio::runtime::Builder::new_current_thread();
                let runtime = { runtime }.enable_all().build().unwrap();
                runtime.block_on(offer(&load, share, until))
            })
        };
        Running((0..threads).map(run).collect())
    }

    /// Runs to its end.
    pub(crate) fn run(&self, cores: &Cores) -> Outcome {
        self.begin(cores).end()
    }
}

/// A load that is being offered.
pub(crate) struct Running(Vec<JoinHandle<Outcome>>);

impl Running {
    /// Waits for the end.
    pub(crate) fn end(self) -> Outcome {
        let outcomes = self.0.into_iter().map(|thread| thread.join().unwrap());
        outcomes.fold(Outcome::default(), Outcome::plus)
    }
}

async fn offer(load: &Arc<Load>, connections: usize, until: Instant) -> Outcome {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..connections {
        let load = Arc::clone(load);
        tasks.spawn(async move {
            let mut connection = Connection::open(&load).await.unwrap();
            connection.work(&load, until).await;
            connection.outcome
        });
    }
    let outcomes = tasks.join_all().await.into_iter();
    outcomes.fold(Outcome::default(), Outcome::plus)
}

impl Outcome {
    fn plus(mut self, other: Self) -> Self {
        let Self {
            offered,
            sent,
            unsent,
            good,
            refused,
            reset,
            late,
            closed,
            micros,
        } = other;
        self.offered += offered;
        self.sent += sent;
        self.unsent += unsent;
        self.good += good;
        self.refused += refused;
        self.reset += reset;
        self.late += late;
        self.closed += closed;
        self.micros.extend(micros);
        self
    }

    /// What so many of a hundred good answers took at most, in milliseconds.
    pub(crate) fn percentile(&mut self, percent: usize) -> f64 {
        self.micros.sort_unstable();
        let at = self.micros.len() * percent / 100;
        let micros = self.micros.get(at.min(self.micros.len().saturating_sub(1)));
        micros.map_or(f64::NAN, |micros| f64::from(*micros) / 1e3)
    }
}
