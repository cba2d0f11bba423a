//! Serves until told to stop: gRPC, the ops port, and the work in the background.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use aiconfig_application::Application;
use aiconfig_persistence::Condition;
use aiconfig_proto::v1::{
    account_service_server::AccountServiceServer, audit_service_server::AuditServiceServer,
    author_profile_service_server::AuthorProfileServiceServer,
    global_prompt_service_server::GlobalPromptServiceServer,
    global_settings_service_server::GlobalSettingsServiceServer,
    history_service_server::HistoryServiceServer,
    integration_settings_service_server::IntegrationSettingsServiceServer,
    model_catalog_service_server::ModelCatalogServiceServer,
    module_service_server::ModuleServiceServer, prompt_service_server::PromptServiceServer,
    provider_service_server::ProviderServiceServer, strategy_service_server::StrategyServiceServer,
    token_service_server::TokenServiceServer,
};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic_health::ServingStatus::{self, NotServing, Serving};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::server::HealthReporter;
use tower::Layer as _;

use crate::call::{Gateway, TraceId};
use crate::config::Config;
use crate::gate::{CLONE_MESSAGE, GateLayer, KEY_MESSAGE, MESSAGE, OPEN_MESSAGE};
use crate::ops::{self, Ops};
use crate::service_manager::{self, Pulse};
use crate::services::{ModelConfigServer, Services};
use crate::shortcut::Frequent;
use crate::start::Failure;
use crate::transport::{self, Reload, Room};
use crate::turns::Turns;
use crate::{access, announce, metrics, process, vault};

/// How often waiting audit records are written.
const FLUSH: Duration = Duration::from_secs(2);
/// How often counts are folded together, and old stored answers dropped.
const UPKEEP: Duration = Duration::from_secs(5);
const PRUNE: Duration = Duration::from_mins(10);
/// How long answers of request ids are kept.
const KEEP_ANSWERS: Duration = Duration::from_hours(24);
/// How long a health check may go on being answered before connections are told to go.
const NOTICE: Duration = Duration::from_millis(200);

/// Serves until SIGTERM or Ctrl-C.
pub(crate) async fn serve(app: Arc<Application>, config: &Config) -> Result<(), Failure> {
    process::outlive_file_size_limit()?;
    let begun = Instant::now();
    // From the first connection on, a signal is a stop and not an end.
    let terminate = signal(SignalKind::terminate())?;
    let told = told_to_stop(terminate, signal(SignalKind::interrupt())?);
    let counts = metrics::install(app.now())?;
    let tls = config.tls()?;
    let tls = tls.map(|files| Reload::begin(files, config.tls_reload()));
    let tls = tls.transpose()?;
    let listener = bind(config.grpc_addr).await?;
    let ops_listener = bind(config.ops_addr).await?;
    let grpc_addr = listener.local_addr()?;
    let stop = CancellationToken::new();
    let draining = Arc::new(AtomicBool::new(false));
    let (health, health_service) = tonic_health::server::health_reporter();

    let mut background = JoinSet::new();
    background.spawn(Arc::clone(&app).follow_log(config.poll_interval()));
    background.spawn(take_hangups(signal(SignalKind::hangup())?));
    keep_up(&mut background, &app, &counts);
    let keks = vault::Files::begin(Arc::clone(&app), config.kek_reload());
    background.spawn(keks.follow());
    keep_reporting(&mut background, &app, &health, &draining);
    let secure = tls.is_some();
    let live_tls = tls.as_ref().map(Reload::live);
    if let Some(tls) = tls {
        background.spawn(tls.follow());
    }
    let room = Room::new(config.max_in_flight);
    let ops = Ops {
        app: Arc::clone(&app),
        room: Arc::clone(&room),
        counts,
        draining: Arc::clone(&draining),
    };
    // Probes and scrapes are answered until no call is left.
    let drained = CancellationToken::new();
    let ops = tokio::spawn(ops::serve(ops_listener, ops, drained.clone()));

    TraceId::begin(app.random_number());
    let services = Services(Gateway {
        app: Arc::clone(&app),
        longest_wait: config.longest_deadline(),
        turns: Turns::new(config.max_in_flight),
    });
    let waiting = stop.clone();
    let incoming = transport::incoming(
        listener,
        config.limits(),
        Arc::clone(&room),
        live_tls,
        stop.clone(),
    );
    let gate = GateLayer::new(Arc::clone(&app), room, config.into());
    let pulse = Pulse::new();
    let incoming = pulse.of(incoming);
    let probe = HealthClient::new(gate.layer(health_service.clone()));
    background.spawn(service_manager::feed_watchdog(pulse, move || {
        let mut probe = probe.clone();
        async move { probe.check(HealthCheckRequest::default()).await.is_ok() }
    }));
    let server = config
        .limits()
        .server()
        .layer(gate)
        .layer(frequent(&services))
        .add_routes(routes(services)?.add_service(health_service))
        .serve_with_incoming_shutdown(incoming, async move {
            waiting.cancelled().await;
        });
    let mut server = tokio::spawn(server);
    report(&health, &app, Serving).await;
    let plain = if secure { "" } else { "-plaintext " };
    tracing::info!(grpc = %grpc_addr, ops = %config.ops_addr, "serving; try: grpcurl {plain}{grpc_addr} list");
    service_manager::ready(&app);
    background.spawn(service_manager::keep_status(Arc::clone(&app)));
    tokio::select! {
        signal = told => tracing::info!(signal, "stopping"),
        ended = &mut server => return Ok(ended??),
    }
    service_manager::stopping();
    draining.store(true, Ordering::Relaxed);
    report(&health, &app, NotServing).await;
    // Balancers and watchers get to see it before connections are told to go.
    tokio::time::sleep(NOTICE).await;
    stop.cancel();
    drain(server, config.drain()).await?;
    drained.cancel();
    background.shutdown().await;
    app.finish_audit().await?;
    ops.abort();
    announce::stopped(&app, begun);
    Ok(())
}

/// Waits until the last call has ended, for so long at most.
async fn drain(
    server: JoinHandle<Result<(), tonic::transport::Error>>,
    most: Duration,
) -> Result<(), Failure> {
    if let Ok(ended) = tokio::time::timeout(most, server).await {
        ended??;
    } else {
        tracing::warn!("calls were still open at the end of the drain");
    }
    Ok(())
}

/// Starts what is to be done again and again.
fn keep_up(background: &mut JoinSet<()>, app: &Arc<Application>, counts: &PrometheusHandle) {
    background.spawn(flush(Arc::clone(app)));
    background.spawn(prune(Arc::clone(app)));
    let folding = counts.clone();
    background.spawn(every(UPKEEP, move || folding.run_upkeep()));
}

/// The services that are called most.
pub(crate) fn frequent(services: &Services) -> Frequent {
    Frequent {
        model_config: ModelConfigServer::new(services.clone(), MESSAGE),
        prompt: PromptServiceServer::new(services.clone()).max_decoding_message_size(MESSAGE),
    }
}

/// Starts what keeps the health of the vault and of the database up to date.
fn keep_reporting(
    background: &mut JoinSet<()>,
    app: &Arc<Application>,
    health: &HealthReporter,
    draining: &Arc<AtomicBool>,
) {
    background.spawn(vault::report(
        health.clone(),
        Arc::clone(app),
        Arc::clone(draining),
    ));
    background.spawn(report_database(
        health.clone(),
        Arc::clone(app),
        Arc::clone(draining),
    ));
}

/// Every other service but health.
pub(crate) fn routes(services: Services) -> Result<Routes, Failure> {
    let routes = Routes::default()
        .add_service(
            reflection()
                .build_v1()?
                .max_decoding_message_size(OPEN_MESSAGE),
        )
        .add_service(
            reflection()
                .build_v1alpha()?
                .max_decoding_message_size(OPEN_MESSAGE),
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
        .add_service(ModuleServiceServer::new(services.clone()).max_decoding_message_size(MESSAGE))
        .add_service(
            GlobalPromptServiceServer::new(services.clone()).max_decoding_message_size(MESSAGE),
        )
        .add_service(
            AuthorProfileServiceServer::new(services.clone())
                .max_decoding_message_size(CLONE_MESSAGE),
        )
        .add_service(
            StrategyServiceServer::new(services.clone()).max_decoding_message_size(CLONE_MESSAGE),
        )
        .add_service(TokenServiceServer::new(services.clone()).max_decoding_message_size(MESSAGE))
        .add_service(AuditServiceServer::new(services.clone()).max_decoding_message_size(MESSAGE))
        .add_service(HistoryServiceServer::new(services).max_decoding_message_size(MESSAGE));
    Ok(routes)
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| format!("cannot listen on {address}: {error}").into())
}

/// Sets the health of the server, of each service, of the vault and of the database.
async fn report(health: &HealthReporter, app: &Application, status: ServingStatus) {
    let services: BTreeSet<&str> = access::TABLE
        .iter()
        .filter_map(|entry| entry.rpc.split('/').next())
        .collect();
    health.set_service_status("", status).await;
    for service in services {
        let name = format!("igny8.aiconfig.v1.{service}");
        health.set_service_status(name, status).await;
    }
    let sound = app.vault_health().is_sound();
    let ready = *app.store().condition().borrow() == Condition::Ready;
    for (name, well) in [("aiconfig.vault", sound), ("aiconfig.database", ready)] {
        let status = if well { status } else { NotServing };
        health.set_service_status(name, status).await;
    }
}

/// Keeps the health of the database up to date, until the server begins to stop: what is not served
/// without it are writes, and reads of what is not in memory.
async fn report_database(health: HealthReporter, app: Arc<Application>, draining: Arc<AtomicBool>) {
    let mut condition = app.store().condition();
    loop {
        let ready = *condition.borrow_and_update() == Condition::Ready;
        if draining.load(Ordering::Relaxed) {
            return;
        }
        let status = if ready { Serving } else { NotServing };
        health.set_service_status("aiconfig.database", status).await;
        if condition.changed().await.is_err() {
            return;
        }
    }
}

/// Reflection over all that is served. Each of its versions lists the other too, so that a client of
/// either sees everything.
fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(aiconfig_proto::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET)
        .include_reflection_service(false)
}

/// Waits for a signal to stop; its name.
async fn told_to_stop(mut terminate: Signal, mut interrupt: Signal) -> &'static str {
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}

/// Takes SIGHUP, which says that files have changed: whatever follows files takes it too. Without
/// this it would end a process that follows none.
async fn take_hangups(mut hangups: Signal) {
    while hangups.recv().await.is_some() {
        tracing::info!("SIGHUP: looking at files that may have changed");
    }
}

async fn flush(app: Arc<Application>) {
    let mut ticks = tokio::time::interval(FLUSH);
    let mut waiting = false;
    loop {
        ticks.tick().await;
        let outcome = app.flush_audit().await;
        if let (Err(error), false) = (&outcome, waiting) {
            tracing::warn!(%error, "audit records wait to be written");
        }
        waiting = outcome.is_err();
    }
}

/// Drops stored answers once no repetition can ask for them.
async fn prune(app: Arc<Application>) {
    let mut ticks = tokio::time::interval(PRUNE);
    loop {
        ticks.tick().await;
        if let Err(error) = app.prune_answers(KEEP_ANSWERS).await {
            tracing::warn!(%error, "old stored answers were not dropped");
        }
    }
}

async fn every(period: Duration, act: impl Fn() + Send) {
    let mut ticks = tokio::time::interval(period);
    loop {
        ticks.tick().await;
        act();
    }
}
