//! Where sockets are accepted: those that there is room for, in all and for each peer.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use rustix::io::Errno;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep_until};

use super::Cut;
use super::slots::{Slot, Slots};
use crate::metrics;

/// Waits after an accept that failed for want of descriptors or memory: doubled up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(10);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// What is counted.
pub(super) struct Count {
    /// A socket that was accepted.
    pub(super) accepted: fn(),
    /// One that there was no room for.
    pub(super) refused: fn(Cut),
}

/// See the module.
pub(super) struct Door {
    listener: TcpListener,
    slots: Slots,
    count: Count,
    /// Until when nothing is accepted, and how long that is, while accepting fails.
    pause: Option<(Instant, Duration)>,
}

impl Door {
    pub(super) fn new(listener: TcpListener, slots: Slots, count: Count) -> Self {
        Self {
            listener,
            slots,
            count,
            pause: None,
        }
    }

    /// The next socket, with its room. Nothing is lost where this is dropped while it waits.
    pub(super) async fn next(&mut self) -> (TcpStream, SocketAddr, Slot) {
        loop {
            if let Some((until, _)) = self.pause {
                sleep_until(until).await;
            }
            let (socket, peer) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    self.failed(&error);
                    continue;
                }
            };
            if self.pause.take().is_some() {
                tracing::info!("connections are accepted again");
            }
            (self.count.accepted)();
            match self.slots.take(peer.ip()) {
                Ok(slot) => return (socket, peer, slot),
                // Closed at once: the client learns it, which a queue would not tell it.
                Err(cut) => {
                    (self.count.refused)(cut);
                    tracing::debug!(%peer, %cut, "refused a connection");
                }
            }
        }
    }

    /// Waits where the system has run out of something; else the next accept is a new chance, for
    /// most errors are those of the one connection that was to be accepted.
    fn failed(&mut self, error: &io::Error) {
        let exhausted = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
        if !Errno::from_io_error(error).is_some_and(|errno| exhausted.contains(&errno)) {
            tracing::debug!(%error, "a connection was not accepted");
            return;
        }
        metrics::accept_failed();
        if self.pause.is_none() {
            tracing::warn!(%error, "no connections are accepted for now");
        }
        let next = self.pause.map_or(FIRST_WAIT, |(_, wait)| wait * 2);
        let next = next.min(LONGEST_WAIT);
        self.pause = Some((Instant::now() + next, next));
    }
}
