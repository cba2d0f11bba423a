//! The accept loop: sockets come in, connections that speak HTTP/2 go out.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures::Stream;
use futures::stream::unfold;
use rustix::io::Errno;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::TcpConnectInfo;

use super::connection::{Connection, Io};
use super::slots::{Slot, Slots};
use super::tls::Live;
use super::{Cut, Limits, open_files, preface};
use crate::metrics;

/// Waits after an accept that failed for want of descriptors or memory: doubled up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(10);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// What every connection is made with.
#[derive(Clone)]
struct Terms {
    limits: Limits,
    tls: Option<Live>,
    /// Cancelled when the server begins to end connections itself.
    stop: CancellationToken,
}

struct Acceptor {
    listener: TcpListener,
    terms: Terms,
    slots: Slots,
    /// Sockets that shake hands or have not sent their preface yet.
    opening: JoinSet<Option<Connection>>,
    /// Until when nothing is accepted, and how long that is, while accepting fails.
    pause: Option<(Instant, Duration)>,
}

/// Connections ready for HTTP/2. Nothing is accepted any more once it is dropped.
pub(crate) fn incoming(
    listener: TcpListener,
    limits: Limits,
    tls: Option<Live>,
    stop: CancellationToken,
) -> impl Stream<Item = Result<Connection, Infallible>> {
    let connections = open_files::allow(limits.connections);
    let acceptor = Acceptor {
        listener,
        slots: Slots::new(connections, limits.connections_per_peer),
        terms: Terms { limits, tls, stop },
        opening: JoinSet::new(),
        pause: None,
    };
    unfold(acceptor, |mut acceptor| async move {
        let connection = acceptor.next().await;
        Some((Ok(connection), acceptor))
    })
}

impl Acceptor {
    async fn next(&mut self) -> Connection {
        loop {
            let (listener, pause) = (&self.listener, self.pause);
            let accept = async {
                if let Some((until, _)) = pause {
                    sleep_until(until).await;
                }
                listener.accept().await
            };
            tokio::select! {
                accepted = accept => self.took(accepted),
                Some(opened) = self.opening.join_next() => {
                    if let Ok(Some(connection)) = opened {
                        return connection;
                    }
                }
            }
        }
    }

    fn took(&mut self, accepted: io::Result<(TcpStream, SocketAddr)>) {
        let (socket, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => return self.failed(&error),
        };
        if self.pause.take().is_some() {
            tracing::info!("connections are accepted again");
        }
        metrics::accepted();
        match self.slots.take(peer.ip()) {
            Ok(slot) => {
                let terms = self.terms.clone();
                self.opening.spawn(open(socket, peer, slot, terms));
            }
            // Closed at once: the client learns it, which a queue would not tell it.
            Err(cut) => refuse(peer, cut),
        }
    }

    /// Waits where the system has run out of something; else the next accept is a new chance, for
    /// most errors are those of the one connection that was to be accepted.
    fn failed(&mut self, error: &io::Error) {
        let exhausted = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
        if !Errno::from_io_error(error).is_some_and(|errno| exhausted.contains(&errno)) {
            tracing::debug!(%error, "a connection was not accepted");
            return;
        }
        metrics::accept_failed();
        if self.pause.is_none() {
            tracing::warn!(%error, "no connections are accepted for now");
        }
        let next = self.pause.map_or(FIRST_WAIT, |(_, wait)| wait * 2);
        let next = next.min(LONGEST_WAIT);
        self.pause = Some((Instant::now() + next, next));
    }
}

/// Shakes hands and reads the preface.
async fn open(socket: TcpStream, peer: SocketAddr, slot: Slot, terms: Terms) -> Option<Connection> {
    // Else an answer waits for the client to acknowledge the one before it, up to 40 ms.
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%peer, %error, "the socket was gone at once");
        return None;
    }
    let info = TcpConnectInfo {
        local_addr: socket.local_addr().ok(),
        remote_addr: Some(peer),
    };
    let limits = terms.limits;
    let mut io = match &terms.tls {
        None => Io::Plain(socket),
        Some(tls) => match timeout(limits.handshake, shake(tls, socket)).await {
            Ok(Ok(io)) => io,
            Ok(Err(error)) => {
                tracing::debug!(%peer, %error, "no TLS session");
                // Errors of TLS itself; others say that the client left, as scanners and the
                // checks of balancers do.
                if error.kind() == io::ErrorKind::InvalidData {
                    refuse(peer, Cut::HandshakeFailed);
                }
                return None;
            }
            Err(_) => {
                refuse(peer, Cut::HandshakeTimeout);
                return None;
            }
        },
    };
    match preface::read(&mut io.as_mut(), limits.preface).await {
        Ok(Ok(opening)) => {
            let io = (io, opening);
            Some(Connection::new(io, info, limits, slot, terms.stop))
        }
        Ok(Err(cut)) => {
            refuse(peer, cut);
            None
        }
        Err(error) => {
            tracing::debug!(%peer, %error, "the client left before its preface");
            None
        }
    }
}

async fn shake(tls: &Live, socket: TcpStream) -> io::Result<Io> {
    let acceptor = TlsAcceptor::from(tls.load_full());
    let session = acceptor.accept(socket).await?;
    Ok(Io::Tls(Box::new(session)))
}

/// Counts a connection that did not get to HTTP/2.
fn refuse(peer: SocketAddr, cut: Cut) {
    metrics::cut(cut);
    tracing::debug!(%peer, %cut, "refused a connection");
}
