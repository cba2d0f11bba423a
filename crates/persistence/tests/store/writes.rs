//! Commits, what undoes them, and what guards them.

use std::time::Duration;

use aiconfig_persistence::{BULK_THRESHOLD, Store, StoreConfig, StoreError};

use crate::place::{Place, begin, command, delete, nothing, put, write};

async fn value(store: &Store, key: &str) -> Option<String> {
    let row = store.resource("thing", key).await.unwrap();
    row.map(|row| row.value)
}

pub(crate) async fn commits_and_reads_back(place: Place) {
    let store = place.store().await;
    let first = write(
        &store,
        vec![put("thing", "a", "1"), put("thing", "b", "é\"2")],
    )
    .await;
    assert_eq!(store.head().await.unwrap(), first);
    let second = write(&store, vec![put("thing", "a", "3"), delete("thing", "b")]).await;
    assert_eq!((second.revision, second.audit_sequence), (2, 2));

    let row = store.resource("thing", "a").await.unwrap().unwrap();
    assert_eq!((row.value.as_str(), row.revision, row.codec), ("3", 2, 1));
    assert_eq!(row.create_time_us, first.log_time_us);
    assert_eq!(row.update_time_us, second.log_time_us);
    assert_eq!(row.updated_by, "someone");
    assert_eq!(value(&store, "b").await, None);
}

pub(crate) async fn rollback_leaves_nothing(place: Place) {
    let store = place.store().await;
    let open = begin(&store).await;
    assert_eq!(open.head().revision, 0);
    open.rollback().await.unwrap();
    assert_eq!(
        write(&store, vec![put("thing", "a", "1")]).await.revision,
        1
    );
}

pub(crate) async fn drop_leaves_nothing(place: Place) {
    let store = place.store().await;
    for _ in 0..5 {
        drop(begin(&store).await);
    }
    assert_eq!(store.head().await.unwrap().revision, 0);
    assert_eq!(
        write(&store, vec![put("thing", "a", "1")]).await.revision,
        1
    );
}

/// Gives up on commits after ever longer times: each is there whole or not at all, and the
/// store goes on.
pub(crate) async fn giving_up_is_safe(place: Place) {
    let store = place.store().await;
    for round in 0..60_u64 {
        let open = begin(&store).await;
        let before = open.head().clone();
        let key = format!("{round}");
        let commit = command(
            &before,
            vec![put("thing", &key, "1"), put("thing", "x", &key)],
        );
        let patience = Duration::from_micros(round * 40);
        let _ = tokio::time::timeout(patience, open.commit(commit)).await;
        let open = begin(&store).await;
        let now = open.head().clone();
        open.rollback().await.unwrap();
        let there = value(&store, &key).await.is_some();
        assert_eq!(now.revision, before.revision + u64::from(there));
        assert_eq!(now.audit_sequence, before.audit_sequence + u64::from(there));
        assert_eq!(value(&store, "x").await == Some(key), there);
        let begun = tokio::time::timeout(patience, store.begin_write()).await;
        drop(begun);
    }
    let tail = store.tail(0, 1_000).await.unwrap();
    assert_eq!(tail.revisions.len() as u64, tail.head.revision);
    let head = write(&store, vec![put("thing", "last", "1")]).await;
    assert_eq!(head.revision, tail.head.revision + 1);
}

pub(crate) async fn head_guard_refuses(place: Place) {
    let store = place.store().await;
    let stale = store.head().await.unwrap();
    write(&store, vec![put("thing", "a", "1")]).await;
    let open = begin(&store).await;
    let current = open.head().clone();
    open.rollback().await.unwrap();

    let mut no_changes = command(&current, vec![]);
    no_changes.audit = None;
    let mut without_revision = nothing(&current);
    without_revision.changes.push(put("thing", "a", "2"));
    let mut broken_chain = command(&current, vec![put("thing", "a", "2")]);
    broken_chain.new_head.audit_hash = vec![1; 32];
    let mut back_in_time = command(&current, vec![put("thing", "a", "2")]);
    back_in_time.new_head.log_time_us = 0;
    let old = command(&stale, vec![put("thing", "a", "2")]);
    for commit in [
        old,
        no_changes,
        without_revision,
        broken_chain,
        back_in_time,
    ] {
        let error = begin(&store).await.commit(commit).await.unwrap_err();
        assert!(matches!(error, StoreError::Conflict { .. }), "{error}");
    }
    assert_eq!(value(&store, "a").await.as_deref(), Some("1"));
    assert_eq!(store.head().await.unwrap(), current);
}

pub(crate) async fn last_record_of_a_resource_counts(place: Place) {
    let store = place.store().await;
    write(
        &store,
        vec![put("thing", "again", "1"), put("thing", "twice", "1")],
    )
    .await;
    let head = write(
        &store,
        vec![
            delete("thing", "again"),
            put("thing", "twice", "2"),
            put("thing", "gone", "1"),
            put("thing", "again", "2"),
            put("thing", "twice", "3"),
            delete("thing", "gone"),
            delete("thing", "never"),
        ],
    )
    .await;
    assert_eq!(value(&store, "twice").await.as_deref(), Some("3"));
    assert_eq!(value(&store, "gone").await, None);
    let again = store.resource("thing", "again").await.unwrap().unwrap();
    assert_eq!(again.value, "2");
    assert_eq!(again.create_time_us, head.log_time_us, "it began anew");
    assert_eq!(store.tail(1, 10).await.unwrap().revisions[0].rows.len(), 7);
}

pub(crate) async fn large_commands_are_marked(place: Place) {
    let store = place.store().await;
    let count = BULK_THRESHOLD + 1;
    write(&store, vec![put("thing", "before", "1")]).await;
    let many = (0..count).map(|n| put("many", &format!("{n:06}"), "{}"));
    write(&store, many.collect()).await;
    write(&store, vec![put("thing", "after", "1")]).await;
    let exact = (0..BULK_THRESHOLD).map(|n| delete("many", &format!("{n:06}")));
    write(&store, exact.collect()).await;

    let tail = store.tail(0, 100).await.unwrap();
    let shape: Vec<_> = tail
        .revisions
        .iter()
        .map(|one| (one.revision, one.bulk, one.rows.len()))
        .collect();
    let large = Some(count as u64);
    assert_eq!(
        shape,
        [
            (1, None, 1),
            (2, large, 0),
            (3, None, 1),
            (4, None, BULK_THRESHOLD)
        ]
    );
    let mut replayed = 0;
    store
        .replay(2, |record| {
            if record.revision == 2 {
                assert!(record.ordinal >= 1);
                replayed += 1;
            }
        })
        .await
        .unwrap();
    assert_eq!(replayed, count);
    let last = format!("{:06}", count - 1);
    assert!(store.resource("many", &last).await.unwrap().is_some());
    assert!(store.resource("many", "000000").await.unwrap().is_none());
    assert_eq!(
        store
            .history("many", "000000", 9, None)
            .await
            .unwrap()
            .len(),
        2
    );
}

pub(crate) async fn occupied_place_is_reported(place: Place) {
    let store = place.store().await;
    place
        .spoil(
            "INSERT INTO change (revision, ordinal, kind, key, op, time_us, updated_by) \
             VALUES (1, 0, 'thing', 'hunter2', 'delete', 0, '')",
        )
        .await;
    let open = begin(&store).await;
    let commit = command(open.head(), vec![put("thing", "hunter2", "1")]);
    let error = open.commit(commit).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::UniqueViolation { what } if what == "change"),
        "{error:?}"
    );
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    assert_eq!(value(&store, "hunter2").await, None);
    assert_eq!(store.head().await.unwrap().revision, 0);
}

pub(crate) async fn two_stores_interleave(place: Place) {
    let first = place.store().await;
    let mut writers = Vec::new();
    for name in ["one", "two"] {
        let store = place.second(&first).await;
        writers.push(tokio::spawn(async move {
            for number in 0..25 {
                let key = format!("{name}-{number}");
                write(&store, vec![put("thing", &key, "1")]).await;
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let tail = first.tail(0, 1_000).await.unwrap();
    let revisions: Vec<u64> = tail.revisions.iter().map(|one| one.revision).collect();
    assert_eq!(revisions, (1..=50).collect::<Vec<_>>());
    assert_eq!(first.head().await.unwrap().audit_sequence, 50);
}

pub(crate) async fn a_lock_that_is_held_is_reported(place: Place) {
    let store = place.store().await;
    let limit = Duration::from_millis(600);
    let config = StoreConfig {
        call_timeout: limit,
        ..place.config()
    };
    let hasty = Store::connect(&config).await.unwrap();
    let open = begin(&store).await;
    let error = hasty.begin_write().await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    assert_eq!(hasty.head().await.unwrap().revision, 0, "reads go on");
    open.rollback().await.unwrap();
    begin(&hasty).await.rollback().await.unwrap();
}
