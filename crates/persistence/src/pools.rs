//! Opens the connections: which pools there are and in what state a connection comes back.
//!
//! The pools are made with the driver's own builders: the connector of the layer above records
//! its options, and with them the password, in a trace span.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::DatabaseConnection;
use secrecy::ExposeSecret;

use crate::circuit::Circuit;
use crate::config::StoreConfig;
use crate::error::StoreError;
use crate::{postgres, sqlite};

/// Which database it is, where the two differ in more than SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// A file that other processes may use at the same time.
    SqliteFile,
    /// One connection, which is the database.
    SqliteMemory,
    /// A server that other processes use at the same time.
    Postgres,
}

/// The connections of a store. Where one pool serves all, these are handles of the same pool.
#[derive(Clone)]
pub(crate) struct Pools {
    pub(crate) flavour: Flavour,
    pub(crate) write: DatabaseConnection,
    pub(crate) read: DatabaseConnection,
    /// One connection that only looks for changes: SQLite counts those of the others on it.
    pub(crate) signal: DatabaseConnection,
}

/// The time limits of a pool, put in order: waiting for a connection ends before the call does,
/// so that a full pool is told from a stuck database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) connections: u32,
    pub(crate) call: Duration,
    pub(crate) acquire: Duration,
}

impl Limits {
    fn of(config: &StoreConfig) -> Self {
        let call = config.call_timeout.max(Duration::from_millis(10));
        Self {
            connections: config.max_connections.max(1),
            call,
            acquire: config.acquire_timeout.min(call * 9 / 10),
        }
    }
}

/// Opens the pools of a database; a new SQLite file is created.
pub(crate) async fn open(
    config: &StoreConfig,
    circuit: &Arc<Circuit>,
) -> Result<Pools, StoreError> {
    let url = config.url.expose_secret();
    let limits = Limits::of(config);
    if url.starts_with("sqlite:") {
        sqlite::open(url, limits, circuit).await
    } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        postgres::open(url, limits, circuit)
    } else {
        Err(StoreError::Unavailable {
            reason: "the database URL is neither sqlite: nor postgres:",
            source: None,
        })
    }
}

/// A URL that cannot be read; what it says is not repeated.
pub(crate) fn unusable_url() -> StoreError {
    StoreError::Unavailable {
        reason: "the database URL cannot be read",
        source: None,
    }
}
