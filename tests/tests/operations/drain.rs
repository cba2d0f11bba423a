//! What health, probes and scrapes are told while a server stops.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use aiconfig_proto::v1;
use aiconfig_tests::{HealthWatch, Place, Server, query};
use rustix::process::{Pid, Signal, kill_process};
use tonic::Request;

/// How long a step may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Calls may go on for longer than the test does.
const DRAIN: (&str, &str) = ("AICONFIG_DRAIN_SECONDS", "60");
const SERVING: i32 = 1;
const NOT_SERVING: i32 = 2;

async fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn tell_to_stop(server: &Server) {
    let pid = Pid::from_raw(server.pid().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
}

/// Whether it ends well; its clients take part meanwhile.
async fn stops(server: Server) -> bool {
    let stop = tokio::task::spawn_blocking(move || server.stop());
    stop.await.unwrap()
}

#[tokio::test]
async fn the_ops_port_answers_until_the_last_call_has_ended() {
    let place = Place::sqlite();
    let server = Server::start_with(&place, &[DRAIN]);
    let mut backend = server.clients("backend").await;
    let mut waits = Request::new(v1::GetModelConfigRequest {
        min_revision: u64::MAX,
        ..query(1)
    });
    waits.set_timeout(Duration::from_mins(1));
    let call = tokio::spawn(async move { backend.configs.get_model_config(waits).await });
    let open = |page: &str| page.contains("\naiconfig_calls_open 1\n");
    until("the call is open", || open(&server.page("/metrics"))).await;
    let ready = server.page("/readyz");
    assert!(ready.starts_with("HTTP/1.1 200 "), "{ready}");

    tell_to_stop(&server);
    // From then on the server drains.
    until("gRPC takes no more connections", || {
        TcpStream::connect(server.address()).is_err()
    })
    .await;
    let ready = server.page("/readyz");
    assert!(ready.starts_with("HTTP/1.1 503 "), "{ready}");
    assert!(ready.contains("state: draining\n"), "{ready}");
    let live = server.page("/livez");
    assert!(live.starts_with("HTTP/1.1 200 "), "{live}");
    let metrics = server.page("/metrics");
    assert!(open(&metrics), "{metrics}");
    assert!(!call.is_finished());

    call.abort();
    assert!(stops(server).await);
}

#[tokio::test]
async fn every_health_says_that_the_server_stops() {
    let place = Place::sqlite();
    let server = Server::start(&place);
    let channel = server.channel().await;
    let mut watches = Vec::new();
    for service in [
        "",
        "igny8.aiconfig.v1.ModelConfigService",
        "aiconfig.vault",
        "aiconfig.database",
    ] {
        let mut watch = HealthWatch::begin(&channel, service).await;
        assert_eq!(watch.next().await, SERVING, "{service}");
        watches.push((service, watch));
    }
    tell_to_stop(&server);
    for (service, mut watch) in watches {
        let told = tokio::time::timeout(PATIENCE, watch.next()).await;
        assert_eq!(told.ok(), Some(NOT_SERVING), "{service:?}");
    }
    assert!(stops(server).await);
}
