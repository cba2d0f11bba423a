//! A copy of a database in use.

use aiconfig_persistence::{LoadOptions, Store, StoreConfig, StoreError};

use crate::place::{Place, put, write};

pub(crate) async fn a_copy_is_of_one_moment_while_others_write(place: Place) {
    let store = place.store().await;
    let text = format!("\"{}\"", "x".repeat(4_000));
    for number in 0..100 {
        write(&store, vec![put("thing", &number.to_string(), &text)]).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy.db");
    std::fs::File::create(&file).unwrap();
    let other = place.connect().await;
    let writing = async {
        for number in 100..200 {
            write(&other, vec![put("thing", &number.to_string(), "{}")]).await;
        }
    };
    let (copied, ()) = tokio::join!(store.copy_to(&file), writing);
    copied.unwrap();
    let url = format!("sqlite://{}?mode=ro", file.display());
    let copy = Store::connect(&StoreConfig::new(url.into())).await.unwrap();
    let mut rows = 0;
    let state = copy.load(LoadOptions::default(), |_| rows += 1);
    let revision = state.await.unwrap().head.revision;
    assert!((100..=200).contains(&revision), "{revision}");
    assert_eq!(rows, revision, "each write made one row");
    let mut played = 0;
    let head = copy.replay(0, |_| played += 1).await.unwrap();
    assert_eq!((head.revision, played), (revision, revision));
    assert!(store.size().await.unwrap() >= 400_000);
    // A file with something in it is never written over.
    let error = store.copy_to(&file).await.unwrap_err();
    assert!(matches!(error, StoreError::Other { .. }), "{error:?}");
}

pub(crate) async fn a_server_is_not_one_file(place: Place) {
    let store = place.store().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy.db");
    let error = store.copy_to(&file).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert!(!file.exists());
}
