//! HTTP/1.1 for the pages of the ops port, with limits of its own, so that gRPC and it do not take
//! each other's room.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::cut::Cut;
use super::door::{Count, Door};
use super::slots::{Slot, Slots};
use crate::metrics;

/// Connections at the same time, and of one peer: probes and those who collect metrics are few.
const CONNECTIONS: usize = 64;
const OF_A_PEER: usize = 32;
/// For the head of a request, from the connection or from the page before.
const HEAD: Duration = Duration::from_secs(5);
/// Bytes and lines of that head.
const HEAD_BYTES: usize = 8 << 10;
const HEAD_LINES: usize = 64;
/// How old a connection gets, and how long its last page may take then: nobody holds one by
/// reading a page slowly.
const AGE: Duration = Duration::from_mins(1);
const LAST_PAGE: Duration = Duration::from_secs(5);

/// A head that did not come in time, as it is counted.
const HEAD_TIMEOUT: &str = "head_timeout";
/// Why connections are cut, so that each cause is counted from zero.
pub(crate) const CAUSES: [&str; 4] = [
    Cut::Connections.label(),
    Cut::PeerConnections.label(),
    HEAD_TIMEOUT,
    Cut::Age.label(),
];

/// Serves until told to stop.
pub(crate) async fn serve_pages(listener: TcpListener, routes: Router, stop: CancellationToken) {
    let slots = Slots::new(CONNECTIONS, OF_A_PEER, metrics::ops_connections_open);
    let count = Count {
        accepted: || {},
        refused: |cut| metrics::ops_cut(cut.label()),
    };
    let mut door = Door::new(listener, slots, count);
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = open.join_next() => {}
            (socket, peer, slot) = door.next() => {
                open.spawn(serve(socket, peer, slot, routes.clone(), stop.clone()));
            }
        }
    }
    drop(door);
    open.join_all().await;
}

async fn serve(
    socket: TcpStream,
    peer: SocketAddr,
    slot: Slot,
    routes: Router,
    stop: CancellationToken,
) {
    let routes = routes.map_request(|request: http::Request<Incoming>| request.map(Body::new));
    let mut server = http1::Builder::new();
    let server = server
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEAD_LINES);
    let service = TowerToHyperService::new(routes);
    let mut connection = pin!(server.serve_connection(TokioIo::new(socket), service));
    let told = async {
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(AGE) => {}
        }
    };
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = told => {
            connection.as_mut().graceful_shutdown();
            timeout(LAST_PAGE, connection).await.ok()
        }
    };
    match ended {
        Some(Ok(())) => {}
        Some(Err(error)) => {
            if error.is_timeout() {
                metrics::ops_cut(HEAD_TIMEOUT);
            }
            tracing::debug!(%peer, %error, "a connection of the ops port ended");
        }
        None => {
            metrics::ops_cut(Cut::Age.label());
            tracing::debug!(%peer, "a connection of the ops port was cut");
        }
    }
    drop(slot);
}
