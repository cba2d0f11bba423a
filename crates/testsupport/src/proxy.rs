//! A TCP proxy in front of a PostgreSQL, which loses connections when it is told to.

use std::io::{ErrorKind, Read, Result, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// What goes wrong at the commit of a transaction that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitFault {
    /// The connection is lost before the server sees the commit.
    Before,
    /// The server commits, but its answer is lost.
    After,
    /// The client loses the connection, and the server sees the commit so much later.
    Delayed(Duration),
}

/// Passes connections on to a server of the same machine; ends with all of them when dropped.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    server: AtomicU16,
    stopping: AtomicBool,
    refusing: AtomicBool,
    stalled: Mutex<bool>,
    moves: Condvar,
    armed: Mutex<Option<CommitFault>>,
    links: Mutex<Vec<Arc<Link>>>,
}

/// One connection with both its sides.
#[derive(Debug)]
struct Link {
    client: TcpStream,
    server: TcpStream,
    /// Whether the next bytes of the server are the last, and for nobody.
    swallow: AtomicBool,
}

impl Proxy {
    /// Starts one in front of a server on 127.0.0.1.
    ///
    /// # Panics
    /// If there is no free port.
    #[must_use]
    pub fn start(server: u16) -> Self {
        let port = crate::free_port();
        #[expect(clippy::panic, reason = "a test without its proxy has failed")]
        let listener = TcpListener::bind(("127.0.0.1", port))
            .unwrap_or_else(|error| panic!("the proxy's port {port}: {error}"));
        let shared = Arc::new(Shared {
            server: AtomicU16::new(server),
            stopping: AtomicBool::new(false),
            refusing: AtomicBool::new(false),
            stalled: Mutex::new(false),
            moves: Condvar::new(),
            armed: Mutex::new(None),
            links: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &accepting));
        Self { port, shared }
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A URL of the server, as one that leads through the proxy.
    #[must_use]
    pub fn through(&self, url: &str) -> String {
        let server = self.shared.server.load(Ordering::Relaxed);
        url.replace(
            &format!("127.0.0.1:{server}"),
            &format!("127.0.0.1:{}", self.port),
        )
    }

    /// What is to go wrong, once, at the next commit of a transaction that writes.
    pub fn at_next_commit(&self, fault: CommitFault) {
        *lock(&self.shared.armed) = Some(fault);
    }

    /// Whether what was to go wrong has done so.
    #[must_use]
    pub fn has_struck(&self) -> bool {
        lock(&self.shared.armed).is_none()
    }

    /// Closes all connections.
    pub fn cut(&self) {
        for link in lock(&self.shared.links).drain(..) {
            link.close();
        }
    }

    /// Whether new connections are closed at once.
    pub fn refuse(&self, refuse: bool) {
        self.shared.refusing.store(refuse, Ordering::Relaxed);
    }

    /// Whether nothing moves, as on a network that lost its way: no byte, no end of a connection.
    pub fn stall(&self, stall: bool) {
        *lock(&self.shared.stalled) = stall;
        self.shared.moves.notify_all();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
        self.stall(false);
        self.cut();
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Link {
    fn close(&self) {
        // One that is closed already needs nothing.
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.server.shutdown(Shutdown::Both);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for client in listener.incoming().flatten() {
        if shared.stopping.load(Ordering::Relaxed) {
            return;
        }
        if shared.refusing.load(Ordering::Relaxed) {
            continue;
        }
        // Where the server is away the client's connection ends too.
        if let Ok(link) = link(client, shared) {
            lock(&shared.links).push(Arc::clone(&link));
            let (back, up) = (Arc::clone(shared), Arc::clone(shared));
            let other = Arc::clone(&link);
            thread::spawn(move || {
                let _ = answers(&other, &back);
                back.wait();
                other.close();
            });
            thread::spawn(move || {
                let _ = requests(&link, &up);
                up.wait();
                link.close();
            });
        }
    }
}

fn link(client: TcpStream, shared: &Shared) -> Result<Arc<Link>> {
    let server = TcpStream::connect(("127.0.0.1", shared.server.load(Ordering::Relaxed)))?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    Ok(Arc::new(Link {
        client,
        server,
        swallow: AtomicBool::new(false),
    }))
}

impl Shared {
    /// Waits while nothing moves.
    fn wait(&self) {
        let mut stalled = lock(&self.stalled);
        while *stalled {
            stalled = self
                .moves
                .wait(stalled)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// From the server to the client, as it comes.
fn answers(link: &Link, shared: &Shared) -> Result<()> {
    let mut buffer = [0; 16 << 10];
    loop {
        let count = (&link.server).read(&mut buffer)?;
        if count == 0 || link.swallow.load(Ordering::SeqCst) {
            return Ok(());
        }
        shared.wait();
        (&link.client).write_all(&buffer[..count])?;
    }
}

/// From the client to the server, message by message.
fn requests(link: &Link, shared: &Shared) -> Result<()> {
    // Until the session begins, messages have no type. The first may ask for TLS.
    const ASKS_FOR_TLS: [u8; 4] = 80_877_103_u32.to_be_bytes();
    loop {
        let message = message(&link.client, 0)?;
        shared.wait();
        (&link.server).write_all(&message)?;
        if message.get(4..8) != Some(&ASKS_FOR_TLS) {
            break;
        }
    }
    let mut writes = false;
    loop {
        let message = message(&link.client, 1)?;
        shared.wait();
        let body = message.get(5..).unwrap_or_default();
        if body.starts_with(b"BEGIN") {
            writes = true;
        } else if body.windows(15).any(|part| part == b"SET TRANSACTION") {
            // A read of several statements.
            writes = false;
        } else if writes && body == b"COMMIT\0" {
            let fault = lock(&shared.armed).take();
            match fault {
                None => {}
                Some(CommitFault::Before) => return Ok(()),
                Some(CommitFault::After) => link.swallow.store(true, Ordering::SeqCst),
                Some(CommitFault::Delayed(pause)) => {
                    link.swallow.store(true, Ordering::SeqCst);
                    link.client.shutdown(Shutdown::Both)?;
                    thread::sleep(pause);
                    (&link.server).write_all(&message)?;
                    // Its answer ends the other direction, which closes both sides.
                    thread::sleep(pause);
                    return Ok(());
                }
            }
        }
        (&link.server).write_all(&message)?;
    }
}

/// One message: its type, if it has one, its length and its body.
fn message(mut from: &TcpStream, kind: usize) -> Result<Vec<u8>> {
    let mut message = vec![0; kind + 4];
    from.read_exact(&mut message)?;
    let length = message
        .get(kind..)
        .and_then(|length| length.try_into().ok())
        .map(u32::from_be_bytes)
        .and_then(|length| usize::try_from(length).ok())
        .filter(|length| *length >= 4)
        .ok_or(ErrorKind::InvalidData)?;
    message.resize(kind + length, 0);
    from.read_exact(message.get_mut(kind + 4..).unwrap_or_default())?;
    Ok(message)
}
