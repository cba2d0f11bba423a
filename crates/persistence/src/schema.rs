//! Brings the schema up to date, and says how a database and this program fit together.

use std::time::Duration;

use aiconfig_migrations::{Migrator, SCHEMA_VERSION};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query, SimpleExpr};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, QueryResult};
use sea_orm_migration::{MigratorTrait, SchemaManager};

use crate::call::Caller;
use crate::error::StoreError;
use crate::rows::Head;
use crate::store::{Store, read_head};
use crate::tables::state::HEAD;

/// A migration may wait for another that is under way, and may copy tables.
const MIGRATE_LIMIT: Duration = Duration::from_mins(2);

/// The table of the migration library that lists the changes done.
const DONE_TABLE: &str = "seaql_migrations";

/// How the schema of a database and this program fit together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemaStatus {
    /// There is nothing yet.
    Empty,
    /// Changes are missing.
    Behind {
        /// The names of the missing changes.
        pending: Vec<String>,
    },
    /// They are the same.
    Current,
    /// A newer program was here.
    Ahead {
        /// The version in the database.
        version: i32,
        /// Whether this program may still read.
        may_read: bool,
        /// Whether this program may still write.
        may_write: bool,
    },
}

impl SchemaStatus {
    /// Whether this program may read; else why not.
    ///
    /// # Errors
    /// [`StoreError::SchemaTooOld`] or [`StoreError::SchemaTooNew`].
    pub fn check_read(&self) -> Result<(), StoreError> {
        match self {
            Self::Ahead { may_read: true, .. } => Ok(()),
            _ => self.check_write(),
        }
    }

    /// Whether this program may read and write; else why not.
    ///
    /// # Errors
    /// [`StoreError::SchemaTooOld`] or [`StoreError::SchemaTooNew`].
    pub fn check_write(&self) -> Result<(), StoreError> {
        match self {
            Self::Current
            | Self::Ahead {
                may_write: true, ..
            } => Ok(()),
            Self::Empty => Err(StoreError::SchemaTooOld {
                pending: known_changes(),
            }),
            Self::Behind { pending } => Err(StoreError::SchemaTooOld {
                pending: pending.clone(),
            }),
            Self::Ahead { version, .. } => Err(StoreError::SchemaTooNew {
                found: *version,
                known: SCHEMA_VERSION,
            }),
        }
    }
}

impl Store {
    /// Brings the schema up to date and makes the head with this deployment id where there is
    /// none; answers with the head. May be called again and by several programs at once.
    ///
    /// # Errors
    /// [`StoreError::SchemaTooNew`] if a newer program was here that shuts this one out, or as a
    /// write.
    pub async fn migrate(&self, deployment_id: [u8; 16]) -> Result<Head, StoreError> {
        let caller = Caller {
            limit: MIGRATE_LIMIT,
            ..self.caller.clone()
        };
        let transaction = caller.begin_write(&self.pools.write).await?;
        caller.allow_long_pauses(&transaction).await?;
        if caller.backend == DbBackend::Postgres {
            lock(&caller, &transaction).await?;
        }
        let status = status(&caller, &transaction).await?;
        match status {
            SchemaStatus::Ahead { .. } => status.check_write()?,
            SchemaStatus::Empty | SchemaStatus::Behind { .. } | SchemaStatus::Current => {
                caller
                    .bound("migrate", Migrator::up(&transaction, None))
                    .await?;
            }
        }
        let mut insert = Query::insert();
        insert
            .into_table(HEAD.name)
            .columns(HEAD.columns)
            .values_panic([
                1.into(),
                0_i64.into(),
                0_i64.into(),
                0_i64.into(),
                vec![0_u8; 32].into(),
                deployment_id.to_vec().into(),
            ])
            .on_conflict(OnConflict::column("id").do_nothing().to_owned());
        caller
            .execute(&transaction, "make the head", &insert)
            .await?;
        let head = read_head(&caller, &transaction, false).await?;
        caller.commit(transaction).await?;
        Ok(head)
    }

    /// How the schema of the database and this program fit together; changes nothing.
    ///
    /// # Errors
    /// As every call.
    pub async fn schema_status(&self) -> Result<SchemaStatus, StoreError> {
        let reads = self.caller.begin_read(&self.pools.read).await?;
        let found = status(&self.caller, &reads).await?;
        self.caller.end_read(reads).await?;
        Ok(found)
    }
}

/// Waits until no other program migrates; the lock ends with the transaction.
async fn lock(caller: &Caller, on: &DatabaseTransaction) -> Result<(), StoreError> {
    // Neither the wait nor the migration is bound by the limit of ordinary calls.
    for sql in [
        "SET LOCAL statement_timeout = 0",
        "SELECT pg_advisory_xact_lock(7020091466211329377)",
    ] {
        caller
            .bound("wait for another migration", on.execute_unprepared(sql))
            .await?;
    }
    Ok(())
}

fn known_changes() -> Vec<String> {
    Migrator::migrations()
        .iter()
        .map(|change| change.name().to_owned())
        .collect()
}

async fn status(caller: &Caller, on: &DatabaseTransaction) -> Result<SchemaStatus, StoreError> {
    let applied = caller.bound("read the schema", applied_changes(on)).await?;
    if applied.is_empty() {
        return Ok(SchemaStatus::Empty);
    }
    let known = known_changes();
    if applied.iter().all(|name| known.contains(name)) {
        let pending: Vec<String> = known
            .into_iter()
            .filter(|name| !applied.contains(name))
            .collect();
        return Ok(if pending.is_empty() {
            SchemaStatus::Current
        } else {
            SchemaStatus::Behind { pending }
        });
    }
    let (version, min_reader, min_writer) =
        caller.bound("read the schema", compatibility(on)).await?;
    Ok(SchemaStatus::Ahead {
        version,
        may_read: SCHEMA_VERSION >= min_reader,
        may_write: SCHEMA_VERSION >= min_writer,
    })
}

/// The oldest program that may still read (`min_reader`) or write (`min_writer`), as a column of
/// another select: it costs no call of its own.
pub(crate) fn oldest(column: &'static str) -> SimpleExpr {
    let mut select = Query::select();
    select
        .column(column)
        .from("schema_compat")
        .and_where(Expr::col(("schema_compat", "id")).eq(1));
    SimpleExpr::SubQuery(None, Box::new(select.into()))
}

/// Whether this program is new enough for what [`oldest`] gave in this column of a row.
pub(crate) fn check_oldest(row: &QueryResult, column: usize) -> Result<(), StoreError> {
    let found = row.try_get_by_index::<Option<i32>>(column).ok().flatten();
    match found {
        Some(found) if found <= SCHEMA_VERSION => Ok(()),
        Some(found) => Err(StoreError::SchemaTooNew {
            found,
            known: SCHEMA_VERSION,
        }),
        None => Err(StoreError::Inconsistent {
            table: "schema_compat",
            column: "min_reader",
            key: "1".to_owned(),
        }),
    }
}

/// The library's own status call fails where the database is ahead, so that we look ourselves.
async fn applied_changes(on: &DatabaseTransaction) -> Result<Vec<String>, DbErr> {
    if !SchemaManager::new(on).has_table(DONE_TABLE).await? {
        return Ok(Vec::new());
    }
    let mut select = Query::select();
    select.column("version").from(DONE_TABLE);
    let rows = on.query_all(&select).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

async fn compatibility(on: &DatabaseTransaction) -> Result<(i32, i32, i32), DbErr> {
    let mut select = Query::select();
    select
        .columns(["version", "min_reader", "min_writer"])
        .from("schema_compat")
        .and_where(Expr::col("id").eq(1));
    let row = on
        .query_one(&select)
        .await?
        .ok_or_else(|| DbErr::RecordNotFound("schema_compat".to_owned()))?;
    Ok((
        row.try_get_by_index(0)?,
        row.try_get_by_index(1)?,
        row.try_get_by_index(2)?,
    ))
}
