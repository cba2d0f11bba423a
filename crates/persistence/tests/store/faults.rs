//! A database that is read-only, closed, frozen, stopped or busy.

use std::time::{Duration, Instant};

use aiconfig_persistence::{
    AnswerScope, Commit, Condition, Signal, Store, StoreConfig, StoreError, StoredAnswerRow,
    WriteFault,
};
use aiconfig_testsupport::{CommitFault, PgOptions, PgServer, Proxy};
use sea_orm::ConnectionTrait;
use sea_orm::sqlx::Connection as _;
use sea_orm::sqlx::postgres::{PgConnection, PgListener};

use crate::place::{Kind, Place, begin, command, entry, hash, put, write};

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

fn hasty(place: &Place) -> StoreConfig {
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

fn scope() -> AnswerScope {
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
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
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

/// Follows the signals, as a server does, until it is dropped.
fn follow(store: &Store) -> AbortOnDrop {
    let mut signals = store.signals(Duration::from_millis(250));
    AbortOnDrop(tokio::spawn(async move {
        loop {
            let _ = signals.next().await;
        }
    }))
}

struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn reached(store: &Store, wanted: Condition, limit: Duration) {
    let mut condition = store.condition();
    let reached = tokio::time::timeout(limit, condition.wait_for(|now| *now == wanted)).await;
    assert!(reached.is_ok(), "not {wanted:?} within {limit:?}");
}

/// With the time limits of a server, not those of the other cases.
pub(crate) async fn calls_fail_at_once_while_it_is_away(_: Place) {
    let server = PgServer::start(PgOptions { fsync: true });
    let place = Place::on(&server);
    place.store().await;
    let config = StoreConfig::new(place.url().into());
    let store = Store::connect(&config).await.unwrap();
    let _following = follow(&store);
    write(&store, vec![put("thing", "a", "1")]).await;
    for freeze in [true, false] {
        let open = begin(&store).await;
        let frozen = freeze.then(|| server.freeze());
        if !freeze {
            server.kill();
        }
        let started = Instant::now();
        let error = open.stored_answer(&scope()).await.unwrap_err();
        assert!(error.is_transient(), "{error:?}");
        assert!(started.elapsed() < Duration::from_secs(1), "{error:?}");
        drop(open);
        reached(&store, Condition::Away, Duration::from_secs(1)).await;
        for _ in 0..100 {
            let error = store.begin_write().await.unwrap_err();
            assert!(matches!(error, StoreError::Away), "{error:?}");
            let error = store.head().await.unwrap_err();
            assert!(matches!(error, StoreError::Away), "{error:?}");
        }
        // Not one of them has waited for anything.
        assert!(started.elapsed() < Duration::from_secs(2));
        drop(frozen);
        if !freeze {
            server.resume();
        }
        reached(&store, Condition::Ready, Duration::from_secs(5)).await;
        write(&store, vec![put("thing", "a", "2")]).await;
    }
}

/// With the server's last connection taken by others, what is open goes on being used.
pub(crate) async fn no_room_to_listen_is_not_away(_: Place) {
    let server = PgServer::start_with_room(PgOptions::default(), 12);
    let place = Place::on(&server);
    place.store().await;
    let store = Store::connect(&hasty(&place)).await.unwrap();
    store.ping().await.unwrap();
    let mut others = Vec::new();
    while let Ok(other) = PgConnection::connect(place.url()).await {
        others.push(other);
    }
    let mut signals = store.signals(Duration::from_millis(50));
    for _ in 0..3 {
        assert_eq!(signals.next().await.unwrap(), Signal::Head(0));
        assert_eq!(*store.condition().borrow(), Condition::Ready);
    }
    others.clear();
    let heard = async {
        loop {
            write(&store, vec![put("thing", "a", "1")]).await;
            if let Ok(Signal::Written(_)) = signals.next().await {
                return;
            }
        }
    };
    let heard = tokio::time::timeout(Duration::from_secs(5), heard).await;
    assert!(heard.is_ok(), "it does not listen again");
}

/// A commit whose answer is lost: what became of it is told for certain, also while it may still
/// be under way.
pub(crate) async fn a_lost_commit_is_settled(_: Place) {
    let server = PgServer::start(PgOptions::default());
    let place = Place::on(&server);
    place.store().await;
    let proxy = Proxy::start(u16::try_from(server.port()).unwrap());
    let url = proxy.through(place.url()).into();
    let store = Store::connect(&StoreConfig::new(url)).await.unwrap();
    let mut last = store.head().await.unwrap();
    for (fault, written) in [
        (CommitFault::Before, false),
        (CommitFault::After, true),
        (CommitFault::Delayed(Duration::from_millis(400)), true),
    ] {
        let open = begin(&store).await;
        let answer = StoredAnswerRow {
            scope: AnswerScope {
                request_id: format!("{fault:?}"),
                ..scope()
            },
            body_mac: Vec::new(),
            answer: Vec::new(),
            revision: Some(open.head().revision + 1),
            time_us: 1,
        };
        let asked = answer.scope.clone();
        let commit = Commit {
            answer: Some(answer),
            ..command(open.head(), vec![put("thing", "a", "1")])
        };
        proxy.at_next_commit(fault);
        let error = open.commit(commit).await.unwrap_err();
        assert!(
            matches!(error, StoreError::OutcomeUnknown { .. }),
            "{error:?}"
        );
        assert!(proxy.has_struck());
        let settled = store.settled_answer(&asked).await.unwrap();
        assert_eq!(settled.is_some(), written, "{fault:?}");
        let head = store.head().await.unwrap();
        assert_eq!(
            head.revision,
            last.revision + u64::from(written),
            "{fault:?}"
        );
        last = head;
        // The same for audit records of no change, which look for themselves.
        proxy.at_next_commit(fault);
        let appended = store.append_audit(vec![entry("Refuse", None)], hash).await;
        assert_eq!(appended.is_ok(), written, "{fault:?}: {appended:?}");
        assert!(proxy.has_struck());
        let head = store.head().await.unwrap();
        let more = head.audit_sequence - last.audit_sequence;
        assert_eq!(more, u64::from(written), "{fault:?}");
        last = head;
    }
}

/// A server that stands still in the middle of a write holds up the others for a few seconds.
pub(crate) async fn a_write_that_rests_is_ended(place: Place) {
    let store = place.store().await;
    let resting = begin(&store).await;
    let started = Instant::now();
    let other = place.second(&store).await;
    write(&other, vec![put("thing", "a", "1")]).await;
    assert!(started.elapsed() < Duration::from_secs(8));
    let commit = command(resting.head(), vec![put("thing", "a", "2")]);
    resting.commit(commit).await.unwrap_err();
    assert_eq!(store.head().await.unwrap().revision, 1);
    // An import may think for longer.
    let resting = begin(&store).await;
    resting.allow_long_pauses().await.unwrap();
    tokio::time::sleep(Duration::from_secs(6)).await;
    let commit = command(resting.head(), vec![put("thing", "a", "2")]);
    resting.commit(commit).await.unwrap();
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
