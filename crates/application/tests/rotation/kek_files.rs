//! Files of key-encryption keys that change under an application.

use aiconfig_application::{Caller, KekReload, Refusal};
use aiconfig_persistence::AuditFilter;

use crate::bench::{Bench, add_key, assert_open, assert_whole, call};

#[tokio::test]
async fn files_are_taken_up_and_bad_ones_are_not() {
    let (bench, app) = Bench::with_keys(2).await;
    let old = app.kek_ids().0.unwrap();
    assert_eq!(app.reload_keks().await.unwrap(), KekReload::Unchanged);
    let new = bench.make("other");
    assert_eq!(app.reload_keks().await.unwrap(), KekReload::Taken);
    assert_eq!(app.kek_ids(), (Some(old), vec![new]));
    assert_eq!(app.reload_keks().await.unwrap(), KekReload::Unchanged);
    // The new one becomes the primary, and the old one is forgotten: it stays all the same.
    bench.rename("primary", "former");
    bench.rename("other", "primary");
    let KekReload::Kept(problems) = app.reload_keks().await.unwrap() else {
        panic!("not kept");
    };
    let expected =
        format!("the keyring needs key-encryption key {old}, which no file holds any more");
    assert_eq!(problems, [expected]);
    assert_eq!(app.kek_ids(), (Some(new), vec![old]));
    assert!(!app.kek_files_in_force());
    assert_eq!(app.ring_rows_to_rewrap(), 4);
    add_key(&app, 3).await;
    // Once the ring has moved, the files are all that is needed.
    app.rotate_kek(&call(&app, false)).await.unwrap();
    assert_eq!(app.ring_rows_to_rewrap(), 0);
    assert_eq!(app.reload_keks().await.unwrap(), KekReload::Taken);
    assert_eq!(app.kek_ids(), (Some(new), vec![]));
    assert!(app.kek_files_in_force());
    assert_open(&app, 3);
    assert_whole(&app).await;
    // Nothing of a bad file is taken, and nothing is taken away by it.
    for content in ["", "no key\n"] {
        std::fs::write(bench.file("primary"), content).unwrap();
        assert!(matches!(
            app.reload_keks().await.unwrap(),
            KekReload::Kept(_)
        ));
        assert_eq!(app.kek_ids(), (Some(new), vec![]));
        std::fs::remove_file(bench.file("primary")).unwrap();
        assert!(matches!(
            app.reload_keks().await.unwrap(),
            KekReload::Kept(_)
        ));
        assert_eq!(app.kek_ids(), (Some(new), vec![]));
    }
    assert_whole(&app).await;
}

#[tokio::test]
async fn without_the_audit_key_its_records_wait() {
    let (bench, first) = Bench::with_keys(1).await;
    first.flush_audit().await.unwrap();
    drop(first);
    bench.rename("primary", "right");
    bench.make("primary");
    let app = bench.open().await;
    let store = bench.store().await;
    let before = store.head().await.unwrap();
    assert!(!app.vault_health().is_sound());
    // Nothing waits: nothing is wrong.
    app.flush_audit().await.unwrap();
    app.note_refusal(&Refusal {
        caller: &Caller::command_line(),
        rpc: "test",
        request_id: "1",
        error_reason: "KEY_UNAVAILABLE",
        resource: "accounts/1",
        reason: "",
    });
    for _ in 0..3 {
        assert!(app.flush_audit().await.is_err());
        assert_eq!(store.head().await.unwrap(), before);
    }
    let mut soundness = app.vault_soundness();
    assert!(!*soundness.borrow_and_update());
    bench.rename("right", "primary");
    assert_eq!(app.reload_keks().await.unwrap(), KekReload::Taken);
    assert!(soundness.has_changed().unwrap() && *soundness.borrow());
    app.flush_audit().await.unwrap();
    let refused = AuditFilter {
        outcome: Some("refused".to_owned()),
        ..AuditFilter::default()
    };
    assert_eq!(store.count_audit(&refused).await.unwrap(), 1);
    assert_open(&app, 1);
    assert_whole(&app).await;
}
