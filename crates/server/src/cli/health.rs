//! `aiconfig health`: asks a running server how it is, where there is no other program that could.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::say;
use crate::config::Config;
use crate::start::Failure;

/// Bytes of a page that are read.
const PAGE: usize = 64 << 10;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Ask only whether the process answers, not whether it takes calls.
    #[arg(long)]
    live: bool,
    /// How long to wait for the answer, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 3)]
    timeout: u64,
}

pub(super) async fn run(config: &Config, args: Args) -> Result<(), Failure> {
    let address = reachable(config.ops_addr);
    let path = if args.live { "/livez" } else { "/readyz" };
    let asked = tokio::time::timeout(Duration::from_secs(args.timeout), ask(address, path)).await;
    let answered = asked.map_err(|_| format!("{address} did not answer in time"))?;
    let answered = answered.map_err(|error| format!("{address} does not answer: {error}"));
    let (status, page) = answered?;
    say(page.trim_end())?;
    if status == StatusCode::OK {
        Ok(())
    } else {
        Err(format!("{address}{path} answered {status}").into())
    }
}

/// A server that listens everywhere is asked over loopback.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

async fn ask(address: SocketAddr, path: &str) -> Result<(StatusCode, String), Failure> {
    let socket = TcpStream::connect(address).await?;
    let (mut sender, connection) = handshake(TokioIo::new(socket)).await?;
    let request = Request::get(path)
        .header(header::HOST, address.to_string())
        .body(Empty::<Bytes>::new())?;
    // It ends with the process at the latest.
    tokio::spawn(connection);
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let page = Limited::new(answer.into_body(), PAGE).collect().await?;
    let page = String::from_utf8_lossy(&page.to_bytes()).into_owned();
    Ok((status, page))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_listens_everywhere_is_reached_over_loopback() {
        for (given, asked) in [
            ("0.0.0.0:1", "127.0.0.1:1"),
            ("[::]:1", "[::1]:1"),
            ("10.0.0.1:1", "10.0.0.1:1"),
        ] {
            assert_eq!(reachable(given.parse().unwrap()), asked.parse().unwrap());
        }
    }
}
