//! A connection as the gate knows it: what it has open, and when it is read no further.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use super::Room;

/// How long a connection is not read whose calls are refused beyond that.
const HOLD: Duration = Duration::from_millis(250);
/// Refusals of its own within that time that a connection is never held for: who is refused now and
/// then does not pay for those who are all the time.
const OF_ONE: u32 = 32;

/// See the module.
pub(crate) struct Link {
    pub(super) room: Arc<Room>,
    peer: SocketAddr,
    /// Calls that began and ended so far; they wrap.
    pub(super) begun: AtomicU32,
    pub(super) ended: AtomicU32,
    /// Calls whose bodies are still to come.
    pub(super) waiting: AtomicUsize,
    /// Until when it is not read, in the room's time.
    held_until: AtomicU64,
    /// When its refusals were last counted from nought, in the room's time, and how many it had
    /// since.
    refused_since: AtomicU64,
    refused: AtomicU32,
    /// Parts of answers that wait for the client, how many bytes wait behind them, and how many
    /// parts were taken so far.
    parts: AtomicUsize,
    pub(super) unread: AtomicUsize,
    /// Bytes of requests that are here.
    pub(super) requests: AtomicUsize,
    moved: AtomicU32,
}

impl Link {
    pub(in crate::transport) fn new(room: &Arc<Room>, peer: SocketAddr) -> Arc<Self> {
        room.connections.fetch_add(1, Relaxed);
        Arc::new(Self {
            room: Arc::clone(room),
            peer,
            begun: AtomicU32::new(0),
            ended: AtomicU32::new(0),
            waiting: AtomicUsize::new(0),
            held_until: AtomicU64::new(0),
            refused_since: AtomicU64::new(0),
            refused: AtomicU32::new(0),
            parts: AtomicUsize::new(0),
            unread: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
            moved: AtomicU32::new(0),
        })
    }

    /// Of a call that came in without a connection of ours.
    pub(crate) fn unknown(room: &Arc<Room>) -> Arc<Self> {
        Self::new(room, SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)))
    }

    /// Who is at the other end.
    pub(crate) fn peer(&self) -> IpAddr {
        self.peer.ip()
    }

    pub(in crate::transport) fn address(&self) -> SocketAddr {
        self.peer
    }

    /// Calls that began so far.
    pub(in crate::transport) fn begun(&self) -> u32 {
        self.begun.load(Relaxed)
    }

    /// Whether it has as many calls open as one of all connections may while there is little room.
    pub(in crate::transport) fn has_its_share(&self) -> bool {
        let open = self.begun().wrapping_sub(self.ended.load(Relaxed));
        usize::try_from(open).is_ok_and(|open| open >= self.room.share(self.room.most))
    }

    pub(in crate::transport) fn room(&self) -> &Room {
        &self.room
    }

    /// Notes a call that needs no place.
    pub(crate) fn pass(&self) {
        self.begun.fetch_add(1, Relaxed);
        self.ended.fetch_add(1, Relaxed);
    }

    /// Notes that a call was refused: where very many are, and some of them this connection's, it
    /// is not read for a while.
    pub(crate) fn refused(&self) {
        let (now, hold) = (self.room.now(), micros(HOLD));
        if now.saturating_sub(self.refused_since.load(Relaxed)) > hold {
            self.refused_since.store(now, Relaxed);
            self.refused.store(0, Relaxed);
        }
        let of_one = self.refused.fetch_add(1, Relaxed);
        if self.room.refusals.check().is_err() && of_one >= OF_ONE {
            self.held_until.store(now.saturating_add(hold), Relaxed);
        }
    }

    /// How long it is not read for calls of it that were refused.
    pub(in crate::transport) fn held(&self) -> Option<Duration> {
        let until = self.held_until.load(Relaxed);
        if until == 0 {
            return None;
        }
        let left = until.checked_sub(self.room.now());
        if left.is_none() {
            self.held_until.store(0, Relaxed);
        }
        left.map(Duration::from_micros)
    }

    /// A part of an answer waits for the client, and so many bytes behind it.
    pub(crate) fn part_waits(&self, behind: usize) {
        self.parts.fetch_add(1, Relaxed);
        if behind > 0 {
            self.unread.fetch_add(behind, Relaxed);
            self.room.unread.fetch_add(behind, Relaxed);
        }
    }

    /// That part was taken or dropped.
    pub(crate) fn part_went(&self, behind: usize) {
        self.parts.fetch_sub(1, Relaxed);
        self.moved.fetch_add(1, Relaxed);
        if behind > 0 {
            self.unread.fetch_sub(behind, Relaxed);
            self.room.unread.fetch_sub(behind, Relaxed);
        }
    }

    /// How many parts were taken so far, if others wait.
    pub(in crate::transport) fn waits_since(&self) -> Option<u32> {
        (self.parts.load(Relaxed) > 0).then(|| self.moved.load(Relaxed))
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl Drop for Link {
    fn drop(&mut self) {
        self.room.connections.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Place, REFUSALS_AT_ONCE};
    use super::*;

    #[test]
    fn connections_share_what_there_is() {
        let room = Room::new(8);
        let links = [Link::unknown(&room), Link::unknown(&room)];
        let mut places = Vec::new();
        for _ in 0..4 {
            assert!(!links[0].has_its_share());
            let mut place = Place::outside(Arc::clone(&links[0]));
            place.enter(false).unwrap();
            places.push(place);
        }
        assert!(links[0].has_its_share());
        assert!(!links[1].has_its_share());
        let [one, two] = links;
        drop(two);
        assert!(!one.has_its_share());
    }

    #[test]
    fn a_connection_with_very_many_refusals_is_held() {
        let room = Room::new(1);
        let (good, bad) = (Link::unknown(&room), Link::unknown(&room));
        for _ in 0..2 * REFUSALS_AT_ONCE.get() {
            bad.refused();
        }
        assert!(bad.held().is_some_and(|held| held <= HOLD));
        assert!(good.held().is_none());
        good.refused();
        assert!(good.held().is_none(), "one refusal holds nobody");
        bad.held_until.store(1, Relaxed);
        assert!(bad.held().is_none());
    }
}
