//! Connections to PostgreSQL: how each is set up, and checked when it comes back.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::SqlxPostgresConnector;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::{self, ConnectOptions, Connection, Executor, PgConnection, Row};

use crate::circuit::Circuit;
use crate::error::StoreError;
use crate::pools::{Flavour, Limits, Pools, unusable_url};

/// How long a connection that comes back may take to answer before it is closed.
const CHECK: Duration = Duration::from_secs(1);

/// How long a connection may rest before it is tried out at its next use; less where another one
/// was found broken meanwhile.
const TRY_AFTER: Duration = Duration::from_secs(1);

/// After this long without a word the server ends an open transaction, so that a machine that
/// went away or stands still keeps the lock on the head no longer. Our pauses are short but for
/// imports and loads, see `Caller::allow_long_pauses`.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(5);

/// Opens the pool without connecting: the first call does.
pub(crate) fn open(url: &str, limits: Limits, circuit: &Arc<Circuit>) -> Result<Pools, StoreError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| unusable_url())?
        .application_name("aiconfig")
        .disable_statement_logging();
    let setup = setup(limits.call);
    let circuit = Arc::clone(circuit);
    let pool = PgPoolOptions::new()
        .max_connections(limits.connections)
        .acquire_timeout(limits.acquire)
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            let setup = setup.clone();
            Box::pin(async move {
                connection.execute(sqlx::AssertSqlSafe(setup)).await?;
                Ok(())
            })
        })
        .before_acquire(move |connection, meta| {
            let rest = meta.idle_for;
            let try_it = rest >= TRY_AFTER || circuit.found_broken_within(rest);
            Box::pin(async move {
                if !try_it {
                    return Ok(true);
                }
                within(CHECK, connection.ping()).await?;
                Ok(true)
            })
        })
        .after_release(|connection, _| Box::pin(within(CHECK, fit_for_reuse(connection))))
        .connect_lazy_with(options);
    let pool = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
    Ok(Pools {
        flavour: Flavour::Postgres,
        write: pool.clone(),
        read: pool.clone(),
        signal: pool,
    })
}

/// The settings of a session. The limit of the server is a little below ours: where it still
/// keeps time, a call that is too long ends with an answer and the connection lives on.
fn setup(call: Duration) -> String {
    format!(
        "SET client_min_messages = error; \
         SET statement_timeout = {}; \
         SET idle_in_transaction_session_timeout = {}",
        (call * 9 / 10).as_millis().max(1),
        IDLE_IN_TRANSACTION.as_millis(),
    )
}

/// Whether a connection may be used again.
///
/// A call that was given up leaves a connection in the middle of anything, and a `BEGIN` that
/// was given up leaves it in a transaction of which the driver knows nothing. So each one that
/// comes back reads to the end of what is due and rolls back; one on which the server has become
/// read-only, as a demoted primary does, is closed, so that the next finds the new primary.
async fn fit_for_reuse(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let rows = sqlx::raw_sql("ROLLBACK; SHOW transaction_read_only")
        .fetch_all(connection)
        .await?;
    let setting: String = rows
        .first()
        .ok_or(sqlx::Error::RowNotFound)
        .and_then(|row| row.try_get(0))?;
    Ok(setting == "off")
}

/// An error closes the connection at once.
async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>> + Send,
) -> Result<T, sqlx::Error> {
    tokio::time::timeout(limit, work)
        .await
        .unwrap_or_else(|_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())))
}
