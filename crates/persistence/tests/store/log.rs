//! The tail, the load, the replay, the history and the signal.

use std::collections::BTreeMap;
use std::time::Duration;

use aiconfig_persistence::{
    Change, LoadOptions, LoggedChange, ResourceRow, Signal, Signals, Store, StoreError,
};

use crate::place::{Kind, Place, begin, delete, put, write};

pub(crate) async fn tail_is_gap_free_and_bounded(place: Place) {
    let store = place.store().await;
    for number in 0..10 {
        let key = format!("{number}");
        write(&store, vec![put("thing", &key, "1"), delete("thing", "x")]).await;
    }
    let tail = store.tail(3, 4).await.unwrap();
    assert_eq!(tail.head.revision, 10);
    let revisions: Vec<u64> = tail.revisions.iter().map(|one| one.revision).collect();
    assert_eq!(revisions, [4, 5, 6, 7]);
    assert_eq!(
        tail.revisions[0].rows,
        [put("thing", "3", "1"), delete("thing", "x")]
    );
    assert_eq!(tail.revisions[0].updated_by, "someone");
    assert_eq!(tail.revisions[0].time_us, 4_000);
    assert!(store.tail(10, 4).await.unwrap().revisions.is_empty());

    let open = begin(&store).await;
    assert_eq!(open.tail_since(8, 100).await.unwrap().revisions.len(), 2);
    open.rollback().await.unwrap();
    let ahead = store.tail(11, 1).await.unwrap_err();
    assert!(matches!(ahead, StoreError::Conflict { .. }), "{ahead}");
}

/// A replica that was away for long gets what it can hold, and asks again.
pub(crate) async fn tail_ends_early_when_large(place: Place) {
    let store = place.store().await;
    for _ in 0..12 {
        let many = (0..5_000).map(|n| put("many", &format!("{n}"), "{}"));
        write(&store, many.collect()).await;
    }
    let (mut last, mut tails) = (0, 0);
    while last < 12 {
        let tail = store.tail(last, 1_000).await.unwrap();
        for one in &tail.revisions {
            assert_eq!((one.revision, one.rows.len()), (last + 1, 5_000));
            last = one.revision;
        }
        tails += 1;
    }
    assert_eq!(tails, 2);
}

pub(crate) async fn tail_reports_a_gap(place: Place) {
    let store = place.store().await;
    for _ in 0..5 {
        write(&store, vec![put("thing", "a", "1")]).await;
    }
    for (missing, from) in [(3, 1), (5, 3)] {
        let sql = format!("DELETE FROM change WHERE revision = {missing}");
        place.spoil(&sql).await;
        let error = store.tail(from, 100).await.unwrap_err();
        assert!(
            matches!(&error, StoreError::Inconsistent { table: "change", key, .. }
                if *key == missing.to_string()),
            "{error:?}"
        );
    }
}

/// Applies the log by hand.
fn apply(live: &mut BTreeMap<(String, String), ResourceRow>, logged: LoggedChange) {
    let place = (logged.record.kind, logged.record.key);
    match logged.record.change {
        Change::Delete => {
            live.remove(&place);
        }
        Change::Put { codec, value } => {
            let created = live.get(&place).map(|row| row.create_time_us);
            let row = ResourceRow {
                kind: place.0.clone(),
                key: place.1.clone(),
                codec,
                value,
                revision: logged.revision,
                create_time_us: created.unwrap_or(logged.time_us),
                update_time_us: logged.time_us,
                updated_by: logged.updated_by,
            };
            live.insert(place, row);
        }
        // It reads back as a put of its kind, and these cases write none.
        Change::Note { .. } => panic!("a notice"),
    }
}

async fn loaded(store: &Store, skip_kinds: &[&str]) -> Vec<ResourceRow> {
    let mut rows = Vec::new();
    let options = LoadOptions { skip_kinds };
    let state = store.load(options, |row| rows.push(row)).await.unwrap();
    assert_eq!(state.resources, rows.len() as u64);
    assert_eq!(state.head, store.head().await.unwrap());
    rows
}

pub(crate) async fn load_equals_replay(place: Place) {
    let store = place.store().await;
    // A fixed sequence of numbers that looks random.
    let mut seed = 17_u32;
    let mut next = |bound: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) % bound
    };
    for _ in 0..60 {
        let count = 1 + next(40);
        let changes = (0..count).map(|_| {
            let kind = ["Alpha", "alpha", "beta", "ä"][next(4) as usize];
            // Keys whose order differs between bytes and languages.
            let key = format!(
                "{}{}",
                ["a", "B", "_", "é", "-"][next(5) as usize],
                next(30)
            );
            match next(4) {
                0 => delete(kind, &key),
                _ => put(kind, &key, &format!("{{\"n\":{}}}", next(1_000))),
            }
        });
        let changes = changes.collect();
        write(&store, changes).await;
    }
    let large = (0..9_000).map(|n| put("large", &format!("{n}"), "{}"));
    write(&store, large.collect()).await;

    let mut live = BTreeMap::new();
    let head = store.replay(0, |row| apply(&mut live, row)).await.unwrap();
    assert_eq!(head.revision, 61);
    let expected: Vec<ResourceRow> = live.into_values().collect();
    assert_eq!(loaded(&store, &[]).await, expected);
}

pub(crate) async fn load_skips_kinds(place: Place) {
    let store = place.store().await;
    assert!(loaded(&store, &[]).await.is_empty());
    let changes = ["a", "b", "c"].map(|kind| put(kind, "1", "1"));
    write(&store, changes.to_vec()).await;
    let kinds: Vec<String> = loaded(&store, &["b", "z"])
        .await
        .into_iter()
        .map(|row| row.kind)
        .collect();
    assert_eq!(kinds, ["a", "c"]);
}

pub(crate) async fn history_runs_backwards(place: Place) {
    let store = place.store().await;
    write(&store, vec![put("thing", "a", "1"), put("thing", "b", "1")]).await;
    write(&store, vec![put("thing", "a", "2"), put("thing", "a", "3")]).await;
    write(&store, vec![delete("thing", "a")]).await;
    let brief = |rows: Vec<LoggedChange>| -> Vec<(u64, u32)> {
        rows.iter().map(|row| (row.revision, row.ordinal)).collect()
    };
    let all = store.history("thing", "a", 10, None).await.unwrap();
    assert_eq!(all[0].record, delete("thing", "a"));
    assert_eq!(brief(all), [(3, 0), (2, 1), (2, 0), (1, 0)]);
    let older = store.history("thing", "a", 2, Some(3)).await.unwrap();
    assert_eq!(brief(older), [(2, 1), (2, 0)]);
    assert!(
        store
            .history("thing", "c", 2, None)
            .await
            .unwrap()
            .is_empty()
    );
}

/// The next signal that differs from the last.
async fn news(signals: &mut Signals, last: Signal) -> Signal {
    let next = async {
        loop {
            let now = signals.next().await.unwrap();
            if now != last {
                return now;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(5), next)
        .await
        .unwrap()
}

pub(crate) async fn signal_changes(place: Place) {
    let store = place.store().await;
    let other = place.second(&store).await;
    // On PostgreSQL far longer than a commit's announcement takes.
    let every = if place.kind == Kind::Postgres {
        10_000
    } else {
        20
    };
    let mut signals = store.signals(Duration::from_millis(every));
    let mut seen = signals.next().await.unwrap();
    assert_eq!(seen, signals.next().await.unwrap());
    for (revision, writer) in (1..).zip([&store, &other, &other]) {
        write(writer, vec![put("thing", "a", "1")]).await;
        seen = news(&mut signals, seen).await;
        match seen {
            Signal::Version(_) => assert_eq!(place.kind, Kind::SqliteFile),
            Signal::Head(head) => assert_eq!((place.kind, head), (Kind::SqliteMemory, revision)),
            Signal::Written(written) => {
                assert_eq!((place.kind, written), (Kind::Postgres, revision));
                // The poll behind it tells the same.
                seen = news(&mut signals, seen).await;
                assert_eq!(seen, Signal::Head(revision));
            }
        }
    }
}

pub(crate) async fn bad_row_is_named(place: Place) {
    let store = place.store().await;
    write(&store, vec![put("thing", "a", "secret value")]).await;
    place.spoil("UPDATE resource SET revision = -1").await;
    let error = store.load(LoadOptions::default(), drop).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Inconsistent { table: "resource", column: "revision", key }
            if key == "thing/a"),
        "{error:?}"
    );
    assert!(!format!("{error} {error:?}").contains("secret"));
}
