//! The ops port: those who hold connections open there do not keep probes out.

use std::time::{Duration, Instant};

use aiconfig_tests::{Place, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::attacks::LONGEST;
use crate::connection::socket;
use crate::{observe, turn};

const CUTS: &str = "aiconfig_ops_connections_cut_total";
/// Connections that one address may have, and how long a head may take.
const OF_A_PEER: usize = 32;
const HEAD: f64 = 5.0;

async fn is_closed(socket: &mut TcpStream, within: Duration) -> bool {
    let mut byte = [0; 256];
    let read = async { while socket.read(&mut byte).await.is_ok_and(|read| read > 0) {} };
    tokio::time::timeout(within, read).await.is_ok()
}

#[tokio::test]
async fn silent_and_slow_connections_of_the_ops_port_end() {
    let _turn = turn().await;
    let place = Place::sqlite();
    let server = Server::start(&place);
    let begun = Instant::now();
    let mut held = Vec::new();
    for number in 0..OF_A_PEER + 8 {
        let mut socket = socket(&server.ops_address()).await.unwrap();
        if number % 2 == 0 {
            socket
                .write_all(b"GET /livez HTTP/1.1\r\nHost:")
                .await
                .unwrap();
        }
        held.push(socket);
    }
    // The last of them found no room; a probe from elsewhere does.
    for refused in &mut held[OF_A_PEER..] {
        assert!(is_closed(refused, Duration::from_secs(1)).await);
    }
    assert!(!is_closed(&mut held[0], Duration::from_millis(100)).await);
    assert!(server.page("/livez").starts_with("HTTP/1.1 200"));
    let cuts = observe::counters(&server, CUTS);
    assert_eq!(cuts.get("{cause=\"peer_connections\"}"), Some(&8));

    for slow in &mut held[..OF_A_PEER] {
        assert!(is_closed(slow, LONGEST).await);
    }
    let took = begun.elapsed().as_secs_f64();
    assert!((HEAD - 0.1..HEAD + 2.0).contains(&took), "{took}");
    let mut again = socket(&server.ops_address()).await.unwrap();
    let asked = b"GET /livez HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n";
    again.write_all(asked).await.unwrap();
    let mut page = String::new();
    again.read_to_string(&mut page).await.unwrap();
    assert!(page.ends_with("ok\n"), "{page}");
}

#[tokio::test]
async fn heads_of_the_ops_port_have_a_size() {
    let _turn = turn().await;
    let place = Place::sqlite();
    let server = Server::start(&place);
    let long = "x".repeat(9 << 10);
    let lines = "x: y\r\n".repeat(100);
    for head in [format!("x-long: {long}\r\n"), lines] {
        let mut socket = socket(&server.ops_address()).await.unwrap();
        let asked = format!("GET /livez HTTP/1.1\r\nHost: probe\r\n{head}\r\n");
        socket.write_all(asked.as_bytes()).await.unwrap();
        let mut page = Vec::new();
        // It may close before it has read all, which is a reset.
        let _ = socket.read_to_end(&mut page).await;
        let page = String::from_utf8_lossy(&page);
        assert!(
            page.is_empty() || page.starts_with("HTTP/1.1 431"),
            "{page}"
        );
    }
    assert!(server.page("/livez").starts_with("HTTP/1.1 200"));
}
