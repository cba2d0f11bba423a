//! What the database can do now. While it is known to be away, calls fail at once instead of
//! each waiting for its own time limit: a circuit breaker.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::error::StoreError;
use crate::store::Store;

/// What the database can do now, as far as this program knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It is read and written.
    Ready,
    /// It is read; the last write failed for this cause.
    ReadsOnly(WriteFault),
    /// It does not answer.
    Away,
}

/// Why writes fail while reads go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteFault {
    /// It accepts no writes: a standby, a read-only file.
    ReadOnly,
    /// There is no room.
    DiskFull,
    /// The disk reports an error, or a file met its size limit.
    DiskError,
}

impl Condition {
    /// A word or two for people and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ok",
            Self::ReadsOnly(WriteFault::ReadOnly) => "read-only",
            Self::ReadsOnly(WriteFault::DiskFull) => "disk full",
            Self::ReadsOnly(WriteFault::DiskError) => "disk error",
            Self::Away => "away",
        }
    }
}

/// The one place where the condition is kept; clones of a store share it.
#[derive(Debug)]
pub(crate) struct Circuit {
    condition: watch::Sender<Condition>,
    /// When a connection was last found broken.
    broken_at: Mutex<Option<Instant>>,
}

impl Circuit {
    pub(crate) fn new() -> Self {
        Self {
            condition: watch::Sender::new(Condition::Ready),
            broken_at: Mutex::new(None),
        }
    }

    /// A connection was lost, and with it perhaps all of its age.
    pub(crate) fn found_broken(&self) {
        *self.broken_at() = Some(Instant::now());
    }

    /// Whether a connection was found broken while another one rested.
    pub(crate) fn found_broken_within(&self, rest: Duration) -> bool {
        self.broken_at().is_some_and(|at| at.elapsed() <= rest)
    }

    fn broken_at(&self) -> MutexGuard<'_, Option<Instant>> {
        self.broken_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_away(&self) -> bool {
        *self.condition.borrow() == Condition::Away
    }

    pub(crate) fn is_read_only(&self) -> bool {
        *self.condition.borrow() == Condition::ReadsOnly(WriteFault::ReadOnly)
    }

    /// Resolves once the database is known to be away.
    pub(crate) async fn opened(&self) {
        let mut condition = self.condition.subscribe();
        // The sender lives as long as `self`, so that this ends with the wanted condition alone.
        let _ = condition.wait_for(|now| *now == Condition::Away).await;
    }

    /// It answered a read.
    pub(crate) fn answered(&self, read_only: bool) {
        const READ_ONLY: Condition = Condition::ReadsOnly(WriteFault::ReadOnly);
        self.change(|now| match (now, read_only) {
            (_, true) => READ_ONLY,
            (Condition::Away | READ_ONLY, false) => Condition::Ready,
            // A full disk can still be read: only a write shows that there is room again.
            (other, false) => other,
        });
    }

    /// It does not answer.
    pub(crate) fn lost(&self) {
        self.change(|_| Condition::Away);
    }

    /// It took a write.
    pub(crate) fn wrote(&self) {
        self.change(|_| Condition::Ready);
    }

    /// A write failed; notes what that says about the database.
    pub(crate) fn write_failed(&self, error: &StoreError) {
        let fault = match error {
            StoreError::ReadOnly => WriteFault::ReadOnly,
            StoreError::DiskFull { .. } => WriteFault::DiskFull,
            StoreError::DiskError { .. } => WriteFault::DiskError,
            _ => return,
        };
        self.change(|_| Condition::ReadsOnly(fault));
    }

    fn change(&self, next: impl FnOnce(Condition) -> Condition) {
        self.condition.send_if_modified(|now| {
            let next = next(*now);
            let differs = next != *now;
            *now = next;
            differs
        });
    }
}

impl Store {
    /// What the database can do now, and every later change of that.
    #[must_use]
    pub fn condition(&self) -> watch::Receiver<Condition> {
        self.caller.circuit.condition.subscribe()
    }

    /// Resolves once the database is known to be away, with the error that calls then get.
    pub async fn away(&self) -> StoreError {
        self.caller.circuit.opened().await;
        StoreError::Away
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::DriverError;

    #[test]
    fn only_a_write_shows_that_there_is_room_again() {
        let circuit = Circuit::new();
        let now = || *circuit.condition.borrow();
        let full = StoreError::DiskFull {
            source: DriverError::plain("full"),
        };
        circuit.write_failed(&full);
        circuit.answered(false);
        assert_eq!(now(), Condition::ReadsOnly(WriteFault::DiskFull));
        circuit.wrote();
        assert_eq!(now(), Condition::Ready);
        circuit.write_failed(&StoreError::Away);
        assert_eq!(now(), Condition::Ready, "which tells nothing of its own");
    }

    #[test]
    fn a_read_shows_that_it_is_there_and_whether_it_is_read_only() {
        let circuit = Circuit::new();
        let now = || *circuit.condition.borrow();
        circuit.lost();
        assert!(circuit.is_away());
        circuit.answered(true);
        assert_eq!(now(), Condition::ReadsOnly(WriteFault::ReadOnly));
        circuit.answered(false);
        assert_eq!(now(), Condition::Ready);
    }
}
