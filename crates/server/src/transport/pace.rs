//! How far a connection is read. Where calls come in faster than they are answered, the rest waits
//! in the socket and with the client: that costs less than to read, refuse, and read again.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use super::room::Link;

/// Bytes that are read at once while there is little room: some 16 calls.
pub(super) const SIP: usize = 1 << 10;
/// How long a connection that has its share is not read at most, so that what is no call of it,
/// such as the end of a call or an answer to a PING, is not forgotten behind calls that go on for
/// long.
const LONGEST: Duration = Duration::from_millis(20);

/// See the module.
#[derive(Default)]
pub(super) struct Pace {
    /// How many calls will have begun once those of the last sip have.
    after: Option<u32>,
    timer: Option<Pin<Box<Sleep>>>,
    waits: bool,
}

impl Pace {
    /// Leave to read, and whether that is but a sip.
    pub(super) fn poll(&mut self, link: &Link, context: &mut Context<'_>) -> Poll<bool> {
        let held = link.held();
        let tight = link.room().is_tight();
        if held.is_none() && !tight {
            self.after = None;
            self.waits = false;
            return Poll::Ready(false);
        }
        // HTTP/2 is asked to read again before each call that it has read begins.
        let unbegun = |after: u32| after.wrapping_sub(link.begun()).cast_signed() > 0;
        let wait = if self.after.is_some_and(unbegun) || (tight && link.has_its_share()) {
            Some(held.unwrap_or(LONGEST))
        } else {
            held
        };
        if let Some(wait) = wait {
            ready!(self.wait(wait, context));
        }
        self.waits = false;
        Poll::Ready(true)
    }

    /// Notes how many calls a sip held.
    pub(super) fn took(&mut self, calls: u32, link: &Link) {
        self.after = Some(link.begun().wrapping_add(calls));
    }

    fn wait(&mut self, wait: Duration, context: &mut Context<'_>) -> Poll<()> {
        let timer = match &mut self.timer {
            Some(timer) => timer,
            none => none.insert(Box::pin(tokio::time::sleep(wait))),
        };
        if !self.waits {
            self.waits = true;
            timer.as_mut().reset(Instant::now() + wait);
        }
        timer.as_mut().poll(context)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::Arc;
    use std::task::Waker;

    use super::super::room::{Place, Room};
    use super::*;

    /// Three calls of four: there is little room.
    fn fill(link: &Arc<Link>) -> Vec<Place> {
        let enter = |_| {
            let mut place = Place::outside(Arc::clone(link));
            place.enter(false).unwrap();
            place
        };
        (0..3).map(enter).collect()
    }

    fn hold(link: &Link) {
        while link.held().is_none() {
            link.refused();
        }
    }

    fn poll(pace: &mut Pace, link: &Link) -> Poll<bool> {
        pace.poll(link, &mut Context::from_waker(Waker::noop()))
    }

    /// Until when it is not read, from two polls that both have to wait.
    fn waits_until(pace: &mut Pace, link: &Link) -> Instant {
        assert_eq!(poll(pace, link), Poll::Pending);
        let until = pace.timer.as_ref().unwrap().deadline();
        assert_eq!(poll(pace, link), Poll::Pending);
        let still = pace.timer.as_ref().unwrap().deadline();
        assert_eq!(until, still, "a poll puts the end of the wait off");
        until
    }

    const A_SIP: Poll<bool> = Poll::Ready(true);
    const ALL: Poll<bool> = Poll::Ready(false);

    #[tokio::test]
    async fn with_room_a_connection_is_read_as_it_comes() {
        let room = Room::new(4);
        let link = Link::unknown(&room);
        let mut pace = Pace::default();
        assert_eq!(poll(&mut pace, &link), ALL);
        // What was sipped before is forgotten.
        pace.took(5, &link);
        assert_eq!(poll(&mut pace, &link), ALL);
        let other = Link::unknown(&room);
        let _places = fill(&other);
        assert_eq!(poll(&mut pace, &link), A_SIP);
    }

    #[tokio::test]
    async fn the_next_sip_waits_until_the_calls_of_the_last_have_begun() {
        let room = Room::new(4);
        let (link, other) = (Link::unknown(&room), Link::unknown(&room));
        let _places = fill(&other);
        let mut pace = Pace::default();
        // Those that began before do not count.
        link.pass();
        assert_eq!(poll(&mut pace, &link), A_SIP);
        pace.took(2, &link);
        assert_eq!(poll(&mut pace, &link), Poll::Pending);
        link.pass();
        assert_eq!(poll(&mut pace, &link), Poll::Pending);
        link.pass();
        assert_eq!(poll(&mut pace, &link), A_SIP);
        // One without a call, such as an answer to a PING, has nothing to wait for.
        pace.took(0, &link);
        assert_eq!(poll(&mut pace, &link), A_SIP);
    }

    #[tokio::test]
    async fn a_sip_is_put_off_for_20_ms_at_most() {
        let room = Room::new(4);
        let (link, other) = (Link::unknown(&room), Link::unknown(&room));
        let _places = fill(&other);
        let mut pace = Pace::default();
        pace.took(2, &link);
        let mut last = Instant::now();
        // The calls never begin, and each sip waits anew.
        for _ in 0..3 {
            let until = waits_until(&mut pace, &link);
            assert!(until >= last + LONGEST);
            assert!(until <= Instant::now() + LONGEST);
            assert!(poll_fn(|context| pace.poll(&link, context)).await);
            last = Instant::now();
            assert!(last >= until);
        }
    }

    #[tokio::test]
    async fn a_connection_with_its_share_waits_and_the_others_do_not() {
        let room = Room::new(4);
        let (link, other) = (Link::unknown(&room), Link::unknown(&room));
        let mut places = fill(&link);
        let mut pace = Pace::default();
        let begun = Instant::now();
        let until = waits_until(&mut pace, &link);
        assert!(until >= begun + LONGEST && until <= Instant::now() + LONGEST);
        assert_eq!(poll(&mut Pace::default(), &other), A_SIP);
        // With the end of one of its calls there is room again, before the time is over.
        places.pop();
        assert_eq!(poll(&mut pace, &link), ALL);
    }

    #[tokio::test]
    async fn a_hold_outlasts_what_else_a_connection_waits_for() {
        let room = Room::new(4);
        let link = Link::unknown(&room);
        hold(&link);
        let hold = link.held().unwrap();
        assert!(hold > 2 * LONGEST, "{hold:?}");
        // With room, and with little of it and calls that have not begun.
        let mut pace = Pace::default();
        let begun = Instant::now();
        let roomy = waits_until(&mut pace, &link);
        let _places = fill(&link);
        let mut tight = Pace::default();
        tight.took(2, &link);
        let little = waits_until(&mut tight, &link);
        for until in [roomy, little] {
            assert!(until > begun + LONGEST, "{:?}", until - begun);
            assert!(until <= Instant::now() + hold);
        }
        assert!(poll_fn(|context| pace.poll(&link, context)).await);
        assert!(Instant::now() >= roomy);
    }
}
