//! The one place through which every statement goes: its time limit and its error mapping.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel,
    QueryResult, SqliteTransactionMode, StatementBuilder, TransactionOptions, TransactionTrait,
};

use crate::circuit::Circuit;
use crate::error::{self, StoreError};

/// The extended result code of SQLite for a failed flush to the disk.
const SQLITE_IOERR_FSYNC: &str = "1034";

/// Calls a database within a time limit.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) backend: DbBackend,
    pub(crate) limit: Duration,
    pub(crate) circuit: Arc<Circuit>,
}

impl Caller {
    /// Waits for `work`, at most for the limit, and not while the database is known to be away.
    ///
    /// The limit is ours, not the server's: a frozen server does not keep time. The connection
    /// of a call that is given up is checked or closed on its way back, see `pools`.
    pub(crate) async fn bound<T>(
        &self,
        during: &'static str,
        work: impl Future<Output = Result<T, DbErr>> + Send,
    ) -> Result<T, StoreError> {
        if self.circuit.is_away() {
            return Err(StoreError::Away);
        }
        tokio::select! {
            biased;
            done = tokio::time::timeout(self.limit, work) => match done {
                Ok(Ok(value)) => Ok(value),
                Ok(Err(error)) => {
                    let error = error::map(during, self.limit, &error);
                    if matches!(error, StoreError::ConnectionLost { .. }) {
                        self.circuit.found_broken();
                    }
                    Err(error)
                }
                Err(_) => Err(StoreError::Timeout {
                    during,
                    limit: self.limit,
                }),
            },
            () = self.circuit.opened() => Err(StoreError::Away),
        }
    }

    /// The same for work that changes nothing: it is done once more where its connection turns out
    /// to be lost, as those of the pool are after a restart of the server. Each that rested is then
    /// tried before it is used. In a transaction, which has but one, it fails again.
    async fn twice<T, W: Future<Output = Result<T, DbErr>> + Send>(
        &self,
        during: &'static str,
        work: impl Fn() -> W,
    ) -> Result<T, StoreError> {
        match self.bound(during, work()).await {
            Err(StoreError::ConnectionLost { .. }) => self.bound(during, work()).await,
            first => first,
        }
    }

    pub(crate) async fn all<C: ConnectionTrait, S: StatementBuilder>(
        &self,
        on: &C,
        during: &'static str,
        statement: &S,
    ) -> Result<Vec<QueryResult>, StoreError> {
        self.twice(during, || on.query_all(statement)).await
    }

    pub(crate) async fn one<C: ConnectionTrait, S: StatementBuilder>(
        &self,
        on: &C,
        during: &'static str,
        statement: &S,
    ) -> Result<Option<QueryResult>, StoreError> {
        self.twice(during, || on.query_one(statement)).await
    }

    /// The number of rows that the statement changed.
    pub(crate) async fn execute<C: ConnectionTrait, S: StatementBuilder>(
        &self,
        on: &C,
        during: &'static str,
        statement: &S,
    ) -> Result<u64, StoreError> {
        let done = self.bound(during, on.execute(statement)).await?;
        Ok(done.rows_affected())
    }

    /// A transaction that writes. On SQLite it holds the write lock from here on; reading first
    /// and locking later fails under load.
    pub(crate) async fn begin_write(
        &self,
        pool: &DatabaseConnection,
    ) -> Result<DatabaseTransaction, StoreError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.twice("begin", || pool.begin_with_options(options))
            .await
    }

    /// A transaction whose reads all see one state.
    pub(crate) async fn begin_read(
        &self,
        pool: &DatabaseConnection,
    ) -> Result<DatabaseTransaction, StoreError> {
        let options = match self.backend {
            DbBackend::Postgres => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                ..TransactionOptions::default()
            },
            _ => TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Deferred),
                ..TransactionOptions::default()
            },
        };
        self.twice("begin", || pool.begin_with_options(options))
            .await
    }

    /// Lets a transaction rest for longer between two statements than the session allows.
    pub(crate) async fn allow_long_pauses(
        &self,
        transaction: &DatabaseTransaction,
    ) -> Result<(), StoreError> {
        const LONG: &str = "SET LOCAL idle_in_transaction_session_timeout = '5min'";
        if self.backend == DbBackend::Postgres {
            let set = transaction.execute_unprepared(LONG);
            self.bound("allow long pauses", set).await?;
        }
        Ok(())
    }

    /// Ends a transaction that only read.
    pub(crate) async fn end_read(
        &self,
        transaction: DatabaseTransaction,
    ) -> Result<(), StoreError> {
        self.bound("end a read", transaction.commit()).await
    }

    /// Commits a write. Where the database refuses it, nothing is written; where no answer comes,
    /// that is not known: [`StoreError::OutcomeUnknown`].
    pub(crate) async fn commit(&self, transaction: DatabaseTransaction) -> Result<(), StoreError> {
        let outcome = self.bound("commit", transaction.commit()).await;
        self.noted(outcome).map_err(of_commit)
    }

    /// Passes on what a write came to, once the circuit has taken note of it.
    pub(crate) fn noted<T>(&self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &outcome {
            self.circuit.write_failed(error);
        }
        outcome
    }
}

/// What the failure of a commit means. Where the database refused it, nothing is written.
fn of_commit(error: StoreError) -> StoreError {
    let unknown = match &error {
        StoreError::Unavailable { .. }
        | StoreError::ConnectionLost { .. }
        | StoreError::Timeout { .. }
        | StoreError::Away => true,
        // The whole commit may stand in the write-ahead log, and a recovery takes it up.
        StoreError::DiskError { source } => source.code.as_deref() == Some(SQLITE_IOERR_FSYNC),
        _ => false,
    };
    if unknown {
        StoreError::OutcomeUnknown {
            source: Box::new(error),
        }
    } else {
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::DriverError;

    #[test]
    fn a_commit_that_may_be_in_the_log_is_not_told_as_refused() {
        let failed = |code: &str| StoreError::DiskError {
            source: DriverError {
                code: Some(code.to_owned()),
                text: "disk I/O error".to_owned(),
            },
        };
        let flush = of_commit(failed(SQLITE_IOERR_FSYNC));
        let StoreError::OutcomeUnknown { source } = flush else {
            panic!("{flush:?}");
        };
        assert!(matches!(*source, StoreError::DiskError { .. }));
        assert!(source.is_transient());
        // A write that failed, and the error of PostgreSQL.
        for code in ["10", "778", "58030"] {
            let refused = of_commit(failed(code));
            assert!(matches!(refused, StoreError::DiskError { .. }), "{code}");
        }
        let refused = of_commit(StoreError::ReadOnly);
        assert!(matches!(refused, StoreError::ReadOnly));
        let lost = of_commit(StoreError::Away);
        assert!(matches!(lost, StoreError::OutcomeUnknown { .. }));
    }
}
