//! The ops port: is it alive, is it ready, and what does it count.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aiconfig_application::Application;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::metrics;

/// What its pages are made from.
#[derive(Clone)]
pub(crate) struct Ops {
    pub(crate) app: Arc<Application>,
    pub(crate) counts: PrometheusHandle,
    /// Whether the server has begun to stop.
    pub(crate) draining: Arc<AtomicBool>,
}

/// Serves until told to stop.
pub(crate) async fn serve(listener: TcpListener, ops: Ops, stop: CancellationToken) {
    let routes = axum::Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(counts))
        .with_state(ops);
    let stopped = async move { stop.cancelled().await };
    let serve = axum::serve(listener, routes).with_graceful_shutdown(stopped);
    if let Err(error) = serve.await {
        tracing::error!(%error, "the ops port ended");
    }
}

/// 200 while calls are answered, also with a degraded vault or the database away: reads go on.
async fn ready(State(ops): State<Ops>) -> impl IntoResponse {
    let missing = ops.app.keyring().missing();
    let vault = if missing.is_empty() {
        "ok".to_owned()
    } else {
        let ids: Vec<String> = missing.iter().map(ToString::to_string).collect();
        format!("degraded, missing {}", ids.join(", "))
    };
    let live = ops.app.live();
    let draining = ops.draining.load(Ordering::Relaxed);
    let text = format!(
        "state: {}\nrevision: {}\ndatabase: {}\nstale_seconds: {}\nclock_behind_seconds: {}\nvault: {vault}\nunusable_keys: {}\n",
        if draining { "draining" } else { "serving" },
        live.snapshot.revision(),
        ops.app.store().condition().borrow().as_str(),
        ops.app.staleness().as_secs(),
        ops.app.clock_behind().as_secs(),
        live.unusable_keys().count(),
    );
    let status = if draining {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    };
    (status, text)
}

async fn counts(State(ops): State<Ops>) -> impl IntoResponse {
    metrics::observe(&ops.app);
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (kind, ops.counts.render())
}
