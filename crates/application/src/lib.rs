//! Use cases of the AI-configuration service: commands are decided, recorded and published;
//! queries are answered from the live state in memory.
//!
//! - **No read waits for the database.** A query takes the present [`Live`] state with one atomic
//!   load and works on it.
//! - **One way to write.** [`Application::write`] decides on the newest state under the lock of
//!   the head row, and commits change, log, audit record and answer in one transaction.
#![forbid(unsafe_code)]

mod application;
mod audit;
mod audit_queries;
mod caller;
mod clock;
mod commit;
mod damage;
mod data_check;
mod error;
mod export;
mod follow;
mod import;
mod keks;
mod keyring;
mod live;
mod open;
mod prices;
mod prompts;
mod refusals;
mod releases;
mod reseal;
mod resolve;
mod restore;
mod rotation;
mod rows;
mod secrets;
mod seed;
mod texts;
mod tokens;
mod vault_check;
mod vault_health;
mod write;

pub use application::Application;
pub use audit_queries::{AuditPage, ChainReport};
pub use caller::{Caller, WriteCall};
pub use clock::{Clock, SystemClock};
pub use data_check::{Fault, Severity};
pub use error::AppError;
pub use export::ExportSummary;
pub use import::{
    Dump, DumpError, ImportOptions, ImportReport, KindCounts, ReportConsequence, ReportLine, Totals,
};
pub use keks::KekReload;
pub use live::{KeySlot, Live};
pub use open::{OpenError, OpenOptions};
pub use prices::{
    PRICE_FILE_LIMIT, PriceFile, PriceFileError, PriceLine, PriceOptions, PriceReport, PriceSource,
    RefusedLine, StayedLine,
};
pub use refusals::Refusal;
pub use resolve::{ModelConfigAnswer, ModelConfigQuery};
pub use rotation::{
    DekOptions, DekRotation, DekStep, KekRotation, KekStatus, KekUse, RingStatus, RotationError,
    VaultStatus,
};
pub use secrets::Sidecar;
pub use seed::SeedError;
pub use tokens::{CreatedToken, TokenSpec};
pub use vault_check::{VaultFault, VaultReport};
pub use vault_health::VaultHealth;
pub use write::{Applied, Written};
