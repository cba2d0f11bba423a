//! Takes up new files of key-encryption keys while serving, and tells how the vault is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aiconfig_application::{Application, KekReload};
use tokio::signal::unix::{SignalKind, signal};
use tonic_health::ServingStatus::{NotServing, Serving};
use tonic_health::server::HealthReporter;

use crate::metrics;

/// Looks at the files again and again, and at once on SIGHUP. Keys are compared, not times: a file
/// that is swapped through a link, or twice in a second, is noticed too.
pub(crate) async fn follow_files(app: Arc<Application>, every: Duration) {
    metrics::kek_files_in_use(app.kek_files_in_force());
    let mut hangup = match signal(SignalKind::hangup()) {
        Ok(hangup) => Some(hangup),
        Err(error) => {
            tracing::warn!(%error, "SIGHUP does not reload key-encryption keys");
            None
        }
    };
    loop {
        let told = async {
            match &mut hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        // An end of the wait and the signal are the same: look.
        let _ = tokio::time::timeout(every, told).await;
        match app.reload_keks().await {
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
