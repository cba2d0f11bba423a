//! The accept loop: sockets come in, connections that speak HTTP/2 go out.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use futures::Stream;
use futures::stream::unfold;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::connection::{Connection, Io};
use super::door::{Count, Door};
use super::room::{Link, Room};
use super::slots::{Slot, Slots};
use super::tls::Live;
use super::{Cut, Limits, open_files, preface};
use crate::metrics;

/// What every connection is made with.
#[derive(Clone)]
struct Terms {
    limits: Limits,
    room: Arc<Room>,
    tls: Option<Live>,
    /// Cancelled when the server begins to end connections itself.
    stop: CancellationToken,
}

struct Acceptor {
    door: Door,
    terms: Terms,
    /// Sockets that shake hands or have not sent their preface yet.
    opening: JoinSet<Option<Connection>>,
}

/// Connections ready for HTTP/2. Nothing is accepted any more once it is dropped.
pub(crate) fn incoming(
    listener: TcpListener,
    limits: Limits,
    room: Arc<Room>,
    tls: Option<Live>,
    stop: CancellationToken,
) -> impl Stream<Item = Result<Connection, Infallible>> {
    let connections = open_files::allow(limits.connections);
    let per_peer = limits.connections_per_peer;
    let slots = Slots::new(connections, per_peer, metrics::connections_open);
    let count = Count {
        accepted: metrics::accepted,
        refused: metrics::cut,
    };
    let acceptor = Acceptor {
        door: Door::new(listener, slots, count),
        terms: Terms {
            limits,
            room,
            tls,
            stop,
        },
        opening: JoinSet::new(),
    };
    unfold(acceptor, |mut acceptor| async move {
        let connection = acceptor.next().await;
        Some((Ok(connection), acceptor))
    })
}

impl Acceptor {
    async fn next(&mut self) -> Connection {
        loop {
            tokio::select! {
                (socket, peer, slot) = self.door.next() => {
                    let terms = self.terms.clone();
                    self.opening.spawn(open(socket, peer, slot, terms));
                }
                Some(opened) = self.opening.join_next() => {
                    if let Ok(Some(connection)) = opened {
                        return connection;
                    }
                }
            }
        }
    }
}

/// Shakes hands and reads the preface.
async fn open(socket: TcpStream, peer: SocketAddr, slot: Slot, terms: Terms) -> Option<Connection> {
    // Else an answer waits for the client to acknowledge the one before it, up to 40 ms.
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%peer, %error, "the socket was gone at once");
        return None;
    }
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
            let link = Link::new(&terms.room, peer);
            let io = (io, opening);
            Some(Connection::new(io, link, limits, slot, terms.stop))
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
