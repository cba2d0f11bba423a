//! The ring: wrapped by another key-encryption key, and taken up by others.

use aiconfig_application::KekUse;
use aiconfig_persistence::{Commit, DekRow, DekState, SideEffect};
use aiconfig_vault::kek::{KekConfig, KekSet};
use aiconfig_vault::random::OsRandom;
use aiconfig_vault::ring::{Purpose, WrappedDek};

use crate::bench::{Bench, add_key, assert_open, assert_whole, call, rotate_dek};

#[tokio::test]
async fn the_ring_moves_once_and_as_a_whole() {
    let (bench, first) = Bench::with_keys(3).await;
    let (digest, old) = (first.live().snapshot.digest(), first.kek_ids().0.unwrap());
    // A former data key that is disabled moves too, one that is destroyed cannot.
    rotate_dek(&first, false).await.unwrap();
    rotate_dek(&first, false).await.unwrap();
    first.destroy_dek(&call(&first, false), 1).await.unwrap();
    let nothing = first.rotate_kek(&call(&first, false)).await.unwrap();
    assert_eq!(
        (nothing.moved.len(), nothing.unchanged, nothing.revision),
        (0, 5, None)
    );
    drop(first);
    bench.rename("primary", "other");
    let new = bench.make("primary");
    let app = bench.open().await;
    let before = bench.sealed().await;
    let dry = app.rotate_kek(&call(&app, true)).await.unwrap();
    assert_eq!(bench.sealed().await, before);
    let done = app.rotate_kek(&call(&app, false)).await.unwrap();
    assert_eq!((&dry.moved, dry.revision), (&done.moved, None));
    let moved: Vec<_> = done
        .moved
        .iter()
        .map(|(name, from)| (name.as_str(), *from))
        .collect();
    let names = ["audit/1", "fingerprint/1", "state/1", "value/2", "value/3"];
    let names = names.map(|name| format!("keyring/{name}"));
    assert_eq!(moved, names.each_ref().map(|name| (name.as_str(), old)));
    assert_eq!(done.primary, new);
    let again = app.rotate_kek(&call(&app, false)).await.unwrap();
    assert_eq!((again.moved.len(), again.revision), (0, None));
    let status = app.vault_status().await.unwrap();
    let uses: Vec<_> = status
        .keks
        .iter()
        .map(|kek| (kek.id, kek.used, kek.wraps))
        .collect();
    assert_eq!(
        uses,
        [(new, KekUse::Primary, 5), (old, KekUse::OpenOnly, 0)]
    );
    assert_eq!(app.live().snapshot.digest(), digest);
    // The former one is needed no more.
    std::fs::remove_file(bench.file("other")).unwrap();
    let app = bench.open().await;
    assert_whole(&app).await;
    assert_open(&app, 3);
}

#[tokio::test]
async fn a_ring_that_does_not_open_is_not_moved() {
    let (bench, first) = Bench::with_keys(1).await;
    let old = first.kek_ids().0.unwrap();
    drop(first);
    bench.rename("primary", "kept");
    bench.make("primary");
    let app = bench.open().await;
    let before = bench.sealed().await;
    let stopped = app.rotate_kek(&call(&app, false)).await.unwrap_err();
    let expected = format!(
        "stopped at keyring/audit/1: key-encryption key not loaded: {old}; it was left as it is"
    );
    assert_eq!(stopped.to_string(), expected);
    let status = app.vault_status().await.unwrap();
    let missing = status.keks.iter().find(|kek| kek.used == KekUse::Missing);
    assert_eq!(missing.map(|kek| (kek.id, kek.wraps)), Some((old, 4)));
    assert_eq!(status.rows_left, 4);
    assert_eq!(bench.sealed().await, before);
}

/// A ring key that no record of the log tells of is found when it is met, by one more look.
#[tokio::test]
async fn an_unknown_version_has_the_ring_read_again() {
    let (bench, behind) = Bench::with_keys(1).await;
    let config = KekConfig {
        file: Some(bench.file("primary")),
        ..KekConfig::default()
    };
    let keks = KekSet::load(&config, false, &OsRandom).unwrap();
    let store = bench.store().await;
    let transaction = store.begin_write().await.unwrap();
    let head = transaction.head().clone();
    let place = (Purpose::Value, 2);
    let new = WrappedDek::generate(&head.deployment_id, place, &keks, &OsRandom).unwrap();
    let deks = transaction.deks().await.unwrap();
    let from = deks
        .iter()
        .find(|row| row.purpose == "value")
        .unwrap()
        .clone();
    let to = DekRow {
        state: DekState::OpenOnly,
        ..from.clone()
    };
    let add = DekRow {
        version: 2,
        state: DekState::Active,
        wrapped: Some(new.wrapped),
        ..from.clone()
    };
    let commit = Commit {
        revision: None,
        time_us: head.log_time_us,
        updated_by: "someone".to_owned(),
        changes: Vec::new(),
        texts: Vec::new(),
        side: vec![SideEffect::ReplaceDek { from, to }, SideEffect::AddDek(add)],
        audit: None,
        answer: None,
        ledger: Vec::new(),
        new_head: head,
    };
    transaction.commit(commit).await.unwrap();
    // Another server starts on that ring and seals with it.
    let ahead = bench.open().await;
    add_key(&ahead, 2).await;
    assert_eq!(bench.sealing_versions().await, [1, 2]);
    assert_whole(&behind).await;
    assert_open(&behind, 2);
}
