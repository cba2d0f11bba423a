//! A freeze works at once, under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use aiconfig_proto::v1;
use aiconfig_tests::{Clients, reason};
use tokio::task::JoinSet;
use tonic::Code;

use crate::load::released;
use crate::stage::{On, PROVIDERS, Stage, secret};

/// Clients of each provider.
const CLIENTS: usize = 4;

#[tokio::test]
async fn a_freeze_works_at_once_on_sqlite() {
    Box::pin(freeze_under_load(On::Sqlite)).await;
}

#[tokio::test]
async fn a_freeze_works_at_once_on_postgresql() {
    Box::pin(freeze_under_load(On::Postgres)).await;
}

/// What the clients of a provider may get at the moment: what is not told yet may be either.
#[derive(Default)]
struct Expected {
    released: AtomicBool,
    frozen: AtomicBool,
    calls: AtomicUsize,
}

impl Expected {
    fn set(&self, released: bool, frozen: bool) {
        self.released.store(released, Ordering::SeqCst);
        self.frozen.store(frozen, Ordering::SeqCst);
    }
}

async fn freeze_under_load(on: On) {
    let mut stage = Stage::new(on).await;
    let stop = Arc::new(AtomicBool::new(false));
    let expected: [Arc<Expected>; 2] = Default::default();
    let mut tasks = JoinSet::new();
    for (provider, expected) in PROVIDERS.into_iter().zip(&expected) {
        expected.set(true, false);
        for _ in 0..CLIENTS {
            let backend = stage.backend.clone();
            tasks.spawn(work(
                backend,
                provider,
                Arc::clone(expected),
                Arc::clone(&stop),
            ));
        }
    }
    for _ in 0..5 {
        // One provider, then all; the other provider is not touched by the first.
        set(&mut stage.admin, &expected[..1], "openai", true).await;
        busy(&expected).await;
        set(&mut stage.admin, &expected[..1], "openai", false).await;
        busy(&expected).await;
        set(&mut stage.admin, &expected, "", true).await;
        busy(&expected).await;
        set(&mut stage.admin, &expected, "", false).await;
        busy(&expected).await;
    }
    stop.store(true, Ordering::SeqCst);
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
}

/// Freezes or lifts; from its answer on there is one right outcome.
async fn set(admin: &mut Clients, whose: &[Arc<Expected>], provider: &str, frozen: bool) {
    for expected in whose {
        expected.set(true, true);
    }
    let freeze = v1::SetKeyFreezeRequest {
        provider: provider.to_owned(),
        frozen,
        ..Default::default()
    };
    admin.providers.set_key_freeze(freeze).await.unwrap();
    for expected in whose {
        expected.set(!frozen, frozen);
    }
}

/// Waits until each client has asked a few times.
async fn busy(expected: &[Arc<Expected>]) {
    for one in expected {
        let until = one.calls.load(Ordering::SeqCst) + 4 * CLIENTS;
        while one.calls.load(Ordering::SeqCst) < until {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

async fn work(
    mut backend: Clients,
    provider: &'static str,
    expected: Arc<Expected>,
    stop: Arc<AtomicBool>,
) {
    let may = || {
        let released = expected.released.load(Ordering::SeqCst);
        (released, expected.frozen.load(Ordering::SeqCst))
    };
    while !stop.load(Ordering::SeqCst) {
        let before = may();
        let got = released(&mut backend, provider).await;
        let after = may();
        // What changed while it was on its way may come out either way.
        if before == after {
            match got {
                Ok(key) => {
                    assert_eq!(key, secret(provider, 1));
                    assert!(before.0, "{provider} was released though it is frozen");
                }
                Err(status) => {
                    let told = (status.code(), reason(&status));
                    let frozen = (Code::FailedPrecondition, "KEY_FROZEN".to_owned());
                    assert_eq!(told, frozen, "{status:?}");
                    assert!(before.1, "{provider} was refused though it is not frozen");
                }
            }
        }
        expected.calls.fetch_add(1, Ordering::SeqCst);
    }
}
