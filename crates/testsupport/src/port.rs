//! Ports for servers that tests start.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

/// Below the ports that the system gives to outgoing connections: one of those could be taken
/// between the moment that it is found free and the start of the server.
const FIRST: u32 = 10_000;
const COUNT: u32 = 20_000;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A free port of 127.0.0.1. No port is given out twice by a process, and processes that run at
/// the same time begin far apart.
///
/// # Panics
/// If none of many is free.
#[must_use]
pub fn free_port() -> u16 {
    let begin = std::process::id().wrapping_mul(7_919);
    let ports = std::iter::repeat_with(|| {
        let place = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        u16::try_from(FIRST + place % COUNT).unwrap_or_default()
    });
    let mut free = ports
        .take(1_000)
        .filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    let found = free.next();
    assert!(found.is_some(), "no free port from {FIRST} on");
    found.unwrap_or_default()
}
