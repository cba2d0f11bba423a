//! The room for calls: how many are open, in all and on each connection. The gate takes places; a
//! connection is read no further while there is none to be had.

mod link;
mod place;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use governor::clock::MonotonicClock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

pub(crate) use link::Link;
pub(crate) use place::Place;

/// A bucket of tokens, which is one number and no lock.
pub(crate) type Bucket =
    RateLimiter<NotKeyed, InMemoryState, MonotonicClock, NoOpMiddleware<Instant>>;

/// Refusals a second that cost nobody anything, and how many may come at once. Each takes the
/// server about half of what an answer does.
const REFUSALS: NonZeroU32 = NonZeroU32::new(10_000).unwrap();
const REFUSALS_AT_ONCE: NonZeroU32 = NonZeroU32::new(2_000).unwrap();

/// See the module.
pub(crate) struct Room {
    most: usize,
    calls: AtomicUsize,
    writes: AtomicUsize,
    waiting: AtomicUsize,
    connections: AtomicUsize,
    unread: AtomicUsize,
    requests: AtomicUsize,
    refusals: Bucket,
    since: Instant,
}

/// What there is no room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// Calls at the same time.
    Calls,
    /// Calls that change something: half of those.
    Writes,
    /// Calls whose bodies have not come.
    Bodies,
    /// Bytes of requests.
    Bytes,
    /// Answers that their client does not read.
    Answers,
}

impl Full {
    /// All of them, so that each is counted from zero.
    pub(crate) const ALL: &[Self] = &[
        Self::Calls,
        Self::Writes,
        Self::Bodies,
        Self::Bytes,
        Self::Answers,
    ];

    /// As metrics name it.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Writes => "writes",
            Self::Bodies => "bodies",
            Self::Bytes => "bytes",
            Self::Answers => "answers",
        }
    }
}

impl Room {
    /// Room for so many calls at the same time.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        let quota = Quota::per_second(REFUSALS).allow_burst(REFUSALS_AT_ONCE);
        Arc::new(Self {
            most,
            calls: AtomicUsize::new(0),
            writes: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            unread: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
            refusals: RateLimiter::direct_with_clock(quota, MonotonicClock),
            since: Instant::now(),
        })
    }

    /// Calls that are open, and calls whose bodies are still to come.
    pub(crate) fn taken(&self) -> (usize, usize) {
        (self.calls.load(Relaxed), self.waiting.load(Relaxed))
    }

    /// Bytes of answers that wait to be read.
    pub(crate) fn unread(&self) -> usize {
        self.unread.load(Relaxed)
    }

    /// Bytes of requests that are here.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Relaxed)
    }

    /// Whether three quarters are taken.
    pub(super) fn is_tight(&self) -> bool {
        self.calls.load(Relaxed) >= self.most - self.most / 4
    }

    /// The part of one connection.
    fn share(&self, of: usize) -> usize {
        (of / self.connections.load(Relaxed).max(1)).max(1)
    }

    /// Microseconds since there is this room.
    fn now(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}
