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
