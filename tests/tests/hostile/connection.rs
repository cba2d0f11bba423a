//! A connection of a hostile client: writes what it is told, and notes what comes back.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;

use aiconfig_tests::wire::{self, Frame, Parser};

/// Where hostile clients come from: another peer than the good one.
const FROM: &str = "127.0.0.2:0";

/// What the server sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers {
    /// Header blocks: one of each answer, and one of its trailers.
    pub(crate) headers: usize,
    /// Streams that it reset.
    pub(crate) resets: usize,
    /// The error code of its GOAWAY.
    pub(crate) goaway: Option<u32>,
    /// When it closed the connection, since that was opened.
    pub(crate) closed: Option<Duration>,
}

/// See the module.
pub(crate) struct Hostile {
    writer: OwnedWriteHalf,
    reader: JoinHandle<()>,
    answers: Arc<Mutex<Answers>>,
    pub(crate) began: Instant,
}

impl Hostile {
    /// Connects, and reads and drops all that comes.
    pub(crate) async fn connect(address: &str) -> Self {
        let (reader, writer) = socket(address).await.unwrap().into_split();
        let answers = Arc::default();
        let began = Instant::now();
        Self {
            reader: tokio::spawn(read(reader, Arc::clone(&answers), began)),
            writer,
            answers,
            began,
        }
    }

    /// Connects and opens HTTP/2.
    pub(crate) async fn greet(address: &str) -> Self {
        let mut hostile = Self::connect(address).await;
        hostile.send(&wire::opening(&[])).await.unwrap();
        hostile
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let write = self.writer.write_all(bytes);
        let within = tokio::time::timeout(Duration::from_secs(10), write);
        within.await.map_err(|_| io::ErrorKind::TimedOut)?
    }

    /// Sends one thing after the other until the server has enough; how many it took.
    pub(crate) async fn flood(
        &mut self,
        longest: Duration,
        mut next: impl FnMut(u32) -> Vec<u8>,
    ) -> u32 {
        let mut sent = 0;
        while self.began.elapsed() < longest && self.answers().closed.is_none() {
            if self.send(&next(sent)).await.is_err() {
                break;
            }
            sent += 1;
        }
        self.until(longest, |answers| answers.closed.is_some())
            .await;
        sent
    }

    /// What has come so far.
    pub(crate) fn answers(&self) -> Answers {
        self.answers.lock().unwrap().clone()
    }

    /// Waits for an answer, but not for ever.
    pub(crate) async fn until(
        &self,
        longest: Duration,
        enough: impl Fn(&Answers) -> bool,
    ) -> Answers {
        loop {
            let answers = self.answers();
            if enough(&answers) || self.began.elapsed() >= longest {
                return answers;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until the server closes it.
    pub(crate) async fn closed(&self, longest: Duration) -> Answers {
        self.until(longest, |answers| answers.closed.is_some())
            .await
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// A bare socket from the address of hostile clients.
pub(crate) async fn socket(address: &str) -> io::Result<TcpStream> {
    let address: SocketAddr = address.parse().unwrap();
    let socket = TcpSocket::new_v4()?;
    socket.bind(FROM.parse().unwrap())?;
    socket.connect(address).await
}

async fn read(mut reader: OwnedReadHalf, answers: Arc<Mutex<Answers>>, began: Instant) {
    let mut parser = Parser::default();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = reader.read(&mut buffer).await.unwrap_or(0);
        let mut answers = answers.lock().unwrap();
        if read == 0 {
            answers.closed = Some(began.elapsed());
            return;
        }
        parser.feed(&buffer[..read], |frame: Frame<'_>| match frame.kind {
            wire::HEADERS => answers.headers += 1,
            wire::RESET => answers.resets += 1,
            wire::GOAWAY => {
                let code = frame.payload[4..8].try_into().unwrap();
                answers.goaway = Some(u32::from_be_bytes(code));
            }
            _ => {}
        });
    }
}
