//! The database schema, one file a change, for SQLite and PostgreSQL.
//!
//! Each change lists the SQL that it yields for a database, so that a test can hold the text of
//! a released change still. A released file is never edited: a later change adds a file.
#![forbid(unsafe_code)]

mod m0001_initial;
mod m0002_prompt_text;
mod table;

use sea_orm_migration::prelude::{MigrationTrait, MigratorTrait};
use sea_orm_migration::sea_orm::DbBackend;

/// The schema version that this build knows, equal to the number of changes; the row of
/// `schema_compat` says which versions may still read and write a database.
pub const SCHEMA_VERSION: i32 = 2;

/// Runs the changes in order. It takes no lock: run it inside one transaction that holds one.
#[derive(Debug, Clone, Copy)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_initial::Initial),
            Box::new(m0002_prompt_text::PromptText),
        ]
    }
}

/// Every change with its name and the statements that it runs on this database, in order.
#[must_use]
pub fn statements(backend: DbBackend) -> Vec<(&'static str, Vec<String>)> {
    vec![
        (m0001_initial::NAME, m0001_initial::statements(backend)),
        (
            m0002_prompt_text::NAME,
            m0002_prompt_text::statements(backend),
        ),
    ]
}
