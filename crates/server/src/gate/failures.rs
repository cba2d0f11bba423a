//! How often each peer showed no valid token lately, in a table of bounded size.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use aiconfig_domain::Timestamp;

/// Failures of a peer in a minute that are answered as such.
const PER_MINUTE: u32 = 60;
/// Peers that are kept; with more, the table begins anew.
const PEERS: usize = 4_096;
const MINUTE_US: i64 = 60_000_000;

/// The table of one minute.
#[derive(Default)]
pub(super) struct Failures(Mutex<Minute>);

#[derive(Default)]
struct Minute {
    minute: i64,
    counts: HashMap<IpAddr, u32>,
}

impl Failures {
    /// Notes a failure; whether the peer has had too many. A valid token is never held up, even
    /// from the same address.
    pub(super) fn note(&self, peer: IpAddr, now: Timestamp) -> bool {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.as_micros().div_euclid(MINUTE_US);
        if table.minute != minute || table.counts.len() >= PEERS {
            table.counts.clear();
            table.minute = minute;
        }
        let count = table.counts.entry(peer).or_default();
        *count = count.saturating_add(1);
        *count > PER_MINUTE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_has_a_number_of_failures_a_minute() {
        let failures = Failures::default();
        let (peer, other) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let at = Timestamp::from_micros;
        assert!((0..PER_MINUTE).all(|_| !failures.note(peer, at(1))));
        assert!(failures.note(peer, at(2)));
        assert!(!failures.note(other, at(3)));
        assert!(!failures.note(peer, at(MINUTE_US)));
    }
}
