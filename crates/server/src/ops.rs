//! The ops port: is it alive, is it ready, and what does it count.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aiconfig_application::{Application, VaultHealth};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::metrics;
use crate::transport::{Room, serve_pages};

/// What its pages are made from.
#[derive(Clone)]
pub(crate) struct Ops {
    pub(crate) app: Arc<Application>,
    pub(crate) room: Arc<Room>,
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
    serve_pages(listener, routes, stop).await;
}

/// 200 while calls are answered, also with a degraded vault or the database away: reads go on.
async fn ready(State(ops): State<Ops>) -> impl IntoResponse {
    let live = ops.app.live();
    let vault = vault(&live.vault_health());
    let (primary, others) = ops.app.kek_ids();
    let keks: Vec<String> = primary
        .iter()
        .map(|id| format!("{id} (primary)"))
        .chain(others.iter().map(ToString::to_string))
        .collect();
    let keks = keks.join(", ");
    let draining = ops.draining.load(Ordering::Relaxed);
    let text = format!(
        "state: {}\nrevision: {}\ndatabase: {}\nstale_seconds: {}\nclock_behind_seconds: {}\nvault: {vault}\nkeks: {keks}\nunusable_keys: {}\n",
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

/// `ok`, or what is missing and what is damaged.
fn vault(health: &VaultHealth) -> String {
    if health.is_sound() {
        return "ok".to_owned();
    }
    let mut parts = vec!["degraded".to_owned()];
    if !health.missing.is_empty() {
        let ids: Vec<String> = health.missing.iter().map(ToString::to_string).collect();
        parts.push(format!("missing {}", ids.join(", ")));
    }
    if !health.damaged.is_empty() {
        let mut damaged = health.damaged.clone();
        damaged.dedup();
        parts.push(format!("damaged {}", damaged.join(", ")));
    }
    parts.join(", ")
}

async fn counts(State(ops): State<Ops>) -> impl IntoResponse {
    metrics::observe(&ops.app, &ops.room);
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (kind, ops.counts.render())
}
