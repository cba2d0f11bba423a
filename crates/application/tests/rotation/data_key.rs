//! The data key of provider keys: broken off after each step, dry, twice, beside writes.

use aiconfig_application::{DekRotation, DekStep};
use aiconfig_persistence::DekState as Stored;
use aiconfig_vault::ring::DekState;

use crate::bench::{Bench, OPTIONS, add_key, assert_open, assert_whole, call, rotate_dek};

const KEYS: u32 = 5;

/// Rotates until so many steps were told; whether it came to its end.
async fn broken_off(app: &aiconfig_application::Application, steps: usize) -> bool {
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let (mut stop, mut told) = (Some(stop), 0);
    let mut progress = |_| {
        told += 1;
        if told == steps {
            stop.take().unwrap().send(()).unwrap();
        }
    };
    let call = call(app, false);
    tokio::select! {
        biased;
        _ = stopped => false,
        done = app.rotate_dek(&call, OPTIONS, &mut progress) => { done.unwrap(); true }
    }
}

#[tokio::test]
async fn it_goes_on_after_each_step() {
    let mut broken = 0;
    for steps in 1..=usize::try_from(KEYS).unwrap() + 3 {
        let (bench, app) = Bench::with_keys(KEYS).await;
        let digest = app.live().snapshot.digest();
        broken += usize::from(!broken_off(&app, steps).await);
        assert_open(&app, KEYS);
        drop(app);
        // Another process finds it as it is, and goes on.
        let app = bench.open().await;
        assert_open(&app, KEYS);
        assert_whole(&app).await;
        assert_eq!(app.live().snapshot.digest(), digest);
        add_key(&app, KEYS + 1).await;
        let done = rotate_dek(&app, true).await.unwrap();
        assert_eq!(
            (done.version, done.added),
            (2, false),
            "after {steps} steps"
        );
        assert_eq!(bench.sealing_versions().await, vec![2; KEYS as usize + 1]);
        let rows = bench.sealed().await.deks;
        let values = rows.iter().filter(|row| row.purpose == "value");
        let values: Vec<_> = values.map(|row| (row.version, row.state)).collect();
        assert_eq!(values, [(1, Stored::Disabled), (2, Stored::Active)]);
        assert_open(&app, KEYS + 1);
        assert_whole(&app).await;
        let again = rotate_dek(&app, true).await.unwrap();
        assert_eq!((again.resealed, again.disabled.len()), (0, 0));
    }
    assert!(
        broken >= usize::try_from(KEYS).unwrap(),
        "{broken} were broken off"
    );
}

#[tokio::test]
async fn its_steps_are_told_in_order() {
    let (_bench, app) = Bench::with_keys(3).await;
    let mut steps = Vec::new();
    let call = call(&app, false);
    let mut progress = |step| steps.push(step);
    let done = app.rotate_dek(&call, OPTIONS, &mut progress).await.unwrap();
    let looked = |done| DekStep::Looked { done, total: 3 };
    let expected = [
        DekStep::Added { version: 2 },
        DekStep::Activated { version: 2 },
        looked(1),
        looked(2),
        looked(3),
        DekStep::Disabled { version: 1 },
    ];
    assert_eq!(steps, expected);
    let expected = DekRotation {
        version: 2,
        added: true,
        resealed: 3,
        unchanged: 0,
        disabled: vec![1],
    };
    assert_eq!(done, expected);
}

#[tokio::test]
async fn a_dry_run_changes_nothing_and_says_the_same() {
    let (bench, app) = Bench::with_keys(KEYS).await;
    for resume in [true, false] {
        let before = (
            bench.sealed().await,
            bench.store().await.head().await.unwrap(),
        );
        let options = aiconfig_application::DekOptions { resume, ..OPTIONS };
        let dry = app
            .rotate_dek(&call(&app, true), options, &mut |_| {})
            .await;
        let after = (
            bench.sealed().await,
            bench.store().await.head().await.unwrap(),
        );
        assert_eq!(after, before);
        let done = rotate_dek(&app, resume).await.unwrap();
        assert_eq!(dry.unwrap(), done);
    }
    assert_eq!(bench.sealing_versions().await, vec![2; KEYS as usize]);
    // The state that the log adds up to is the same.
    let (digest, revision) = (app.live().snapshot.digest(), app.live().snapshot.revision());
    rotate_dek(&app, false).await.unwrap();
    assert_eq!(app.live().snapshot.digest(), digest);
    assert!(app.live().snapshot.revision() > revision);
    assert_eq!(bench.open().await.live().snapshot.digest(), digest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_at_the_same_time_and_writes_beside_them() {
    let (bench, app) = Bench::with_keys(20).await;
    let other = bench.open().await;
    let writer = bench.open().await;
    let beside = tokio::spawn(async move {
        for version in 21..=40 {
            add_key(&writer, version).await;
        }
    });
    let (one, two) = tokio::join!(rotate_dek(&app, false), rotate_dek(&other, false));
    beside.await.unwrap();
    one.unwrap();
    two.unwrap();
    // Whichever was last, one data key seals all, and the keys added meanwhile are among them.
    rotate_dek(&app, true).await.unwrap();
    let versions = bench.sealing_versions().await;
    assert_eq!(versions.len(), 40);
    assert!(
        versions.iter().all(|one| *one == versions[0]),
        "{versions:?}"
    );
    for app in [&app, &other, &bench.open().await] {
        assert_whole(app).await;
        assert_open(app, 40);
    }
}

#[tokio::test]
async fn only_a_disabled_key_is_destroyed() {
    let (bench, app) = Bench::with_keys(1).await;
    rotate_dek(&app, false).await.unwrap();
    for (version, refused) in [(2, "is active and cannot"), (3, "has no value key")] {
        let told = app
            .destroy_dek(&call(&app, false), version)
            .await
            .unwrap_err();
        assert!(told.to_string().contains(refused), "{told}");
    }
    assert!(app.destroy_dek(&call(&app, true), 1).await.unwrap());
    let state = |rows: aiconfig_persistence::SealedRows| {
        let row = rows.deks.into_iter().find(|row| row.purpose == "value");
        row.map(|row| (row.version, row.wrapped.is_some())).unwrap()
    };
    assert_eq!(state(bench.sealed().await), (1, true));
    assert!(app.destroy_dek(&call(&app, false), 1).await.unwrap());
    assert_eq!(state(bench.sealed().await), (1, false));
    assert!(!app.destroy_dek(&call(&app, false), 1).await.unwrap());
    let status = app.vault_status().await.unwrap();
    let destroyed = status
        .ring
        .iter()
        .filter(|row| row.state == DekState::Destroyed);
    assert_eq!(destroyed.count(), 1);
    assert_eq!(
        (status.rows_left, status.keys_left, status.unreadable),
        (0, 0, 0)
    );
    assert_whole(&app).await;
    assert_whole(&*bench.open().await).await;
}
