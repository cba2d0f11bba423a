//! Connections to SQLite: one that writes, some that read, one that watches for changes.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::error::DatabaseError;
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sea_orm::sqlx::{self, ConnectOptions, Connection};
use sea_orm::{DatabaseConnection, SqlxSqliteConnector};

use crate::circuit::Circuit;
use crate::error::{self, StoreError};
use crate::pools::{Flavour, Limits, Pools, unusable_url};

/// Rows that the thread of a connection reads ahead of the task that takes them.
const ROWS_AHEAD: usize = 4_096;

/// How often to look whether another process has finished setting up the file.
const SETUP_PAUSE: Duration = Duration::from_millis(20);

/// Opens the database, creating the file if there is none.
pub(crate) async fn open(
    url: &str,
    limits: Limits,
    circuit: &Arc<Circuit>,
) -> Result<Pools, StoreError> {
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|_| unusable_url())?
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        // An erased envelope is overwritten with zeros, not just forgotten.
        .pragma("secure_delete", "ON")
        // Shorter than our own limit, so that a held lock is reported as what it is.
        .busy_timeout(limits.call * 3 / 4)
        .row_buffer_size(ROWS_AHEAD)
        .disable_statement_logging();
    // `mode=ro` in the URL is the caller's word that the file is there and must not change.
    let read_only = url.contains("mode=ro");
    let options = options.create_if_missing(!read_only);
    if url.contains(":memory:") || url.contains("mode=memory") {
        let pool = handle(pool(1, limits).connect_lazy_with(options));
        return Ok(Pools {
            flavour: Flavour::SqliteMemory,
            write: pool.clone(),
            read: pool.clone(),
            signal: pool,
        });
    }
    let writer = if read_only {
        options.clone()
    } else {
        options.clone().journal_mode(SqliteJournalMode::Wal)
    };
    let write = file_pool(1, limits, circuit).connect_lazy_with(writer);
    // The first connection turns the file to write-ahead logging, which is kept in the file.
    ready(&write, limits).await?;
    let reader = options.pragma("query_only", "ON");
    let readers = limits.connections.saturating_sub(1).max(1);
    Ok(Pools {
        flavour: Flavour::SqliteFile,
        write: handle(write),
        read: handle(file_pool(readers, limits, circuit).connect_lazy_with(reader.clone())),
        signal: handle(pool(1, limits).connect_lazy_with(reader)),
    })
}

fn pool(connections: u32, limits: Limits) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(limits.acquire)
        .test_before_acquire(false)
        // A database in memory is gone with its connection, and the count of changes that
        // `data_version` gives is that of one connection: neither is ever replaced.
        .idle_timeout(None)
        .max_lifetime(None)
}

/// A pool whose connections can be replaced.
fn file_pool(connections: u32, limits: Limits, circuit: &Arc<Circuit>) -> SqlitePoolOptions {
    let circuit = Arc::clone(circuit);
    pool(connections, limits).after_release(move |connection, _| {
        // A file that was read-only when it was opened stays so for this connection.
        let fit = !circuit.is_read_only();
        Box::pin(async move { Ok(is_idle(connection).await? && fit) })
    })
}

/// Whether a connection is in no transaction, as it should be when it comes back.
///
/// Where the disk is full or fails, SQLite rolls back by itself. The rollback of the driver then
/// fails, and the driver goes on to believe in a transaction: the next begin would be a savepoint
/// within it, whose rollback leaves SQLite in a transaction that nobody commits. All later writes
/// would be acknowledged and lost.
async fn is_idle(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // Comes after all that is under way, such as the rollback of a write that was dropped.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

fn handle(pool: SqlitePool) -> DatabaseConnection {
    SqlxSqliteConnector::from_sqlx_sqlite_pool(pool)
}

/// Connects, and tries again while another process is turning the same new file to write-ahead
/// logging: SQLite does not wait for that lock by itself.
async fn ready(pool: &SqlitePool, limits: Limits) -> Result<(), StoreError> {
    let until = tokio::time::Instant::now() + limits.call;
    loop {
        let Err(error) = pool.acquire().await else {
            return Ok(());
        };
        if !is_locked(&error) || tokio::time::Instant::now() >= until {
            let error = sea_orm::DbErr::Conn(sea_orm::RuntimeErr::SqlxError(error.into()));
            return Err(error::map("connect", limits.call, &error));
        }
        tokio::time::sleep(SETUP_PAUSE).await;
    }
}

fn is_locked(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    let number = code.and_then(|code| code.parse::<u32>().ok());
    number.is_some_and(|number| matches!(number & 0xff, 5 | 6))
}
