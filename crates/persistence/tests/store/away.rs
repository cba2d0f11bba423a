//! What is known of a server that is away, and what becomes of commits whose answer is lost.

use std::time::{Duration, Instant};

use aiconfig_persistence::{
    AnswerScope, Commit, Condition, Signal, Store, StoreConfig, StoreError, StoredAnswerRow,
};
use aiconfig_testsupport::{CommitFault, PgOptions, PgServer, Proxy};
use sea_orm::ConnectionTrait as _;
use sea_orm::sqlx::Connection as _;
use sea_orm::sqlx::postgres::PgConnection;

use crate::faults::{hasty, scope};
use crate::place::{Place, begin, command, entry, hash, put, write};

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
        // Far below the limit of the call; a busy machine takes a while for anything.
        assert!(started.elapsed() < Duration::from_secs(3), "{error:?}");
        drop(open);
        reached(&store, Condition::Away, Duration::from_secs(2)).await;
        for _ in 0..100 {
            let error = store.begin_write().await.unwrap_err();
            assert!(matches!(error, StoreError::Away), "{error:?}");
            let error = store.head().await.unwrap_err();
            assert!(matches!(error, StoreError::Away), "{error:?}");
        }
        // Not one of them has waited for anything.
        assert!(started.elapsed() < Duration::from_secs(5));
        drop(frozen);
        if !freeze {
            server.resume();
        }
        reached(&store, Condition::Ready, Duration::from_secs(5)).await;
        write(&store, vec![put("thing", "a", "2")]).await;
    }
}

/// All connections of the pool are lost at once, as at a restart; the first call after it finds
/// another, whether it reads or writes.
pub(crate) async fn ended_sessions_are_not_noticed(place: Place) {
    place.store().await.close().await.unwrap();
    let config = StoreConfig {
        max_connections: 4,
        ..place.config()
    };
    let store = Store::connect(&config).await.unwrap();
    let raw = place.raw().await;
    for read_first in [true, false] {
        // So that each of the four is open, and has just been used.
        let reads = (0..4).map(|_| store.head());
        for read in futures::future::join_all(reads).await {
            read.unwrap();
        }
        raw.execute_unprepared(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = \
             current_database() AND pid <> pg_backend_pid()",
        )
        .await
        .unwrap();
        if read_first {
            store.head().await.unwrap();
        }
        write(&store, vec![put("thing", "a", "1")]).await;
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
