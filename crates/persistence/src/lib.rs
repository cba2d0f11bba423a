//! The store over SQLite and PostgreSQL: transactions, change log, audit.
//!
//! The store moves rows that are encoded elsewhere. It knows no rule, opens no envelope, and
//! reads no clock: times, ids and hashes come in.
//!
//! - Every call goes through `call`, which limits its time and maps its errors; while the database
//!   is known to be away, calls fail at once (`circuit`).
//! - A write holds the lock on the head row from its first statement to its commit; that lock is
//!   what makes revisions and audit sequences gap-free.
//! - Nothing here logs, and no error shows a stored value, a statement or the URL.
#![forbid(unsafe_code)]

mod answers;
mod audit;
mod backup;
mod call;
mod circuit;
mod commit;
mod config;
mod decode;
mod error;
mod health;
mod history;
mod ledger;
mod load;
mod page;
mod pools;
mod postgres;
mod rows;
mod schema;
mod signals;
mod sqlite;
mod statement;
mod steps;
mod store;
mod tables;
mod tail;
mod texts;
mod vault;
mod write;

pub use aiconfig_migrations::SCHEMA_VERSION;
pub use audit::{AuditFilter, Seek};
pub use circuit::{Condition, WriteFault};
pub use commit::{Commit, SideEffect};
pub use config::StoreConfig;
pub use error::{DriverError, StoreError};
pub use health::PoolStats;
pub use load::{LoadOptions, LoadedState};
pub use page::{ResourcePage, ResourceRef};
pub use rows::{
    AnswerScope, AuditEntry, AuditRow, CanaryRow, Change, ChangeRow, DekRow, DekState, EnvelopeRow,
    Head, LedgerRow, LoggedChange, ResealedRow, ResourceRow, StoredAnswerRow, TextRow, VerifierRow,
};
pub use schema::SchemaStatus;
pub use signals::{Signal, Signals};
pub use steps::BULK_THRESHOLD;
pub use store::Store;
pub use tail::{RevisionRows, Tail};
pub use vault::SealedRows;
pub use write::WriteTransaction;
