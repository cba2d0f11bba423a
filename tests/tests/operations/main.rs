//! What an operator relies on: the service manager, the log, the files in `deploy/` and the pages in
//! `docs/operations/`.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod alerts;
mod container;
mod dashboard;
mod drain;
mod files;
mod metrics;
mod notify;
mod pages;
mod query;
mod schema;
mod unit;
