//! Signs of life, signs of change, and how busy the connections are.

use sea_orm::{DatabaseConnection, Statement};

use crate::error::{DriverError, StoreError};
use crate::pools::Flavour;
use crate::store::Store;

/// Differs from an earlier one if somebody may have changed the database since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeSignal(i64);

/// How many connections there are now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolStats {
    /// Open connections.
    pub open: u32,
    /// Open connections that nobody uses.
    pub idle: u32,
    /// The most that may be open.
    pub max: u32,
}

impl Store {
    /// Asks the database for an answer, nothing else.
    ///
    /// # Errors
    /// As every call.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.number(&self.pools.read, "ping", "SELECT 1")
            .await
            .map(|_| ())
    }

    /// A cheap look at whether to read the tail. On a SQLite file it is the count of commits of
    /// other connections, this store's own writer included; else the last revision.
    ///
    /// # Errors
    /// As every call.
    pub async fn change_signal(&self) -> Result<ChangeSignal, StoreError> {
        let sql = match self.pools.flavour {
            Flavour::SqliteFile => "PRAGMA data_version",
            Flavour::SqliteMemory | Flavour::Postgres => {
                "SELECT CAST(revision AS bigint) FROM head WHERE id = 1"
            }
        };
        self.number(&self.pools.signal, "look for changes", sql)
            .await
            .map(ChangeSignal)
    }

    /// The connections that read; on PostgreSQL and in memory all of them.
    #[must_use]
    pub fn read_pool(&self) -> PoolStats {
        self.stats(&self.pools.read)
    }

    /// The connections that write; on PostgreSQL and in memory all of them.
    #[must_use]
    pub fn write_pool(&self) -> PoolStats {
        self.stats(&self.pools.write)
    }

    fn stats(&self, pool: &DatabaseConnection) -> PoolStats {
        let (open, idle, max) = match self.pools.flavour {
            Flavour::Postgres => {
                let pool = pool.get_postgres_connection_pool();
                (
                    pool.size(),
                    pool.num_idle(),
                    pool.options().get_max_connections(),
                )
            }
            Flavour::SqliteFile | Flavour::SqliteMemory => {
                let pool = pool.get_sqlite_connection_pool();
                (
                    pool.size(),
                    pool.num_idle(),
                    pool.options().get_max_connections(),
                )
            }
        };
        PoolStats {
            open,
            idle: u32::try_from(idle).unwrap_or(u32::MAX),
            max,
        }
    }

    /// One number of one row; SQLite and PostgreSQL give small ones in different widths.
    pub(crate) async fn number(
        &self,
        pool: &DatabaseConnection,
        during: &'static str,
        sql: &'static str,
    ) -> Result<i64, StoreError> {
        use sea_orm::ConnectionTrait;
        let statement = Statement::from_string(self.caller.backend, sql);
        let row = self
            .caller
            .bound(during, pool.query_one_raw(statement))
            .await?;
        row.and_then(|row| {
            row.try_get_by_index::<i64>(0)
                .or_else(|_| row.try_get_by_index::<i32>(0).map(i64::from))
                .ok()
        })
        .ok_or_else(|| StoreError::Other {
            during,
            source: DriverError::plain("the answer is not one number"),
        })
    }
}
