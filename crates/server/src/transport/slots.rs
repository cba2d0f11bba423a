//! Room for connections: in all, and for each peer.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use super::Cut;

/// All the room there is.
#[derive(Clone)]
pub(super) struct Slots(Arc<Shared>);

struct Shared {
    in_all: usize,
    per_peer: usize,
    /// Tells how many are taken.
    tell: fn(usize),
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    in_all: usize,
    by_peer: HashMap<IpAddr, usize, ahash::RandomState>,
}

/// The room of one connection, given back when dropped.
pub(super) struct Slot {
    shared: Arc<Shared>,
    peer: IpAddr,
}

impl Slots {
    pub(super) fn new(in_all: usize, per_peer: usize, tell: fn(usize)) -> Self {
        Self(Arc::new(Shared {
            in_all,
            per_peer,
            tell,
            taken: Mutex::default(),
        }))
    }

    /// Room for a connection.
    ///
    /// # Errors
    /// Where there is none, in all or for this peer.
    pub(super) fn take(&self, peer: IpAddr) -> Result<Slot, Cut> {
        let peer = household(peer);
        let mut taken = self.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.in_all >= self.0.in_all {
            return Err(Cut::Connections);
        }
        let of_peer = taken.by_peer.entry(peer).or_default();
        if *of_peer >= self.0.per_peer {
            return Err(Cut::PeerConnections);
        }
        *of_peer += 1;
        taken.in_all += 1;
        (self.0.tell)(taken.in_all);
        Ok(Slot {
            shared: Arc::clone(&self.0),
            peer,
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let taken = self.shared.taken.lock();
        let mut taken = taken.unwrap_or_else(PoisonError::into_inner);
        taken.in_all = taken.in_all.saturating_sub(1);
        (self.shared.tell)(taken.in_all);
        // A peer without connections is forgotten: the table is no longer than there are slots.
        if let Some(of_peer) = taken.by_peer.get_mut(&self.peer) {
            *of_peer -= 1;
            if *of_peer == 0 {
                taken.by_peer.remove(&self.peer);
            }
        }
    }
}

/// Those that count as one peer: an IPv4 address, or the /64 that one IPv6 host can choose from.
pub(crate) fn household(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_given_back() {
        let slots = Slots::new(3, 2, |_| {});
        let take = |text: &str| slots.take(text.parse().unwrap());
        let first = take("10.0.0.1").ok().unwrap();
        let _second = take("::ffff:10.0.0.1").ok().unwrap();
        assert_eq!(take("10.0.0.1").err(), Some(Cut::PeerConnections));
        let _third = take("2001:db8::1").ok().unwrap();
        assert_eq!(take("10.0.0.2").err(), Some(Cut::Connections));
        drop(first);
        let _fourth = take("2001:db8::2").ok().unwrap();
        assert_eq!(slots.0.taken.lock().unwrap().by_peer.len(), 2);
    }

    #[test]
    fn a_host_with_many_ipv6_addresses_is_one_peer() {
        let slots = Slots::new(9, 1, |_| {});
        let _one = slots.take("2001:db8::1".parse().unwrap()).ok().unwrap();
        let same = slots.take("2001:db8::ffff:1".parse().unwrap());
        assert_eq!(same.err(), Some(Cut::PeerConnections));
        assert!(slots.take("2001:db8:0:1::1".parse().unwrap()).is_ok());
    }
}
