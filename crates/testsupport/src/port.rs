//! Ports for servers that tests start.

use std::fs::File;
use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

/// Below the ports that the system gives to outgoing connections: one of those could be taken
/// between the moment that it is found free and the start of the server.
const FIRST: u32 = 10_000;
const COUNT: u32 = 20_000;

static NEXT: AtomicU32 = AtomicU32::new(0);
/// Each holds the lock of a port until this process ends.
static HELD: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// A free port of 127.0.0.1, given out once: not twice by a process, nor by another one of this
/// machine while this one runs.
///
/// # Panics
/// If none of many is free, or the directory for temporary files cannot be written.
#[must_use]
pub fn free_port() -> u16 {
    let begin = std::process::id().wrapping_mul(7_919);
    let ports = std::iter::repeat_with(|| {
        let place = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        u16::try_from(FIRST + place % COUNT).unwrap_or_default()
    });
    let mut free = ports
        .take(1_000)
        .filter(|port| hold(*port) && TcpListener::bind(("127.0.0.1", *port)).is_ok());
    let found = free.next();
    assert!(found.is_some(), "no free port from {FIRST} on");
    found.unwrap_or_default()
}

/// Takes a port's lock, if no other process has it.
fn hold(port: u16) -> bool {
    let user = rustix::process::getuid().as_raw();
    let locks = std::env::temp_dir().join(format!("aiconfig-test-ports-{user}"));
    let made = std::fs::create_dir_all(&locks);
    let file = made.and_then(|()| File::create(locks.join(port.to_string())));
    assert!(file.is_ok(), "{}: {file:?}", locks.display());
    file.is_ok_and(|file| {
        let free = file.try_lock().is_ok();
        if free {
            let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
            held.push(file);
        }
        free
    })
}
