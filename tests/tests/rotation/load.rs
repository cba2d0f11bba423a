//! Clients that ask for keys all the time: none may be refused, and each must get the right one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aiconfig_proto::v1;
use aiconfig_tests::{Clients, query};
use tokio::task::JoinSet;
use tonic::Status;

/// Between two calls of a client.
const PAUSE: Duration = Duration::from_millis(2);

/// Clients at work.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    tasks: JoinSet<usize>,
    failures: Arc<Mutex<Vec<String>>>,
}

/// The main call with a key of a provider.
pub(crate) fn keyed(provider: &str) -> v1::GetModelConfigRequest {
    v1::GetModelConfigRequest {
        include_api_key: true,
        overrides: Some(v1::ModelFields {
            service: Some(provider.to_owned()),
            ..Default::default()
        }),
        ..query(1)
    }
}

/// The key that is released for a provider.
pub(crate) async fn released(backend: &mut Clients, provider: &str) -> Result<String, Status> {
    let answer = backend.configs.get_model_config(keyed(provider)).await?;
    let config = answer.into_inner().model_config.unwrap();
    assert_eq!(config.key_provider, provider);
    Ok(config.api_key)
}

impl Load {
    /// Begins: each of the clients asks for the key of each provider.
    pub(crate) fn begin(clients: &[Clients], expected: &[(&'static str, String)]) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let failures = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        for backend in clients {
            for (provider, key) in expected {
                let (stop, failures) = (Arc::clone(&stop), Arc::clone(&failures));
                tasks.spawn(work(backend.clone(), provider, key.clone(), stop, failures));
            }
        }
        Self {
            stop,
            tasks,
            failures,
        }
    }

    /// Ends; every call must have got its key, and there must have been many.
    pub(crate) async fn end(mut self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        let mut calls = 0;
        while let Some(done) = self.tasks.join_next().await {
            calls += done.unwrap();
        }
        let failures = self.failures.lock().unwrap();
        assert!(
            failures.is_empty(),
            "{} of {calls}: {failures:#?}",
            failures.len()
        );
        assert!(calls > 50, "only {calls} calls");
        calls
    }
}

async fn work(
    mut backend: Clients,
    provider: &'static str,
    key: String,
    stop: Arc<AtomicBool>,
    failures: Arc<Mutex<Vec<String>>>,
) -> usize {
    let mut calls = 0;
    while !stop.load(Ordering::Relaxed) {
        let fault = match released(&mut backend, provider).await {
            Ok(got) if got == key => None,
            Ok(got) => Some(format!("{provider}: got {got}, not {key}")),
            Err(status) => Some(format!("{provider}: {status:?}")),
        };
        failures.lock().unwrap().extend(fault);
        calls += 1;
        tokio::time::sleep(PAUSE).await;
    }
    calls
}
