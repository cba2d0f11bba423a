//! A proxy in front of `PostgreSQL` that counts round trips: as often as a client sends something
//! after it was sent something, it has waited for the database once more.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::Failure;

/// Bytes of a message before its body: its kind and its length.
const HEAD: usize = 5;
/// Bytes of the message that asks for an encrypted session, which comes before the first one.
const ENCRYPTION: usize = 8;

/// One wait for the database, with what was sent to it.
#[derive(Clone, Debug)]
pub(crate) struct Trip {
    /// On which connection, by its number.
    pub(crate) connection: usize,
    /// The statements; empty where there is none, as in a handshake.
    pub(crate) statements: Vec<String>,
}

type Trips = Arc<Mutex<Vec<Trip>>>;

/// A running proxy; it ends when dropped, and its connections with it.
pub(crate) struct Proxy {
    port: u16,
    trips: Trips,
    /// It ends when this is dropped.
    _stop: oneshot::Sender<()>,
}

impl Proxy {
    /// Listens on a free loopback port for those who want to reach another one. It has a thread of
    /// its own: who waits for a server that connects through it may block.
    pub(crate) fn start(database: u16) -> Result<Self, Failure> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let trips = Trips::default();
        let all = Arc::clone(&trips);
        let (stop, stopped) = oneshot::channel::<()>();
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build()?;
        std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    () = serve(listener, database, all) => {}
                }
            });
        });
        Ok(Self {
            port,
            trips,
            _stop: stop,
        })
    }

    /// Where it listens.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// The trips since this was asked last.
    pub(crate) fn take(&self) -> Vec<Trip> {
        std::mem::take(&mut *lock(&self.trips))
    }
}

async fn serve(listener: std::net::TcpListener, database: u16, trips: Trips) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    let mut connections = tokio::task::JoinSet::new();
    let mut number = 0;
    while let Ok((client, _)) = listener.accept().await {
        number += 1;
        connections.spawn(pass(client, database, number, Arc::clone(&trips)));
    }
}

fn lock(trips: &Trips) -> std::sync::MutexGuard<'_, Vec<Trip>> {
    trips.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Passes on what both sides say.
async fn pass(
    mut client: TcpStream,
    database: u16,
    connection: usize,
    trips: Trips,
) -> io::Result<()> {
    let mut server = TcpStream::connect(("127.0.0.1", database)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut asked, mut answered) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    let mut statements = Statements::default();
    let mut open = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => match read? {
                0 => return Ok(()),
                count => {
                    note(&trips, connection, open, statements.read(&asked[..count]));
                    open = true;
                    server.write_all(&asked[..count]).await?;
                }
            },
            read = server.read(&mut answered) => match read? {
                0 => return Ok(()),
                count => {
                    open = false;
                    client.write_all(&answered[..count]).await?;
                }
            },
        }
    }
}

/// Counts what a client sends to a trip that is not answered yet, or to a new one.
fn note(trips: &Trips, connection: usize, open: bool, statements: Vec<String>) {
    let mut trips = lock(trips);
    let mut own = trips.iter_mut().rev();
    match own.find(|trip| trip.connection == connection) {
        Some(current) if open => current.statements.extend(statements),
        _ => trips.push(Trip {
            connection,
            statements,
        }),
    }
}

/// Reads the statements out of what a client sends.
#[derive(Default)]
struct Statements {
    /// What is not read yet.
    rest: Vec<u8>,
    /// The first message is without a kind.
    started: bool,
    /// Prepared ones by name.
    prepared: HashMap<String, String>,
}

impl Statements {
    fn read(&mut self, bytes: &[u8]) -> Vec<String> {
        self.rest.extend_from_slice(bytes);
        let mut found = Vec::new();
        loop {
            let kinds = usize::from(self.started);
            let Some(head) = self.rest.get(kinds..kinds + HEAD - 1) else {
                return found;
            };
            let length = head
                .iter()
                .fold(0, |sum, byte| sum << 8 | usize::from(*byte))
                + kinds;
            if self.rest.len() < length {
                return found;
            }
            let message: Vec<u8> = self.rest.drain(..length).collect();
            if self.started {
                found.extend(self.statement(&message));
            }
            // What asks for encryption is answered, and then the session begins.
            self.started |= length != ENCRYPTION;
        }
    }

    /// What is executed by a message: of the extended protocol that which binds the values.
    fn statement(&mut self, message: &[u8]) -> Option<String> {
        let (kind, body) = (message.first()?, message.get(HEAD..)?);
        let mut texts = body
            .split(|byte| *byte == 0)
            .map(|text| String::from_utf8_lossy(text).into_owned());
        match kind {
            b'Q' => texts.next(),
            b'P' => {
                let (name, sql) = (texts.next()?, texts.next()?);
                self.prepared.insert(name, sql);
                None
            }
            b'B' => self.prepared.get(&texts.nth(1)?).cloned(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: &[u8], body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [kind, &length, body].concat()
    }

    #[test]
    fn statements_are_found_however_they_are_cut() {
        let sent = [
            // May the session be encrypted?
            message(b"", b"\x04\xd2\x16\x2f"),
            message(b"", b"\0\x03\0\0user\0x\0\0"),
            message(b"p", b"secret\0"),
            message(b"P", b"one\0SELECT $1\0\0\0"),
            message(b"D", b"Sone\0"),
            message(b"S", b""),
            message(b"B", b"\0one\0\0\0\0\0\0\0"),
            message(b"E", b"\0\0\0\0\0"),
            message(b"S", b""),
            message(b"Q", b"COMMIT\0"),
        ]
        .concat();
        for step in 1..sent.len() {
            let mut statements = Statements::default();
            let found: Vec<String> = sent
                .chunks(step)
                .flat_map(|part| statements.read(part))
                .collect();
            assert_eq!(found, ["SELECT $1", "COMMIT"], "in steps of {step}");
        }
    }
}
