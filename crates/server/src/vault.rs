//! Takes up new files of key-encryption keys while serving, and tells how the vault is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aiconfig_application::{Application, KekReload};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tonic_health::ServingStatus::{NotServing, Serving};
use tonic_health::server::HealthReporter;

use crate::metrics;

/// The key-encryption keys that follow their files.
pub(crate) struct Files {
    app: Arc<Application>,
    every: Duration,
    hangup: Option<Signal>,
}

impl Files {
    /// From here on SIGHUP has the files looked at.
    pub(crate) fn begin(app: Arc<Application>, every: Duration) -> Self {
        metrics::kek_files_in_use(app.kek_files_in_force());
        let hangup = signal(SignalKind::hangup())
            .inspect_err(|error| {
                tracing::warn!(%error, "SIGHUP does not reload key-encryption keys");
            })
            .ok();
        Self { app, every, hangup }
    }

    /// Looks at the files again and again, and at once on SIGHUP. Keys are compared, not times: a
    /// file that is swapped through a link, or twice in a second, is noticed too.
    pub(crate) async fn follow(mut self) {
        loop {
            let told = async {
                match &mut self.hangup {
                    Some(hangup) => hangup.recv().await,
                    None => std::future::pending().await,
                }
            };
            // An end of the wait and the signal are the same: look.
            let _ = tokio::time::timeout(self.every, told).await;
            self.look().await;
        }
    }

    async fn look(&self) {
        match self.app.reload_keks().await {
            Ok(KekReload::Unchanged) => {}
            Ok(KekReload::Taken) => {
                metrics::keks_reloaded(true);
                tracing::info!("the key-encryption keys are those of the files");
            }
            Ok(KekReload::Kept(problems)) => {
                metrics::keks_reloaded(false);
                for problem in problems {
                    tracing::error!(%problem, "key-encryption keys that were loaded stay");
                }
            }
            Err(error) => tracing::warn!(%error, "new key-encryption keys wait to be taken up"),
        }
    }
}

/// Sets the health of the vault as it changes, until the server begins to stop.
pub(crate) async fn report(
    health: HealthReporter,
    app: Arc<Application>,
    draining: Arc<AtomicBool>,
) {
    let mut soundness = app.vault_soundness();
    loop {
        let sound = *soundness.borrow_and_update();
        if draining.load(Ordering::Relaxed) {
            return;
        }
        let status = if sound { Serving } else { NotServing };
        health.set_service_status("aiconfig.vault", status).await;
        if soundness.changed().await.is_err() {
            return;
        }
    }
}
