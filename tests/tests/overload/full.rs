//! A server with as many calls as it takes: what is refused, what is not, and that it is over at
//! once.

use std::time::{Duration, Instant};

use aiconfig_proto::v1::{self, Plan};
use aiconfig_tests::{Clients, Place, Server, account, health, query, reason};
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection};
use tokio::task::JoinSet;
use tonic::{Code, Request, Status};

use crate::rates::wait;
use crate::turn;

/// Calls that the servers of these tests take.
const ROOM: &str = "8";

fn overloaded(status: &Status) {
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    assert_eq!(reason(status), "OVERLOADED", "{status}");
    let wait = wait(status);
    let range = Duration::from_millis(500)..Duration::from_millis(1_600);
    assert!(range.contains(&wait), "{wait:?}");
}

async fn served() -> (Place, Server, Clients) {
    let place = Place::sqlite().with("AICONFIG_MAX_IN_FLIGHT", ROOM);
    let server = Server::start(&place);
    let mut clients = server.clients("backend").await;
    let made = clients.accounts.upsert_account(account(1, Plan::Growth));
    made.await.unwrap();
    (place, server, clients)
}

/// A call that waits for so long.
fn waiting(seconds: u32) -> Request<v1::GetModelConfigRequest> {
    let mut request = Request::new(v1::GetModelConfigRequest {
        min_revision: u64::MAX,
        ..query(1)
    });
    let limit = format!("{seconds}S").parse().unwrap();
    request.metadata_mut().insert("grpc-timeout", limit);
    request
}

/// Takes the lock that writes wait for.
async fn locked(place: &Place) -> DatabaseConnection {
    let file = place.data().join("aiconfig.db");
    let database = Database::connect(format!("sqlite://{}", file.display()));
    let database = database.await.unwrap();
    database
        .execute_unprepared("BEGIN IMMEDIATE")
        .await
        .unwrap();
    database
}

/// A write that waits for so long.
fn write(id: i64, limit: &str) -> Request<v1::UpsertAccountRequest> {
    let mut request = Request::new(account(id, Plan::Free));
    request
        .metadata_mut()
        .insert("grpc-timeout", limit.parse().unwrap());
    request
}

#[tokio::test]
async fn what_there_is_no_room_for_is_refused_and_health_answers() {
    let _turn = turn().await;
    let (place, server, clients) = served().await;
    let database = locked(&place).await;
    let mut waiters = JoinSet::new();
    for id in 10..14 {
        let mut accounts = clients.accounts.clone();
        waiters.spawn(async move {
            let written = accounts.upsert_account(write(id, "2S")).await;
            written.unwrap_err()
        });
        let mut configs = clients.configs.clone();
        waiters.spawn(async move {
            let read = configs.get_model_config(waiting(2)).await;
            read.unwrap_err()
        });
    }
    let mut other = server.clients("backend").await;
    let begun = Instant::now();
    while other.configs.get_model_config(query(1)).await.is_ok() {
        assert!(
            begun.elapsed() < Duration::from_secs(1),
            "there is always room"
        );
    }
    let mut delays = Vec::new();
    for _ in 0..20 {
        let refused = other.configs.get_model_config(query(1)).await.unwrap_err();
        overloaded(&refused);
        delays.push(wait(&refused));
    }
    delays.dedup();
    assert!(delays.len() > 10, "{delays:?}: not all come back at once");
    let channel = server.channel().await;
    assert_eq!(health(&channel, "").await.unwrap(), 1);
    assert!(server.page("/readyz").contains("serving"));
    let page = server.page("/metrics");
    assert!(page.contains("aiconfig_calls_open 8"), "{page}");
    assert!(page.contains("aiconfig_calls_turned_away_total{full=\"calls\"}"));
    for waited in waiters.join_all().await {
        // The client's own clock may be the first to end it.
        let ends = [Code::DeadlineExceeded, Code::Cancelled];
        assert!(ends.contains(&waited.code()), "{waited}");
    }
    drop(database);
    other.configs.get_model_config(query(1)).await.unwrap();
    assert!(server.page("/metrics").contains("aiconfig_calls_open 0"));
}

#[tokio::test]
async fn reads_that_wait_for_a_revision_leave_room_for_others() {
    let _turn = turn().await;
    let (_place, server, clients) = served().await;
    let mut waiters = JoinSet::new();
    for _ in 0..20 {
        let mut clients = Clients::clone(&clients);
        waiters.spawn(async move { clients.configs.get_model_config(waiting(2)).await });
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut other = server.clients("backend").await;
    for _ in 0..100 {
        other.configs.get_model_config(query(1)).await.unwrap();
    }
    let (mut refused, mut waited) = (0, 0);
    for answer in waiters.join_all().await {
        let status = answer.unwrap_err();
        if status.code() == Code::ResourceExhausted {
            overloaded(&status);
            refused += 1;
        } else {
            assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
            waited += 1;
        }
    }
    assert_eq!((refused, waited), (16, 4), "half of the room is for waits");
}

#[tokio::test]
async fn writes_that_wait_for_the_database_leave_room_for_reads() {
    let _turn = turn().await;
    let (place, server, clients) = served().await;
    let database = locked(&place).await;
    let mut writes = JoinSet::new();
    for id in 10..30 {
        let mut clients = clients.clone();
        writes.spawn(async move { clients.accounts.upsert_account(write(id, "1500m")).await });
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut other = server.clients("backend").await;
    for _ in 0..100 {
        other.configs.get_model_config(query(1)).await.unwrap();
    }
    let (mut refused, mut waited) = (0, 0);
    for answer in writes.join_all().await {
        let status = answer.unwrap_err();
        if status.code() == Code::ResourceExhausted {
            overloaded(&status);
            refused += 1;
        } else {
            waited += 1;
        }
    }
    assert_eq!((refused, waited), (16, 4), "half of the room is for writes");
    database.execute_unprepared("ROLLBACK").await.unwrap();
    let mut clients = clients;
    let written = clients.accounts.upsert_account(account(10, Plan::Free));
    written.await.unwrap();
}
