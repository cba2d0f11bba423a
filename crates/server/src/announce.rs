//! What the log says when the server starts and stops.

use std::time::Instant;

use aiconfig_application::Application;
use aiconfig_persistence::{SCHEMA_VERSION, SchemaStatus};

use crate::config::{self, Flags};
use crate::start::Failure;

/// This program's version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Which program starts, and what it was told that is not a default. Passwords and keys are masked.
pub(crate) fn starting(flags: &Flags) -> Result<(), Failure> {
    let shown = config::shown(flags)?.into_iter();
    let told: Vec<String> = shown
        .filter(|setting| !matches!(setting.origin.as_str(), "" | "default"))
        .map(|setting| format!("{} = {} ({})", setting.key, setting.value, setting.origin))
        .collect();
    let pid = std::process::id();
    tracing::info!(
        version = VERSION,
        pid,
        settings = told.join(", "),
        "starting"
    );
    Ok(())
}

/// What the database and the vault came to.
pub(crate) async fn opened(app: &Application, since: Instant) -> Result<(), Failure> {
    let kind = if app.store().is_embedded() {
        "SQLite"
    } else {
        "PostgreSQL"
    };
    let schema = match app.store().schema_status().await? {
        SchemaStatus::Ahead { version, .. } => {
            tracing::warn!(
                schema = version,
                known = SCHEMA_VERSION,
                "the database is of a newer version than this program"
            );
            version
        }
        _ => SCHEMA_VERSION,
    };
    let live = app.live();
    tracing::info!(
        database = kind,
        schema,
        revision = live.snapshot.revision(),
        resources = live.snapshot.resource_count(),
        digest = live.snapshot.digest().to_hex(),
        took = ?since.elapsed(),
        "the state is loaded"
    );
    let health = live.vault_health();
    let missing: Vec<String> = health.missing.iter().map(ToString::to_string).collect();
    let unusable = live.unusable_keys().count();
    if health.is_sound() && unusable == 0 {
        tracing::info!("the vault is open");
    } else {
        tracing::error!(
            missing = missing.join(", "),
            damaged = health.damaged.join(", "),
            unusable,
            "vault degraded: keys cannot be released; see `aiconfig vault verify`"
        );
    }
    Ok(())
}

/// How it ended.
pub(crate) fn stopped(app: &Application, since: Instant) {
    let revision = app.live().snapshot.revision();
    tracing::info!(revision, served = ?since.elapsed(), "stopped");
}
