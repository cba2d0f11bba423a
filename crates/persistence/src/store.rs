//! The handle to a database.

use std::fmt;
use std::sync::Arc;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ConnectionTrait, DbBackend};

use crate::call::Caller;
use crate::circuit::Circuit;
use crate::config::StoreConfig;
use crate::error::StoreError;
use crate::pools::{self, Flavour, Pools};
use crate::rows::{Head, ResourceRow};
use crate::schema;
use crate::tables::state;

/// A database of configuration. Clones share the connections.
///
/// In memory on SQLite there is one connection: while a [`crate::WriteTransaction`] is open,
/// every other call waits for it, and fails as unavailable if it waits too long.
#[derive(Clone)]
pub struct Store {
    pub(crate) pools: Pools,
    pub(crate) caller: Caller,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("flavour", &self.pools.flavour)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens a database and asks it for a sign of life; a new SQLite file is created, its tables
    /// are not.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it cannot be reached, [`StoreError::Timeout`] if it does
    /// not answer.
    pub async fn connect(config: &StoreConfig) -> Result<Self, StoreError> {
        let circuit = Arc::new(Circuit::new());
        let pools = pools::open(config, &circuit).await?;
        let backend = match pools.flavour {
            Flavour::Postgres => DbBackend::Postgres,
            Flavour::SqliteFile | Flavour::SqliteMemory => DbBackend::Sqlite,
        };
        let store = Self {
            pools,
            caller: Caller {
                backend,
                limit: config.call_timeout,
                circuit,
            },
        };
        store.ping().await?;
        Ok(store)
    }

    /// Whether this is a SQLite database, which one machine's processes share at most.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.pools.flavour != Flavour::Postgres
    }

    /// The end of the log and of the audit chain.
    ///
    /// # Errors
    /// [`StoreError::Other`] before the first migration, or as every call.
    pub async fn head(&self) -> Result<Head, StoreError> {
        read_head(&self.caller, &self.pools.read, false).await
    }

    /// One live resource, for what is not kept in memory.
    ///
    /// # Errors
    /// As every call.
    pub async fn resource(&self, kind: &str, key: &str) -> Result<Option<ResourceRow>, StoreError> {
        let mut select = state::RESOURCE.select();
        select
            .and_where(Expr::col("kind").eq(kind))
            .and_where(Expr::col("key").eq(key));
        let row = self
            .caller
            .one(&self.pools.read, "read a resource", &select)
            .await?;
        row.as_ref().map(state::resource).transpose()
    }

    /// Closes all connections; later calls fail as unavailable.
    ///
    /// # Errors
    /// As every call.
    pub async fn close(&self) -> Result<(), StoreError> {
        for pool in [&self.pools.read, &self.pools.signal, &self.pools.write] {
            self.caller.bound("close", pool.close_by_ref()).await?;
        }
        Ok(())
    }
}

/// Reads the head; `lock` keeps other writers out until the end of the transaction. Fails where a
/// newer program has changed the schema so that this one may not read it any more, or, with `lock`,
/// not write to it: that happens while this one runs.
pub(crate) async fn read_head<C: ConnectionTrait>(
    caller: &Caller,
    on: &C,
    lock: bool,
) -> Result<Head, StoreError> {
    let mut select = state::HEAD.select();
    let oldest = if lock { "min_writer" } else { "min_reader" };
    select
        .expr(schema::oldest(oldest))
        .and_where(Expr::col("id").eq(1));
    if lock && caller.backend == DbBackend::Postgres {
        select.lock_exclusive();
    }
    match caller.one(on, "read the head", &select).await? {
        Some(row) => {
            schema::check_oldest(&row, state::HEAD.columns.len())?;
            state::head(&row)
        }
        None => Err(StoreError::Inconsistent {
            table: "head",
            column: "id",
            key: "1".to_owned(),
        }),
    }
}
