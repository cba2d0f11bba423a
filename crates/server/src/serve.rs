//! Serves until told to stop: gRPC, the ops port, and the work in the background.

use std::sync::Arc;
use std::time::Duration;

use aiconfig_application::Application;
use aiconfig_proto::v1::{
    account_service_server::AccountServiceServer, audit_service_server::AuditServiceServer,
    global_settings_service_server::GlobalSettingsServiceServer,
    history_service_server::HistoryServiceServer,
    integration_settings_service_server::IntegrationSettingsServiceServer,
    model_catalog_service_server::ModelCatalogServiceServer,
    model_config_service_server::ModelConfigServiceServer,
    provider_service_server::ProviderServiceServer, token_service_server::TokenServiceServer,
};
use axum::http::StatusCode;
use axum::routing::get;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;

use crate::call::Gateway;
use crate::config::Options;
use crate::gate::GateLayer;
use crate::services::Services;
use crate::start::Failure;

/// How long open calls may take after the stop.
const DRAIN: Duration = Duration::from_secs(10);
/// How often the log is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// How often waiting audit records are written.
const FLUSH: Duration = Duration::from_secs(2);
/// Bytes of a request.
const MESSAGE: usize = 1 << 20;
/// Bytes of a request that may carry a key.
const KEY_MESSAGE: usize = 64 << 10;

/// Serves until SIGTERM or Ctrl-C.
pub(crate) async fn serve(app: Arc<Application>, options: &Options) -> Result<(), Failure> {
    if !options.grpc_addr.ip().is_loopback() && !options.allow_plaintext {
        return Err("refusing plain text off loopback; set AICONFIG_ALLOW_PLAINTEXT=true if a proxy terminates TLS".into());
    }
    let listener = tokio::net::TcpListener::bind(options.grpc_addr).await?;
    let ops = tokio::net::TcpListener::bind(options.ops_addr).await?;
    let stop = CancellationToken::new();
    let (health, health_service) = tonic_health::server::health_reporter();
    let status = tonic_health::ServingStatus::Serving;
    for name in ["", "igny8.aiconfig.v1.ModelConfigService"] {
        health.set_service_status(name, status).await;
    }
    let vault = if app.keyring().missing().is_empty() {
        status
    } else {
        tonic_health::ServingStatus::NotServing
    };
    health.set_service_status("aiconfig.vault", vault).await;

    let follow = tokio::spawn(Arc::clone(&app).follow_log(LOOK));
    let flush = tokio::spawn(flush(Arc::clone(&app)));
    let ops = tokio::spawn(serve_ops(ops, Arc::clone(&app), stop.clone()));

    let services = Services(Gateway {
        app: Arc::clone(&app),
        longest_wait: Duration::from_secs(30),
    });
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(aiconfig_proto::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    tracing::info!(grpc = %options.grpc_addr, ops = %options.ops_addr, "serving; try: grpcurl -plaintext {} list", options.grpc_addr);
    let waiting = stop.clone();
    let server = Server::builder()
        .max_concurrent_streams(128)
        .http2_max_local_error_reset_streams(Some(1024))
        .http2_max_pending_accept_reset_streams(Some(20))
        .http2_max_header_list_size(8 << 10)
        .http2_keepalive_interval(Some(Duration::from_secs(20)))
        .http2_keepalive_timeout(Some(Duration::from_secs(10)))
        .layer(GateLayer {
            app: Arc::clone(&app),
        })
        .add_service(health_service)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?)
        .add_service(
            ModelConfigServiceServer::new(services.clone()).max_decoding_message_size(MESSAGE),
        )
        .add_service(
            IntegrationSettingsServiceServer::new(services.clone())
                .max_decoding_message_size(KEY_MESSAGE),
        )
        .add_service(
            GlobalSettingsServiceServer::new(services.clone()).max_decoding_message_size(MESSAGE),
        )
        .add_service(AccountServiceServer::new(services.clone()).max_decoding_message_size(MESSAGE))
        .add_service(
            ProviderServiceServer::new(services.clone()).max_decoding_message_size(KEY_MESSAGE),
        )
        .add_service(
            ModelCatalogServiceServer::new(services.clone()).max_decoding_message_size(MESSAGE),
        )
        .add_service(TokenServiceServer::new(services.clone()).max_decoding_message_size(MESSAGE))
        .add_service(AuditServiceServer::new(services.clone()).max_decoding_message_size(MESSAGE))
        .add_service(HistoryServiceServer::new(services).max_decoding_message_size(MESSAGE))
        .serve_with_incoming_shutdown(TcpListenerStream::new(listener), async move {
            waiting.cancelled().await;
        });
    let server = tokio::spawn(server);
    told_to_stop().await?;
    health
        .set_service_status("", tonic_health::ServingStatus::NotServing)
        .await;
    stop.cancel();
    if let Ok(ended) = tokio::time::timeout(DRAIN, server).await {
        ended??;
    } else {
        tracing::warn!("calls were still open at the end of the drain");
    }
    follow.abort();
    flush.abort();
    app.flush_audit().await?;
    ops.abort();
    Ok(())
}

async fn told_to_stop() -> Result<(), Failure> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}

async fn flush(app: Arc<Application>) {
    let mut ticks = tokio::time::interval(FLUSH);
    loop {
        ticks.tick().await;
        if let Err(error) = app.flush_audit().await {
            tracing::warn!(%error, "audit records wait to be written");
        }
    }
}

async fn serve_ops(
    listener: tokio::net::TcpListener,
    app: Arc<Application>,
    stop: CancellationToken,
) {
    let ready = move || {
        let missing = app.keyring().missing().len();
        let vault = if missing == 0 {
            "ok".to_owned()
        } else {
            format!("degraded, {missing} keys missing")
        };
        let text = format!(
            "revision: {}\nstale_seconds: {}\nvault: {vault}\n",
            app.live().snapshot.revision(),
            app.staleness().as_secs()
        );
        std::future::ready((StatusCode::OK, text))
    };
    let routes = axum::Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(ready));
    let serve =
        axum::serve(listener, routes).with_graceful_shutdown(async move { stop.cancelled().await });
    if let Err(error) = serve.await {
        tracing::error!(%error, "the ops port ended");
    }
}
