//! A database that is read-only, closed, frozen, stopped or busy.

use std::time::{Duration, Instant};

use aiconfig_persistence::{AnswerScope, Condition, Store, StoreConfig, StoreError, WriteFault};
use aiconfig_testsupport::{PgOptions, PgServer};
use sea_orm::ConnectionTrait;
use sea_orm::sqlx::postgres::PgListener;

use crate::place::{Kind, Place, begin, command, put, write};

pub(crate) async fn read_only_is_told(place: Place) {
    let store = place.store().await;
    write(&store, vec![put("thing", "a", "1")]).await;
    let config = match place.kind {
        Kind::Postgres => place.config_with("?options=-c%20default_transaction_read_only%3Don"),
        _ => place.config_with("?mode=ro"),
    };
    let store = Store::connect(&config).await.unwrap();
    assert_eq!(store.head().await.unwrap().revision, 1);
    // PostgreSQL refuses the lock on the head, SQLite the first change.
    let error = match store.begin_write().await {
        Ok(open) => {
            let commit = command(open.head(), vec![put("thing", "a", "2")]);
            open.commit(commit).await.unwrap_err()
        }
        Err(error) => error,
    };
    assert!(matches!(error, StoreError::ReadOnly), "{error:?}");
    let error = store.prune_answers(1, 1).await.unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly), "{error:?}");
    assert_eq!(store.head().await.unwrap().revision, 1, "reads go on");
    if place.kind == Kind::Postgres {
        settle().await;
        assert_eq!(store.write_pool().open, 0, "no such connection is kept");
    }
    let read_only = Condition::ReadsOnly(WriteFault::ReadOnly);
    assert_eq!(*store.condition().borrow(), read_only);
    assert!(store.try_write().await.is_err());
}

/// Connections come back in the background.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(300)).await;
}

pub(crate) async fn closed_store_is_unavailable(place: Place) {
    let store = place.store().await;
    assert!(store.write_pool().open >= 1);
    store.close().await.unwrap();
    let error = store.head().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
}

pub(crate) fn hasty(place: &Place) -> StoreConfig {
    StoreConfig {
        call_timeout: Duration::from_millis(800),
        acquire_timeout: Duration::from_millis(700),
        max_connections: 4,
        ..place.config()
    }
}

pub(crate) async fn frozen_server_times_out(_: Place) {
    let server = PgServer::start(PgOptions::default());
    let place = Place::on(&server);
    place.store().await;
    let store = Store::connect(&hasty(&place)).await.unwrap();
    let before = write(&store, vec![put("thing", "a", "1")]).await;
    let open = begin(&store).await;

    let frozen = server.freeze();
    let started = Instant::now();
    let error = open.stored_answer(&scope()).await.unwrap_err();
    assert!(matches!(error, StoreError::Timeout { .. }), "{error:?}");
    assert!(started.elapsed() < Duration::from_millis(1_500));
    drop(open);
    for _ in 0..6 {
        let started = Instant::now();
        let error = store.begin_write().await.unwrap_err();
        assert!(error.is_transient(), "{error:?}");
        assert!(started.elapsed() < Duration::from_millis(1_500));
    }
    drop(frozen);

    let started = Instant::now();
    while store.begin_write().await.is_err() {
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "it does not recover"
        );
    }
    let after = write(&store, vec![put("thing", "a", "2")]).await;
    assert_eq!(after.revision, before.revision + 1);
}

pub(crate) fn scope() -> AnswerScope {
    AnswerScope {
        token_id: "t".to_owned(),
        rpc: "r".to_owned(),
        request_id: "i".to_owned(),
    }
}

pub(crate) async fn stopped_server_is_unavailable(_: Place) {
    let server = PgServer::start(PgOptions { fsync: true });
    let place = Place::on(&server);
    place.store().await;
    let store = Store::connect(&hasty(&place)).await.unwrap();
    let before = write(&store, vec![put("thing", "a", "1")]).await;
    let open = begin(&store).await;
    server.halt();
    let error = open.tail_since(0, 9).await.unwrap_err();
    assert!(
        matches!(error, StoreError::ConnectionLost { .. }),
        "{error:?}"
    );
    drop(open);
    for _ in 0..3 {
        let error = store.head().await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains(server.password()));
    }
    server.resume();
    let started = Instant::now();
    while store.head().await.is_err() {
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "it does not recover"
        );
    }
    assert_eq!(store.head().await.unwrap(), before);
}

pub(crate) async fn full_pool_is_unavailable(place: Place) {
    place.store().await;
    let config = StoreConfig {
        max_connections: 1,
        ..hasty(&place)
    };
    let store = Store::connect(&config).await.unwrap();
    let open = begin(&store).await;
    let error = store.head().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    open.rollback().await.unwrap();
    store.head().await.unwrap();
}

pub(crate) async fn commits_wake_listeners(place: Place) {
    let store = place.store().await;
    let raw = place.raw().await;
    let mut listener = PgListener::connect_with(raw.get_postgres_connection_pool())
        .await
        .unwrap();
    listener.listen("aiconfig_log").await.unwrap();
    write(&store, vec![put("thing", "a", "1")]).await;
    let many = (0..2_000).map(|n| put("many", &format!("{n}"), "{}"));
    write(&store, many.collect()).await;
    for expected in ["1", "2"] {
        let heard = tokio::time::timeout(Duration::from_secs(5), listener.recv());
        assert_eq!(heard.await.unwrap().unwrap().payload(), expected);
    }
}

/// The driver does not know of a transaction whose begin was given up: what is written on that
/// connection later would never be committed.
pub(crate) async fn begin_given_up_leaves_no_transaction(_: Place) {
    let server = PgServer::start(PgOptions::default());
    let place = Place::on(&server);
    place.store().await;
    let config = StoreConfig {
        max_connections: 1,
        ..place.config()
    };
    let store = Store::connect(&config).await.unwrap();
    let raw = place.raw().await;
    for _ in 0..5 {
        store.ping().await.unwrap();
        settle().await;
        let frozen = server.freeze();
        let _ = tokio::time::timeout(Duration::from_millis(100), store.begin_write()).await;
        drop(frozen);
        settle().await;
        let statement = sea_orm::Statement::from_string(
            sea_orm::DbBackend::Postgres,
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
             AND state LIKE 'idle in transaction%'",
        );
        let open = raw.query_all_raw(statement).await.unwrap();
        assert!(open.is_empty(), "the server still has a transaction");
    }
}
