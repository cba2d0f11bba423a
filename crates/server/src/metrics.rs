//! What is counted, for Prometheus.

use std::time::Duration;

use aiconfig_application::Application;
use aiconfig_domain::Timestamp;
use aiconfig_persistence::Condition;
use metrics::{
    Counter, Histogram, Unit, counter, describe_counter, describe_gauge, gauge, histogram,
};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tonic::Code;

use crate::access;
use crate::announce::VERSION;
use crate::transport::{Cut, Full, OPS_CAUSES, Room};

const ANSWERS: &str = "aiconfig_rpc_answers_total";
const SECONDS: &str = "aiconfig_rpc_seconds";
const UNAUTHENTICATED: &str = "aiconfig_unauthenticated_total";
const ACCEPTED: &str = "aiconfig_connections_accepted_total";
const CUTS: &str = "aiconfig_connections_cut_total";
const ACCEPT_FAILURES: &str = "aiconfig_accept_failures_total";
const TLS_RELOADS: &str = "aiconfig_tls_reloads_total";
const TLS_CURRENT: &str = "aiconfig_tls_files_in_use";
const DATABASE_ANSWERS: &str = "aiconfig_database_answers";
const DATABASE_WRITABLE: &str = "aiconfig_database_writable";
const KEK_RELOADS: &str = "aiconfig_kek_reloads_total";
const KEKS_CURRENT: &str = "aiconfig_kek_files_in_use";
const DAMAGE: &str = "aiconfig_vault_damage_total";
const CONNECTIONS: &str = "aiconfig_connections_open";
const STARTED: &str = "process_start_time_seconds";
const BUILD: &str = "aiconfig_build_info";
const OPS_CONNECTIONS: &str = "aiconfig_ops_connections_open";
const OPS_CUTS: &str = "aiconfig_ops_connections_cut_total";
const TURNED_AWAY: &str = "aiconfig_calls_turned_away_total";

/// Bounds of the latency histogram in seconds: from 50 µs, as reads come from memory.
const BOUNDS: &[f64] = &[
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
    1.0, 2.5, 5.0, 10.0, 30.0,
];

/// Makes this process count, and what its counts are read from.
///
/// # Errors
/// Where it counts already.
pub(crate) fn install(now: Timestamp) -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(SECONDS.to_owned()), BOUNDS)?
        .install_recorder()?;
    describe_counter!(ANSWERS, "Answered calls by RPC and gRPC code.");
    metrics::describe_histogram!(SECONDS, Unit::Seconds, "Time to answer, by RPC.");
    describe_counter!(UNAUTHENTICATED, "Calls without a valid token.");
    describe_counter!(ACCEPTED, "Connections that were accepted.");
    describe_counter!(CUTS, "Connections that the server ended, by cause.");
    describe_counter!(
        OPS_CUTS,
        "Connections of the ops port that were ended, by cause."
    );
    describe_counter!(ACCEPT_FAILURES, "Accepts for which the system had no room.");
    describe_counter!(TLS_RELOADS, "Changes of the TLS files, by outcome.");
    describe_counter!(
        KEK_RELOADS,
        "Changes of the key-encryption files, by outcome."
    );
    describe_counter!(
        DAMAGE,
        "Sealed data that was found damaged: an alarm at any rise."
    );
    describe_counter!(
        TURNED_AWAY,
        "Calls that there was no room for, by what was full."
    );
    for full in Full::ALL {
        counter!(TURNED_AWAY, "full" => full.label()).absolute(0);
    }
    for (name, what) in GAUGES {
        describe_gauge!(*name, *what);
    }
    describe_gauge!(BUILD, "Always 1; the version of the server is a label.");
    gauge!(BUILD, "version" => VERSION).set(1);
    metrics_process::Collector::default().describe();
    // The collector finds the start in `/proc/stat`, which a service may not see.
    gauge!(STARTED).set(Duration::from_micros(now.as_micros().unsigned_abs()));
    // What has not happened yet is 0, and not absent: else the first time goes unnoticed.
    for name in [ACCEPTED, ACCEPT_FAILURES] {
        counter!(name).absolute(0);
    }
    for outcome in ["taken", "refused"] {
        counter!(TLS_RELOADS, "outcome" => outcome).absolute(0);
        counter!(KEK_RELOADS, "outcome" => outcome).absolute(0);
    }
    for cut in Cut::ALL {
        counter!(CUTS, "cause" => cut.label()).absolute(0);
    }
    for cause in OPS_CAUSES {
        counter!(OPS_CUTS, "cause" => cause).absolute(0);
    }
    Ok(handle)
}

const GAUGES: &[(&str, &str)] = &[
    (
        "aiconfig_snapshot_revision",
        "Revision that reads are answered from.",
    ),
    ("aiconfig_snapshot_resources", "Live resources in memory."),
    (
        "aiconfig_snapshot_age_seconds",
        "Time since the database last answered this server.",
    ),
    (
        "aiconfig_clock_behind_seconds",
        "How far the clock is behind the last change of the log.",
    ),
    (
        "aiconfig_vault_missing_keys",
        "Key-encryption keys that the keyring lacks.",
    ),
    (
        "aiconfig_vault_damaged",
        "What of the vault is damaged now: rows of the ring, canaries, provider keys.",
    ),
    (
        "aiconfig_vault_rows_to_rewrap",
        "Rows of the ring that the primary key-encryption key of this server does not wrap.",
    ),
    (
        KEKS_CURRENT,
        "Whether the key-encryption files as they are now are what is in force: 1 or 0.",
    ),
    (
        "aiconfig_vault_unusable_keys",
        "Stored provider keys that do not open.",
    ),
    (
        "aiconfig_prompt_cache_bytes",
        "Prompts of accounts that are in memory, in bytes.",
    ),
    (
        DATABASE_ANSWERS,
        "Whether the database answers: 1 or 0; reads go on without it.",
    ),
    (
        DATABASE_WRITABLE,
        "Whether the database takes writes, as far as they were tried: 1 or 0.",
    ),
    ("aiconfig_pool_open", "Open database connections, by pool."),
    ("aiconfig_pool_idle", "Idle database connections, by pool."),
    (
        "aiconfig_pool_max",
        "The most database connections, by pool.",
    ),
    (OPS_CONNECTIONS, "Connections of the ops port."),
    ("aiconfig_calls_open", "Calls that are worked on."),
    (
        "aiconfig_calls_waiting",
        "Calls whose requests have not come whole.",
    ),
    (
        "aiconfig_answers_unread_bytes",
        "Bytes of answers that their clients have not asked for yet.",
    ),
    (
        "aiconfig_request_bytes",
        "Bytes of requests that have come, but for short ones.",
    ),
    (
        CONNECTIONS,
        "Connections that hold room, those that shake hands among them.",
    ),
    (
        TLS_CURRENT,
        "Whether the TLS files as they are now are in use: 1 or 0.",
    ),
];

/// Counts a connection that was accepted.
pub(crate) fn accepted() {
    counter!(ACCEPTED).increment(1);
}

/// Counts an accept that the system had no room for.
pub(crate) fn accept_failed() {
    counter!(ACCEPT_FAILURES).increment(1);
}

/// Counts a connection that the server ended.
pub(crate) fn cut(cut: Cut) {
    counter!(CUTS, "cause" => cut.label()).increment(1);
}

/// Counts a call that there was no room for.
pub(crate) fn turned_away(full: Full) {
    counter!(TURNED_AWAY, "full" => full.label()).increment(1);
}

/// Sets how many connections hold room.
pub(crate) fn connections_open(count: usize) {
    gauge!(CONNECTIONS).set(u32::try_from(count).unwrap_or(u32::MAX));
}

/// Sets how many connections the ops port has.
pub(crate) fn ops_connections_open(count: usize) {
    gauge!(OPS_CONNECTIONS).set(u32::try_from(count).unwrap_or(u32::MAX));
}

/// Counts a connection of the ops port that was ended.
pub(crate) fn ops_cut(cause: &'static str) {
    counter!(OPS_CUTS, "cause" => cause).increment(1);
}

/// Sets whether the TLS files, as they are on the disk, are in use.
pub(crate) fn tls_files_in_use(current: bool) {
    gauge!(TLS_CURRENT).set(u8::from(current));
}

/// Counts a change of the TLS files, which was taken up or not.
pub(crate) fn tls_reloaded(taken: bool) {
    let outcome = if taken { "taken" } else { "refused" };
    counter!(TLS_RELOADS, "outcome" => outcome).increment(1);
    tls_files_in_use(taken);
}

/// Sets whether the files of key-encryption keys, as they are on the disk, are what is in force.
pub(crate) fn kek_files_in_use(current: bool) {
    gauge!(KEKS_CURRENT).set(u8::from(current));
}

/// Counts a change of the files of key-encryption keys, which was taken up or not.
pub(crate) fn keks_reloaded(taken: bool) {
    let outcome = if taken { "taken" } else { "refused" };
    counter!(KEK_RELOADS, "outcome" => outcome).increment(1);
    kek_files_in_use(taken);
}

/// Reads the gauges off the application; called when they are asked for.
pub(crate) fn observe(app: &Application, room: &Room) {
    metrics_process::Collector::default().collect();
    let live = app.live();
    #[expect(
        clippy::cast_precision_loss,
        reason = "gauges are floating-point numbers"
    )]
    let set = |name: &'static str, value: u64| gauge!(name).set(value as f64);
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    set("aiconfig_snapshot_revision", live.snapshot.revision());
    set("aiconfig_prompt_cache_bytes", app.text_cache_bytes());
    let (open, waiting) = room.taken();
    set("aiconfig_calls_open", count(open));
    set("aiconfig_calls_waiting", count(waiting));
    set("aiconfig_answers_unread_bytes", count(room.unread()));
    set("aiconfig_request_bytes", count(room.requests()));
    let resources = u64::try_from(live.snapshot.resource_count()).unwrap_or(0);
    set("aiconfig_snapshot_resources", resources);
    gauge!("aiconfig_snapshot_age_seconds").set(app.staleness().as_secs_f64());
    gauge!("aiconfig_clock_behind_seconds").set(app.clock_behind().as_secs_f64());
    let vault = live.vault_health();
    set("aiconfig_vault_missing_keys", count(vault.missing.len()));
    set("aiconfig_vault_damaged", count(vault.damaged.len()));
    set("aiconfig_vault_rows_to_rewrap", app.ring_rows_to_rewrap());
    counter!(DAMAGE).absolute(app.damage_found());
    set(
        "aiconfig_vault_unusable_keys",
        count(live.unusable_keys().count()),
    );
    let store = app.store();
    let condition = *store.condition().borrow();
    gauge!(DATABASE_ANSWERS).set(u8::from(condition != Condition::Away));
    gauge!(DATABASE_WRITABLE).set(u8::from(condition == Condition::Ready));
    for (pool, stats) in [("read", store.read_pool()), ("write", store.write_pool())] {
        gauge!("aiconfig_pool_open", "pool" => pool).set(stats.open);
        gauge!("aiconfig_pool_idle", "pool" => pool).set(stats.idle);
        gauge!("aiconfig_pool_max", "pool" => pool).set(stats.max);
    }
}

/// The meters of each RPC, made once: the way of a call holds no look-up in a registry.
pub(crate) struct Meters {
    by_rpc: ahash::HashMap<&'static str, (Counter, Histogram)>,
    unauthenticated: Counter,
}

impl Meters {
    pub(crate) fn new() -> Self {
        let rpcs = access::TABLE.iter().map(|entry| entry.rpc);
        let meters = |rpc| {
            let good = counter!(ANSWERS, "rpc" => rpc, "code" => name(Code::Ok));
            (rpc, (good, histogram!(SECONDS, "rpc" => rpc)))
        };
        Self {
            by_rpc: rpcs.chain(["unknown"]).map(meters).collect(),
            unauthenticated: counter!(UNAUTHENTICATED),
        }
    }

    /// Counts an answer.
    pub(crate) fn answered(&self, rpc: &'static str, code: Code, took: Duration) {
        let Some((good, seconds)) = self.by_rpc.get(rpc) else {
            return;
        };
        seconds.record(took);
        if code == Code::Ok {
            good.increment(1);
        } else {
            counter!(ANSWERS, "rpc" => rpc, "code" => name(code)).increment(1);
        }
    }

    /// Counts a call without a valid token.
    pub(crate) fn unauthenticated(&self) {
        self.unauthenticated.increment(1);
    }
}

/// The code as gRPC writes it, such as `NOT_FOUND`.
const fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
