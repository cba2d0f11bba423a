//! What can go wrong in the store, and the one mapping from driver errors to it.

use std::fmt;
use std::time::Duration;

use sea_orm::sqlx::error::{DatabaseError, ErrorKind};
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlxError};

/// What went wrong. Neither `Display` nor `Debug` shows a stored value or a URL.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be used now; a later call may succeed.
    #[error("the database is not available: {reason}")]
    Unavailable {
        /// What is missing, in a few words.
        reason: &'static str,
        /// What the driver reported.
        source: Option<DriverError>,
    },
    /// The connection of the call broke; another one may be good.
    #[error("the connection to the database was lost")]
    ConnectionLost {
        /// What the driver reported.
        source: DriverError,
    },
    /// A call took longer than allowed; whether a commit took place is unknown.
    #[error("the database did not answer within {limit:?} ({during})")]
    Timeout {
        /// Which call it was.
        during: &'static str,
        /// The limit that it met.
        limit: Duration,
    },
    /// A row with this key is there already.
    #[error("a row of {what} is there already")]
    UniqueViolation {
        /// The table.
        what: String,
    },
    /// The state is not what the caller had assumed; read it again and decide again.
    #[error("the state has moved: {what}")]
    Conflict {
        /// What has moved.
        what: &'static str,
    },
    /// A stored row cannot be read as what it should be.
    #[error("table {table}, row {key}: column {column} holds no usable value")]
    Inconsistent {
        /// The table of the row.
        table: &'static str,
        /// The column that cannot be read.
        column: &'static str,
        /// The primary key of the row, parts separated by slashes.
        key: String,
    },
    /// The database was changed by a newer program, which this one may not follow.
    #[error("the schema is version {found}, this program knows {known}: use a newer program")]
    SchemaTooNew {
        /// The version in the database.
        found: i32,
        /// The version that this program knows.
        known: i32,
    },
    /// The database lacks changes that this program needs.
    #[error("the schema lacks {}: run the migration", .pending.join(", "))]
    SchemaTooOld {
        /// The names of the missing changes.
        pending: Vec<String>,
    },
    /// There are records or sealed keys, but not the ring that they were sealed with.
    #[error(
        "the database is in use and has no keyring: restore the tables dek and vault_canary from \
         the backup that the rest is from; a new keyring would open nothing of it"
    )]
    RingMissing,
    /// The database is known to be away, so that it was not even asked.
    #[error("the database is away")]
    Away,
    /// The database accepts no writes now.
    #[error("the database is read-only")]
    ReadOnly,
    /// There is no room for what was to be written.
    #[error("the disk of the database is full")]
    DiskFull {
        /// What the driver reported.
        source: DriverError,
    },
    /// The disk of the database failed, or a file met its size limit.
    #[error("the disk of the database reports an error")]
    DiskError {
        /// What the driver reported.
        source: DriverError,
    },
    /// The answer to a commit did not come: all or nothing of it is written.
    #[error("no answer to the commit: the change may have been made")]
    OutcomeUnknown {
        /// Why there was none.
        source: Box<StoreError>,
    },
    /// Anything else, which a later call will not cure by itself.
    #[error("the database refused the call ({during})")]
    Other {
        /// Which call it was.
        during: &'static str,
        /// What the driver reported.
        source: DriverError,
    },
}

impl StoreError {
    /// Whether the same call may succeed later without anybody doing anything to this program.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable { .. }
            | Self::ConnectionLost { .. }
            | Self::Timeout { .. }
            | Self::Away
            | Self::ReadOnly
            | Self::DiskFull { .. }
            | Self::DiskError { .. }
            | Self::OutcomeUnknown { .. } => true,
            Self::UniqueViolation { .. }
            | Self::Conflict { .. }
            | Self::Inconsistent { .. }
            | Self::SchemaTooNew { .. }
            | Self::SchemaTooOld { .. }
            | Self::RingMissing
            | Self::Other { .. } => false,
        }
    }
}

/// What the driver said, without the values of the statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct DriverError {
    /// The SQLSTATE of PostgreSQL or the extended result code of SQLite.
    pub code: Option<String>,
    /// What it is about; never from a class of messages that repeats values.
    pub text: String,
}

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "{} ({code})", self.text),
            None => f.write_str(&self.text),
        }
    }
}

impl DriverError {
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self {
            code: None,
            text: text.into(),
        }
    }

    fn of(error: &dyn DatabaseError) -> Self {
        let code = error.code().map(std::borrow::Cow::into_owned);
        // PostgreSQL repeats the offending value in messages of the data and constraint classes.
        let repeats = code.as_deref().is_some_and(|code| {
            code.len() == 5 && (code.starts_with("22") || code.starts_with("23"))
        });
        let text = if repeats {
            match (error.table(), error.constraint()) {
                (Some(table), Some(rule)) => format!("table {table}, constraint {rule}"),
                (Some(table), None) => format!("table {table}"),
                _ => "a value was refused".to_owned(),
            }
        } else {
            error.message().to_owned()
        };
        Self { code, text }
    }
}

/// Turns a driver error into ours; `during` names the call.
pub(crate) fn map(during: &'static str, limit: Duration, error: &DbErr) -> StoreError {
    let unavailable = |reason, text: String| StoreError::Unavailable {
        reason,
        source: Some(DriverError::plain(text)),
    };
    let lost = |text: String| StoreError::ConnectionLost {
        source: DriverError::plain(text),
    };
    match error {
        DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => StoreError::Unavailable {
            reason: "no connection within the time allowed",
            source: None,
        },
        DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed) => StoreError::Unavailable {
            reason: "the store is closed",
            source: None,
        },
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => match &**error {
            SqlxError::Database(error) => map_database(during, limit, &**error),
            SqlxError::Io(error) => lost(error.to_string()),
            SqlxError::Tls(error) => unavailable("no secure connection", error.to_string()),
            SqlxError::PoolTimedOut => unavailable(
                "no connection within the time allowed",
                "the pool timed out".to_owned(),
            ),
            SqlxError::PoolClosed => unavailable("the store is closed", "closed".to_owned()),
            SqlxError::WorkerCrashed | SqlxError::BeginFailed | SqlxError::Protocol(_) => {
                lost("protocol".to_owned())
            }
            // The text of any other may hold a value or a part of the URL.
            _ => StoreError::Other {
                during,
                source: DriverError::plain("an error in the driver"),
            },
        },
        _ => StoreError::Other {
            during,
            source: DriverError::plain("an error above the driver"),
        },
    }
}

fn map_database(during: &'static str, limit: Duration, error: &dyn DatabaseError) -> StoreError {
    if error.kind() == ErrorKind::UniqueViolation {
        return StoreError::UniqueViolation {
            what: violated_table(error),
        };
    }
    let source = DriverError::of(error);
    let code = source.code.clone().unwrap_or_default();
    let unavailable = |reason, source| StoreError::Unavailable {
        reason,
        source: Some(source),
    };
    if let Some(primary) = sqlite_primary(&code) {
        return match primary {
            5 | 6 => unavailable("another program holds the write lock", source),
            8 => StoreError::ReadOnly,
            10 => StoreError::DiskError { source },
            13 => StoreError::DiskFull { source },
            14 => unavailable("the database file cannot be opened", source),
            _ => StoreError::Other { during, source },
        };
    }
    match code.as_str() {
        "25006" => StoreError::ReadOnly,
        "57014" => StoreError::Timeout { during, limit },
        "40001" | "40P01" => unavailable("it was in the way of another transaction", source),
        "53100" => StoreError::DiskFull { source },
        "58030" => StoreError::DiskError { source },
        "55P03" => unavailable("a lock was not free in time", source),
        _ => match code.get(..2) {
            // The last word of a session that an operator ends, or a crash.
            Some("08" | "57") if code != "57P03" => StoreError::ConnectionLost { source },
            Some("53") => unavailable("the server lacks resources", source),
            Some("57") => unavailable("the server is stopping or starting", source),
            Some("58") => unavailable("the server reports a system error", source),
            Some("28") => unavailable("the server refuses the user or the password", source),
            Some("3D") => unavailable("the server has no such database", source),
            // A session that sat in an open transaction for too long was ended by the server.
            Some("25") => unavailable("the transaction was ended by the server", source),
            _ => StoreError::Other { during, source },
        },
    }
}

/// SQLite codes are plain numbers of at most four digits, SQLSTATE has five characters.
fn sqlite_primary(code: &str) -> Option<u32> {
    let number: u32 = code.parse().ok()?;
    (code.len() < 5).then_some(number & 0xff)
}

/// The table whose key was violated: named by PostgreSQL, in the message of SQLite.
fn violated_table(error: &dyn DatabaseError) -> String {
    if let Some(table) = error.table() {
        return table.to_owned();
    }
    error
        .message()
        .strip_prefix("UNIQUE constraint failed: ")
        .and_then(|columns| columns.split('.').next())
        .unwrap_or("a table")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_both_databases_are_told_apart() {
        for (code, expected) in [
            ("5", Some(5)),
            ("1032", Some(8)),
            ("2067", Some(19)),
            ("25006", None),
            ("57014", None),
            ("40P01", None),
            ("", None),
        ] {
            assert_eq!(sqlite_primary(code), expected, "{code}");
        }
    }

    #[test]
    fn texts_of_unknown_errors_are_not_repeated() {
        let secret = "postgres://user:hunter2@host";
        let error = DbErr::Custom(secret.to_owned());
        let mapped = map("test", Duration::from_secs(1), &error);
        assert!(!format!("{mapped} {mapped:?}").contains("hunter2"));
    }
}
