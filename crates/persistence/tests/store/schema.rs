//! Migrations, also by many at once, and what is said of a newer schema.

use aiconfig_persistence::{SchemaStatus, Store, StoreConfig, StoreError};

use crate::place::{DEPLOYMENT, Place};

pub(crate) async fn starts_empty_and_becomes_current(place: Place) {
    let store = place.connect().await;
    let before = store.schema_status().await.unwrap();
    assert_eq!(before, SchemaStatus::Empty);
    assert!(matches!(
        before.check_read(),
        Err(StoreError::SchemaTooOld { pending }) if pending == ["m0001_initial", "m0002_prompt_text"]
    ));
    let head = store.migrate(DEPLOYMENT).await.unwrap();
    assert_eq!((head.revision, head.audit_sequence), (0, 0));
    assert_eq!(head.audit_hash, vec![0; 32]);
    assert_eq!(head.deployment_id, DEPLOYMENT);
    let after = store.schema_status().await.unwrap();
    assert_eq!(after, SchemaStatus::Current);
    after.check_write().unwrap();
}

pub(crate) async fn migrates_from_eight_callers(place: Place) {
    let first = place.connect().await;
    let mut callers = Vec::new();
    for number in 0..8_u8 {
        let store = place.second(&first).await;
        callers.push(tokio::spawn(
            async move { store.migrate([number; 16]).await },
        ));
    }
    let mut ids = Vec::new();
    for caller in callers {
        ids.push(caller.await.unwrap().unwrap().deployment_id);
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "all see the deployment of the first");
}

pub(crate) async fn migrating_again_keeps_the_deployment(place: Place) {
    let store = place.store().await;
    let again = store.migrate([7; 16]).await.unwrap();
    assert_eq!(again.deployment_id, DEPLOYMENT);
}

pub(crate) async fn newer_schema_is_told(place: Place) {
    let store = place.store().await;
    place
        .spoil("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 0)")
        .await;
    let set = "UPDATE schema_compat SET version = 9";
    for (min_reader, min_writer) in [(1, 1), (1, 9), (9, 9)] {
        place
            .spoil(&format!(
                "{set}, min_reader = {min_reader}, min_writer = {min_writer}"
            ))
            .await;
        let status = store.schema_status().await.unwrap();
        assert_eq!(status.check_read().is_ok(), min_reader == 1);
        assert_eq!(status.check_write().is_ok(), min_writer == 1);
        // A store that was opened before is told too.
        let too_new = |error| matches!(error, StoreError::SchemaTooNew { found: 9, .. });
        assert_eq!(store.head().await.is_err_and(too_new), min_reader == 9);
        let begun = store.begin_write().await;
        assert_eq!(begun.is_err_and(too_new), min_writer == 9);
        match store.migrate(DEPLOYMENT).await {
            Ok(_) => assert_eq!(min_writer, 1),
            Err(StoreError::SchemaTooNew { found: 9, .. }) => assert_eq!(min_writer, 9),
            Err(error) => panic!("{error}"),
        }
    }
}

pub(crate) async fn nothing_else_is_a_url(_: Place) {
    for url in [
        "mysql://user:hunter2@host/db",
        "",
        "postgres://user:hunter2@host:port/",
    ] {
        let error = Store::connect(&StoreConfig::new(url.into()))
            .await
            .unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{url}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
