//! The place of a call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::{Full, Link};

/// Calls whose bodies are still to come, for each that may be worked on: they hold little. Past it,
/// connections that have their share of them get no more.
const WAITING: usize = 16;
/// Bytes of answers that wait to be read, in all; past it, connections that make more wait than
/// their own part get no more.
const UNREAD: usize = 256 << 20;
const UNREAD_OF_ONE: usize = 1 << 20;
/// Bytes of requests that are here, in all; past it, none for connections that have their share.
const REQUESTS: usize = 256 << 20;

/// Given back when dropped.
pub(crate) struct Place {
    link: Arc<Link>,
    writes: bool,
    state: State,
    /// Bytes of its request that are counted.
    bytes: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Outside,
    Open,
    Waiting,
}

impl Place {
    /// None, as yet.
    pub(crate) fn outside(link: Arc<Link>) -> Self {
        Self {
            link,
            writes: false,
            state: State::Outside,
            bytes: 0,
        }
    }

    /// The connection of the call.
    pub(crate) fn link(&self) -> &Arc<Link> {
        &self.link
    }

    /// Takes a place for a call.
    ///
    /// # Errors
    /// What there is no room for.
    pub(crate) fn enter(&mut self, writes: bool) -> Result<(), Full> {
        self.writes = writes;
        self.open()
    }

    /// Gives the place of an open call back until its body is in.
    ///
    /// # Errors
    /// Where too many calls wait for that.
    pub(crate) fn wait(&mut self) -> Result<(), Full> {
        if self.state != State::Open {
            return Ok(());
        }
        self.step_out();
        let (link, room) = (&self.link, &self.link.room);
        let most = room.most.saturating_mul(WAITING);
        let in_all = room.waiting.fetch_add(1, Relaxed);
        let of_link = link.waiting.fetch_add(1, Relaxed);
        self.state = State::Waiting;
        if in_all >= most && of_link >= room.share(most) {
            return Err(Full::Bodies);
        }
        Ok(())
    }

    /// Counts the bytes of the request that are here, until the place is given back.
    ///
    /// # Errors
    /// Where there are too many, and many of this connection.
    pub(crate) fn holds(&mut self, bytes: usize) -> Result<(), Full> {
        let more = bytes.saturating_sub(self.bytes);
        if more == 0 || self.state == State::Outside {
            return Ok(());
        }
        self.bytes = bytes;
        let (link, room) = (&self.link, &self.link.room);
        let in_all = room.requests.fetch_add(more, Relaxed) + more;
        let of_link = link.requests.fetch_add(more, Relaxed) + more;
        if in_all > REQUESTS && of_link > room.share(REQUESTS) {
            return Err(Full::Bytes);
        }
        Ok(())
    }

    /// Takes a place again now that the body is in.
    ///
    /// # Errors
    /// Where there is none.
    pub(crate) fn resume(&mut self) -> Result<(), Full> {
        if self.state == State::Waiting {
            self.step_out();
            self.open()?;
        }
        let Link { room, unread, .. } = &*self.link;
        if room.unread.load(Relaxed) > UNREAD && unread.load(Relaxed) > UNREAD_OF_ONE {
            return Err(Full::Answers);
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), Full> {
        self.link.begun.fetch_add(1, Relaxed);
        let room = &self.link.room;
        let taken = take(&room.calls, room.most, Full::Calls).and_then(|()| {
            if !self.writes {
                return Ok(());
            }
            let most = (room.most / 2).max(1);
            take(&room.writes, most, Full::Writes).inspect_err(|_| {
                room.calls.fetch_sub(1, Relaxed);
            })
        });
        match taken {
            Ok(()) => self.state = State::Open,
            Err(_) => drop(self.link.ended.fetch_add(1, Relaxed)),
        }
        taken
    }

    /// Gives the place back, and what was held in it.
    pub(crate) fn leave(&mut self) {
        self.step_out();
        let bytes = std::mem::take(&mut self.bytes);
        if bytes > 0 {
            self.link.requests.fetch_sub(bytes, Relaxed);
            self.link.room.requests.fetch_sub(bytes, Relaxed);
        }
    }

    fn step_out(&mut self) {
        let room = &self.link.room;
        match self.state {
            State::Open => {
                self.link.ended.fetch_add(1, Relaxed);
                room.calls.fetch_sub(1, Relaxed);
                if self.writes {
                    room.writes.fetch_sub(1, Relaxed);
                }
            }
            State::Waiting => {
                self.link.waiting.fetch_sub(1, Relaxed);
                room.waiting.fetch_sub(1, Relaxed);
            }
            State::Outside => {}
        }
        self.state = State::Outside;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}

fn take(count: &AtomicUsize, most: usize, full: Full) -> Result<(), Full> {
    if count.fetch_add(1, Relaxed) < most {
        return Ok(());
    }
    count.fetch_sub(1, Relaxed);
    Err(full)
}

#[cfg(test)]
mod tests {
    use super::super::Room;
    use super::*;

    fn enter(link: &Arc<Link>, writes: bool) -> Result<Place, Full> {
        let mut place = Place::outside(Arc::clone(link));
        place.enter(writes).map(|()| place)
    }

    #[test]
    fn places_are_given_back() {
        let room = Room::new(4);
        let link = Link::unknown(&room);
        let enter = |writes| enter(&link, writes);
        let (one, two) = (enter(true).ok().unwrap(), enter(true).ok().unwrap());
        assert_eq!(enter(true).err(), Some(Full::Writes));
        assert!(!room.is_tight());
        let three = enter(false).ok().unwrap();
        assert!(room.is_tight());
        let four = enter(false).ok().unwrap();
        assert_eq!(enter(false).err(), Some(Full::Calls));
        assert_eq!(enter(true).err(), Some(Full::Calls));
        assert_eq!(room.taken(), (4, 0));
        drop((one, three));
        let _write = enter(true).ok().unwrap();
        drop((two, four));
        assert_eq!(room.taken(), (1, 0));
        assert_eq!(room.writes.load(Relaxed), 1);
    }

    #[test]
    fn a_call_without_its_body_leaves_its_place_to_others() {
        let room = Room::new(1);
        let link = Link::unknown(&room);
        let mut slow = enter(&link, false).ok().unwrap();
        assert!(link.has_its_share());
        slow.wait().unwrap();
        slow.wait().unwrap();
        assert_eq!(room.taken(), (0, 1));
        assert!(!link.has_its_share());
        let quick = enter(&link, false).ok().unwrap();
        assert_eq!(slow.resume().err(), Some(Full::Calls));
        drop(quick);
        drop(slow);
        assert_eq!(room.taken(), (0, 0));

        let mut all = Vec::new();
        for _ in 0..WAITING {
            let mut place = enter(&link, false).ok().unwrap();
            place.wait().unwrap();
            all.push(place);
        }
        let mut more = enter(&link, false).ok().unwrap();
        assert_eq!(more.wait().err(), Some(Full::Bodies));
        drop(more);
        // Who has few of them is not kept out by who has many.
        let other = Link::unknown(&room);
        let mut place = enter(&other, false).ok().unwrap();
        place.wait().unwrap();
        drop(place);
        all[0].resume().unwrap();
        assert_eq!(room.taken(), (1, WAITING - 1));
    }

    #[test]
    fn bytes_of_requests_are_counted_and_limited() {
        let room = Room::new(8);
        let (good, bad) = (Link::unknown(&room), Link::unknown(&room));
        let mut large = enter(&bad, false).ok().unwrap();
        large.holds(10).unwrap();
        large.wait().unwrap();
        assert_eq!(large.holds(REQUESTS + 1).err(), Some(Full::Bytes));
        assert_eq!(room.requests(), REQUESTS + 1);
        let mut small = enter(&good, false).ok().unwrap();
        small.holds(1 << 20).unwrap();
        drop(large);
        assert_eq!(room.requests(), 1 << 20);
        small.leave();
        small.leave();
        assert_eq!(room.requests(), 0);
        let mut health = Place::outside(Arc::clone(&good));
        health.holds(9).unwrap();
        assert_eq!(room.requests(), 0);
    }

    #[test]
    fn unread_answers_are_counted_and_limited() {
        let room = Room::new(8);
        let (good, bad) = (Link::unknown(&room), Link::unknown(&room));
        assert!(bad.waits_since().is_none());
        bad.part_waits(UNREAD + 1);
        let before = bad.waits_since().unwrap();
        let mut refused = enter(&bad, false).ok().unwrap();
        assert_eq!(refused.resume().err(), Some(Full::Answers));
        enter(&good, false).ok().unwrap().resume().unwrap();
        bad.part_waits(1);
        bad.part_went(1);
        assert_ne!(bad.waits_since(), Some(before));
        bad.part_went(UNREAD + 1);
        assert_eq!((bad.waits_since(), room.unread()), (None, 0));
        refused.resume().unwrap();
    }
}
