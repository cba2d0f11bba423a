//! Clients that stop in the middle: of a request, of an answer, or by giving a call up.

use std::time::{Duration, Instant};

use aiconfig_tests::wire::{
    self, ACK, DATA, END_HEADERS, END_STREAM, Frame, HEADERS, PING, Parser, RESET, SETTINGS, call,
    frame,
};
use aiconfig_tests::{Place, Server, health, query, reason};
use futures::stream;
use prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;

use crate::attacks::{GET, LONGEST};
use crate::connection::{Hostile, socket};
use crate::good::{self, Good};
use crate::{observe, turn};

const HEALTH: &str = "/grpc.health.v1.Health/Check";
const TURNED_AWAY: &str = "aiconfig_calls_turned_away_total";

/// Opens calls on streams 1, 3, …, each with a body that has only begun.
async fn stall(hostile: &mut Hostile, token: &str, count: u32) {
    let block = call(GET, token, &[]);
    for number in 0..count {
        let stream = number * 2 + 1;
        let opened = [
            frame(HEADERS, END_HEADERS, stream, &block),
            frame(DATA, 0, stream, &[0, 0, 0]),
        ];
        hostile.send(&opened.concat()).await.unwrap();
    }
}

async fn gauge(server: &Server, name: &str, expected: u64) {
    let begun = Instant::now();
    loop {
        let values = observe::counters(server, name);
        if values.values().sum::<u64>() == expected {
            return;
        }
        assert!(begun.elapsed() < LONGEST, "{name}: {values:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stalled_bodies_take_no_room_from_others_and_end_at_their_deadline() {
    let _turn = turn().await;
    let place = Place::sqlite();
    let settings = [
        ("AICONFIG_MAX_IN_FLIGHT", "8"),
        ("AICONFIG_DEFAULT_DEADLINE_SECONDS", "2"),
    ];
    let server = Server::start_with(&place, &settings);
    let clients = good::prepare(&server).await;
    let token = place.token("backend");
    let mut hostile = Hostile::greet(&server.address()).await;
    // Sixteen for each of the eight: then there are enough of them.
    stall(&mut hostile, &token, 150).await;
    gauge(&server, "aiconfig_calls_waiting", 128).await;
    let told = hostile
        .until(LONGEST, |answers| answers.headers >= 22)
        .await;
    assert_eq!(told.headers, 22, "the others are told at once");
    assert!(hostile.began.elapsed() < Duration::from_millis(1_900));
    let turned_away = observe::counters(&server, TURNED_AWAY);
    assert_eq!(turned_away.get("{full=\"bodies\"}"), Some(&22));

    let seen = Good::work(&clients, Duration::from_millis(500)).await;
    assert!(seen.failures.is_empty(), "{:?}", seen.failures);
    assert!(seen.calls > 20, "{}", seen.calls);

    let ended = hostile
        .until(LONGEST, |answers| answers.headers >= 150)
        .await;
    assert_eq!((ended.headers, ended.closed), (150, None));
    assert_eq!(observe::answered(&server, "DEADLINE_EXCEEDED"), 128);
    gauge(&server, "aiconfig_calls_waiting", 0).await;
}

/// The answer to a call whose body never ends.
async fn endless(server: &Server, path: &str, token: Option<&str>) -> Status {
    let channel = server.channel().await;
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.unwrap();
    let mut request = Request::new(stream::pending());
    if let Some(token) = token {
        let bearer = format!("Bearer {token}").parse().unwrap();
        request.metadata_mut().insert("authorization", bearer);
    }
    let codec = ProstCodec::<(), ()>::default();
    let path = path.parse().unwrap();
    let answer = client.client_streaming(request, path, codec).await;
    answer.map(|_| ()).unwrap_err()
}

#[tokio::test]
async fn a_body_that_never_ends_gets_a_deadline_and_not_a_cancellation() {
    let _turn = turn().await;
    let place = Place::sqlite();
    let settings = [
        ("AICONFIG_DEFAULT_DEADLINE_SECONDS", "1"),
        ("AICONFIG_LONGEST_DEADLINE_SECONDS", "2"),
    ];
    let server = Server::start_with(&place, &settings);
    let token = place.token("backend");
    for (path, token) in [(GET, Some(token.as_str())), (HEALTH, None)] {
        let begun = Instant::now();
        let status = endless(&server, path, token).await;
        assert_eq!(status.code(), Code::DeadlineExceeded, "{path}: {status}");
        assert_eq!(reason(&status), "DEADLINE_EXCEEDED", "{path}");
        let took = begun.elapsed().as_secs_f64();
        assert!((0.9..2.0).contains(&took), "{path}: {took}");
    }
}

#[tokio::test]
async fn a_call_that_its_client_gives_up_is_counted_as_that() {
    let _turn = turn().await;
    let place = Place::sqlite();
    let server = Server::start_with(&place, &[("AICONFIG_LOG", "aiconfig=debug")]);
    let token = place.token("backend");
    let mut hostile = Hostile::greet(&server.address()).await;
    stall(&mut hostile, &token, 1).await;
    gauge(&server, "aiconfig_calls_waiting", 1).await;
    // In the middle of its body, for one of several reasons.
    hostile
        .send(&frame(RESET, 0, 1, &8_u32.to_be_bytes()))
        .await
        .unwrap();
    gauge(&server, "aiconfig_calls_waiting", 0).await;
    // While it is worked on.
    let far = aiconfig_proto::v1::GetModelConfigRequest {
        min_revision: u64::MAX,
        ..query(1)
    };
    let opened = [
        frame(HEADERS, END_HEADERS, 3, &call(GET, &token, &[])),
        frame(DATA, END_STREAM, 3, &wire::message(&far.encode_to_vec())),
    ];
    hostile.send(&opened.concat()).await.unwrap();
    gauge(&server, "aiconfig_calls_open", 1).await;
    hostile
        .send(&frame(RESET, 0, 3, &2_u32.to_be_bytes()))
        .await
        .unwrap();
    gauge(&server, "aiconfig_calls_open", 0).await;
    // By its connection's end.
    let mut other = Hostile::greet(&server.address()).await;
    stall(&mut other, &token, 1).await;
    gauge(&server, "aiconfig_calls_waiting", 1).await;
    drop(other);
    gauge(&server, "aiconfig_calls_waiting", 0).await;
    assert_eq!(observe::answered(&server, "CANCELLED"), 3);
    assert_eq!(observe::answered(&server, "INTERNAL"), 0);
    let log = server.log();
    assert!(!log.contains("WARN"), "{log}");
    assert!(log.contains("code=Cancelled"), "{log}");
}

/// A client that answers each PING, but gives no leave to send answers.
async fn no_window(server: &Server, token: &str, longest: Duration) -> Duration {
    let mut socket = socket(&server.address()).await.unwrap();
    let begun = Instant::now();
    // Identifier 4 is the window of each stream.
    let mut sent = wire::opening(&[(4, 0)]);
    for number in 0..100 {
        let stream = number * 2 + 1;
        let body = wire::message(&query(1).encode_to_vec());
        sent.extend(frame(HEADERS, END_HEADERS, stream, &call(GET, token, &[])));
        sent.extend(frame(DATA, END_STREAM, stream, &body));
    }
    socket.write_all(&sent).await.unwrap();
    let mut parser = Parser::default();
    let mut buffer = vec![0; 16 << 10];
    while begun.elapsed() < longest {
        let read = tokio::time::timeout(longest, socket.read(&mut buffer)).await;
        let read = read.unwrap().unwrap_or(0);
        if read == 0 {
            break;
        }
        let mut answers = Vec::new();
        parser.feed(&buffer[..read], |got: Frame<'_>| {
            assert_ne!(got.kind, DATA, "there is no leave to send it");
            if matches!(got.kind, PING | SETTINGS) && got.flags & ACK == 0 {
                let answer = if got.kind == PING { got.payload } else { &[] };
                answers.extend(frame(got.kind, ACK, 0, answer));
            }
        });
        if socket.write_all(&answers).await.is_err() {
            break;
        }
    }
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_wait_for_a_window_end_the_connection() {
    let _turn = turn().await;
    let place = Place::sqlite();
    let settings = [
        ("AICONFIG_WRITE_TIMEOUT_SECONDS", "2"),
        ("AICONFIG_KEEPALIVE_INTERVAL_SECONDS", "1"),
        ("AICONFIG_KEEPALIVE_TIMEOUT_SECONDS", "1"),
    ];
    let server = Server::start_with(&place, &settings);
    let clients = good::prepare(&server).await;
    let good = Good::begin(&clients);
    let cuts = observe::cuts(&server);
    let token = place.token("backend");
    let after = no_window(&server, &token, LONGEST).await;
    let seconds = after.as_secs_f64();
    assert!((2.0..3.8).contains(&seconds), "{seconds}");
    let cuts = observe::since(&cuts, &server);
    assert_eq!(cuts.get("write_stalled"), Some(&1), "{cuts:?}");
    let seen = good.end().await;
    assert!(seen.failures.is_empty(), "{:?}", seen.failures);
    gauge(&server, "aiconfig_answers_unread_bytes", 0).await;
}

/// It is held without being counted, so it is to be short.
#[tokio::test]
async fn what_needs_no_token_is_short() {
    let _turn = turn().await;
    let place = Place::sqlite();
    let server = Server::start(&place);
    let channel = server.channel().await;
    let refused = health(&channel, &"x".repeat(2_000)).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
    assert_eq!(reason(&refused), "MESSAGE_TOO_LARGE");
    assert_eq!(health(&channel, "").await.unwrap(), 1);
}
