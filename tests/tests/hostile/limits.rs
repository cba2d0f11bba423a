//! Limits of connections that need no attack: age, room, and file descriptors.

use std::time::{Duration, Instant};

use aiconfig_tests::{Place, Server, query};
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit, setrlimit};

use crate::attacks::{GET, LONGEST};
use crate::connection::{Hostile, socket};
use crate::{good, observe, turn};
use aiconfig_tests::wire::{DATA, END_HEADERS, HEADERS, call, frame};

/// Lets this process open many sockets.
pub(crate) fn allow_sockets(count: u64) {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_some_and(|current| current < count) {
        let raised = Rlimit {
            current: Some(count),
            maximum,
        };
        let allowed = setrlimit(Resource::Nofile, raised);
        assert!(allowed.is_ok(), "this needs `ulimit -Hn {count}` or more");
    }
}

#[tokio::test]
async fn connections_end_at_their_age_with_notice() {
    let _turn = turn().await;
    let place = Place::sqlite();
    let settings = [
        ("AICONFIG_MAX_CONNECTION_AGE_SECONDS", "1"),
        ("AICONFIG_MAX_CONNECTION_AGE_GRACE_SECONDS", "1"),
        ("AICONFIG_DEFAULT_DEADLINE_SECONDS", "30"),
    ];
    let server = Server::start_with(&place, &settings);
    let cuts = observe::cuts(&server);
    let mut busy = Hostile::greet(&server.address()).await;
    let block = call(GET, &place.token("backend"), &[]);
    let opened = [
        frame(HEADERS, END_HEADERS, 1, &block),
        frame(DATA, 0, 1, &[0, 0, 0]),
    ];
    busy.send(&opened.concat()).await.unwrap();
    let told = busy
        .until(LONGEST, |answers| answers.goaway.is_some())
        .await;
    assert_eq!(told.goaway, Some(0), "no error, only an end");
    let (told_at, closed) = (busy.began.elapsed(), busy.closed(LONGEST).await.closed);
    let closed = closed.expect("cut");
    assert!((1.0..1.5).contains(&told_at.as_secs_f64()), "{told_at:?}");
    assert!((1.9..2.6).contains(&closed.as_secs_f64()), "{closed:?}");
    let cuts = observe::since(&cuts, &server);
    assert_eq!(cuts.get("age"), Some(&1), "{cuts:?}");

    // A client that heeds the notice loses no call that it has sent. tonic's does not send one
    // anew that the notice overtook on its way to the socket.
    let unsent = |status: &tonic::Status| status.message() == "operation was canceled";
    let mut clients = good::prepare(&server).await;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(4) {
        let answer = clients.configs.get_model_config(query(1)).await;
        assert!(answer.as_ref().err().is_none_or(unsent), "{answer:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn there_is_room_for_some_connections_and_it_is_given_back() {
    let _turn = turn().await;
    let place = Place::sqlite();
    let settings = [
        ("AICONFIG_MAX_CONNECTIONS", "4"),
        ("AICONFIG_MAX_CONNECTIONS_PER_PEER", "3"),
    ];
    let server = Server::start_with(&place, &settings);
    let address = server.address();
    let mut clients = good::prepare(&server).await;
    let cuts = observe::cuts(&server);
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(Hostile::greet(&address).await);
    }
    let (fourth, _) = (Hostile::connect(&address).await, others[2].answers());
    assert!(fourth.closed(LONGEST).await.closed.is_some());
    let refused = observe::since(&cuts, &server);
    assert_eq!(refused.get("connections"), Some(&1), "{refused:?}");
    clients.configs.get_model_config(query(1)).await.unwrap();

    others.pop();
    let begun = Instant::now();
    while others.len() < 3 {
        assert!(begun.elapsed() < LONGEST, "room is not given back");
        let next = Hostile::greet(&address).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        if next.answers().closed.is_none() {
            others.push(next);
        }
    }
}

#[tokio::test]
async fn a_connection_has_so_many_calls_at_the_same_time() {
    let _turn = turn().await;
    let place = Place::sqlite();
    let settings = [
        ("AICONFIG_MAX_CONCURRENT_STREAMS", "8"),
        ("AICONFIG_DEFAULT_DEADLINE_SECONDS", "1"),
    ];
    let server = Server::start_with(&place, &settings);
    let mut hostile = Hostile::greet(&server.address()).await;
    let block = call(GET, &place.token("backend"), &[]);
    for number in 0..12 {
        let opened = frame(HEADERS, END_HEADERS, number * 2 + 1, &block);
        hostile.send(&opened).await.unwrap();
    }
    let refused = hostile.until(LONGEST, |answers| answers.resets >= 4).await;
    assert_eq!((refused.resets, refused.headers), (4, 0));
    assert!(
        hostile.began.elapsed() < Duration::from_millis(900),
        "at once"
    );
    let answered = hostile.until(LONGEST, |answers| answers.headers >= 8).await;
    assert_eq!((answered.headers, answered.closed), (8, None));
}

#[tokio::test]
async fn headers_have_a_size_and_the_connection_outlives_it() {
    let _turn = turn().await;
    let place = Place::sqlite();
    let server = Server::start(&place);
    let mut clients = good::prepare(&server).await;
    for (length, fits) in [(7_000, true), (9_000, false)] {
        let mut request = tonic::Request::new(query(1));
        let long = "x".repeat(length).parse().unwrap();
        request.metadata_mut().insert("x-long", long);
        let answer = clients.configs.get_model_config(request).await;
        assert_eq!(answer.is_ok(), fits, "{length}: {answer:?}");
    }
    clients.configs.get_model_config(query(1)).await.unwrap();
    let cuts = observe::cuts(&server);
    assert!(cuts.values().all(|count| *count == 0), "{cuts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_good_client_is_not_taken_for_a_flood() {
    let _turn = turn().await;
    let place = Place::sqlite();
    let settings = [("AICONFIG_MAX_CONTROL_FRAMES_PER_SECOND", "1000")];
    let server = Server::start_with(&place, &settings);
    let clients = good::prepare(&server).await;
    let cuts = observe::cuts(&server);
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let mut clients = clients.clone();
        tasks.spawn(async move {
            let mut calls = 0;
            while begun.elapsed() < Duration::from_secs(2) {
                clients.configs.get_model_config(query(1)).await.unwrap();
                calls += 1;
            }
            calls
        });
    }
    // Calls that are given up all at once are resets.
    while begun.elapsed() < Duration::from_secs(2) {
        let mut given_up = tokio::task::JoinSet::new();
        for _ in 0..40 {
            let mut clients = clients.clone();
            given_up.spawn(async move {
                let call = clients.configs.get_model_config(query(1));
                let _ = tokio::time::timeout(Duration::from_micros(200), call).await;
            });
        }
        given_up.join_all().await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let calls: u32 = tasks.join_all().await.into_iter().sum();
    assert!(calls > 1_000, "{calls}");
    let cuts = observe::since(&cuts, &server);
    assert!(cuts.is_empty(), "{cuts:?} after {calls} calls");
}

#[tokio::test]
async fn accepting_goes_on_after_descriptors_ran_out() {
    let _turn = turn().await;
    let place = Place::sqlite();
    let settings = [("AICONFIG_PREFACE_TIMEOUT_MILLISECONDS", "3000")];
    let server = Server::start_with(&place, &settings);
    let mut clients = good::prepare(&server).await;
    let pid = Pid::from_raw(server.pid().try_into().unwrap());
    let limit = Rlimit {
        current: Some(64),
        maximum: getrlimit(Resource::Nofile).maximum,
    };
    let before = prlimit(pid, Resource::Nofile, limit).unwrap();
    let mut sockets = Vec::new();
    for _ in 0..100 {
        sockets.push(socket(&server.address()).await.unwrap());
    }
    let begun = Instant::now();
    while !server.log().contains("no connections are accepted for now") {
        assert!(begun.elapsed() < LONGEST, "{}", server.log());
        clients.configs.get_model_config(query(1)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    prlimit(pid, Resource::Nofile, before).unwrap();
    drop(sockets);
    while !server.log().contains("connections are accepted again") {
        assert!(begun.elapsed() < LONGEST, "{}", server.log());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut anew = server.clients("backend").await;
    anew.configs.get_model_config(query(1)).await.unwrap();
    let failures = observe::counters(&server, "aiconfig_accept_failures_total");
    let failures = failures.values().sum::<u64>();
    assert!((1..50).contains(&failures), "{failures}: it waits between");
}
