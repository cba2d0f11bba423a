//! How often each peer showed no valid token lately, in a table of bounded size.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aiconfig_domain::Timestamp;

use crate::transport::household;

/// Failures of a peer in a minute that are answered as such.
const PER_MINUTE: u32 = 60;
/// Peers that are told apart in a minute; all others count as one.
const PEERS: usize = 4_096;
const MINUTE_US: i64 = 60_000_000;

/// The table of one minute.
#[derive(Default)]
pub(super) struct Failures(Mutex<Minute>);

#[derive(Default)]
struct Minute {
    number: i64,
    counts: HashMap<IpAddr, u32, ahash::RandomState>,
    others: u32,
}

impl Failures {
    /// Notes a failure; how long the peer has to wait if it has had too many. A valid token is
    /// never held up, even from the same address.
    pub(super) fn note(&self, peer: IpAddr, now: Timestamp) -> Option<Duration> {
        let peer = household(peer);
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.as_micros().div_euclid(MINUTE_US);
        if table.number != minute {
            *table = Minute {
                number: minute,
                ..Minute::default()
            };
        }
        let room = table.counts.len() < PEERS || table.counts.contains_key(&peer);
        let count = if room {
            table.counts.entry(peer).or_default()
        } else {
            &mut table.others
        };
        *count = count.saturating_add(1);
        let left = MINUTE_US - now.as_micros().rem_euclid(MINUTE_US);
        (*count > PER_MINUTE).then(|| Duration::from_micros(left.unsigned_abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    #[test]
    fn a_peer_has_a_number_of_failures_a_minute() {
        let failures = Failures::default();
        let (peer, other) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        assert!((0..PER_MINUTE).all(|_| failures.note(peer, at(1)).is_none()));
        let wait = failures.note(peer, at(MINUTE_US / 4));
        assert_eq!(wait, Some(Duration::from_secs(45)));
        assert!(failures.note(other, at(3)).is_none());
        assert!(failures.note(peer, at(MINUTE_US)).is_none());
    }

    #[test]
    fn a_host_with_many_ipv6_addresses_is_one_peer() {
        let failures = Failures::default();
        let address = |host: u32| format!("2001:db8::{host:x}").parse().unwrap();
        assert!((0..PER_MINUTE).all(|host| failures.note(address(host), at(1)).is_none()));
        assert!(failures.note(address(PER_MINUTE), at(1)).is_some());
        let elsewhere = "2001:db8:0:1::1".parse().unwrap();
        assert!(failures.note(elsewhere, at(1)).is_none());
    }

    #[test]
    fn a_full_table_forgets_nobody_and_grows_no_further() {
        let failures = Failures::default();
        let known = IpAddr::from([192, 0, 2, 1]);
        assert!((0..PER_MINUTE).all(|_| failures.note(known, at(1)).is_none()));
        for number in 0..10_000_u32 {
            let [a, b, c, d] = number.to_be_bytes();
            failures.note(IpAddr::from([10 + a, b, c, d]), at(2));
        }
        assert!(failures.note(known, at(3)).is_some());
        assert!(
            failures
                .note(IpAddr::from([203, 0, 113, 1]), at(3))
                .is_some()
        );
        assert_eq!(failures.0.lock().unwrap().counts.len(), PEERS);
    }
}
