//! A seeded application over a database in memory, the same one each time: clock and randomness
//! are part of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aiconfig_application::{Application, Caller, Clock, OpenOptions, WriteCall};
use aiconfig_domain::Timestamp;
use aiconfig_persistence::{Store, StoreConfig};
use aiconfig_vault::kek::KekConfig;
use aiconfig_vault::random::{RandomSource as _, SeededRandom};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::runtime::{Builder, Runtime};

/// 2026-11-21T12:00:00Z, after the dates of the shipped prices.
const BEGIN_US: i64 = 1_795_262_400_000_000;
/// What passes between two looks at the clock.
const TICK_US: i64 = 1_000;

/// A clock that goes on a little whenever it is looked at.
struct CountingClock(AtomicI64);

impl Clock for CountingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.fetch_add(TICK_US, Ordering::Relaxed))
    }
}

/// Opens the application with the shipped catalogue and library.
pub(crate) async fn open() -> Arc<Application> {
    let url = "sqlite::memory:".to_owned();
    let store = Store::connect(&StoreConfig::new(url.into())).await.unwrap();
    store.migrate(*b"sixteen bytes id").await.unwrap();
    let random = SeededRandom::new(1);
    let mut kek = [0; 32];
    random.fill(&mut kek);
    let options = OpenOptions {
        keks: KekConfig {
            env_value: Some(STANDARD.encode(kek).into()),
            allow_env: true,
            ..KekConfig::default()
        },
        clock: Box::new(CountingClock(AtomicI64::new(BEGIN_US))),
        random: Box::new(random),
        text_cache_bytes: 1 << 20,
        seed: true,
    };
    Application::open(store, options).await.unwrap()
}

/// A call of the command line.
pub(crate) fn call(rpc: &'static str, validate_only: bool) -> WriteCall {
    WriteCall {
        caller: Caller::command_line(),
        rpc,
        request_id: None,
        trace_id: "fuzzing".to_owned(),
        body: Vec::new().into(),
        validate_only,
        reason: String::new(),
    }
}

/// What runs an application. Long work of a call may block the thread that it is on.
pub(crate) fn runtime() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().unwrap()
}

/// Ends an application with its connections and their threads.
pub(crate) async fn close(app: Arc<Application>) {
    app.store().close().await.unwrap();
}
