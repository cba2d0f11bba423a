//! Holds the text of each change still: what it yields on each database is checked in.
//!
//! A new change has no file yet: run with `AICONFIG_WRITE_DDL=1` once, which writes missing
//! files and never touches one that is there.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where it cannot go on"
)]

use std::path::Path;

use aiconfig_migrations::{Migrator, SCHEMA_VERSION, statements};
use sea_orm_migration::MigratorTrait;
use sea_orm_migration::sea_orm::DbBackend;

fn check(backend: DbBackend, suffix: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("ddl");
    for (name, list) in statements(backend) {
        let file = folder.join(format!("{name}.{suffix}.sql"));
        let text = list.join(";\n") + ";\n";
        if !file.exists() && std::env::var_os("AICONFIG_WRITE_DDL").is_some() {
            std::fs::write(&file, &text).unwrap();
        }
        let kept = std::fs::read_to_string(&file)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert_eq!(kept, text, "{name} changed for {suffix}: add a new change");
    }
}

#[test]
fn sqlite_text_is_unchanged() {
    check(DbBackend::Sqlite, "sqlite");
}

#[test]
fn postgres_text_is_unchanged() {
    check(DbBackend::Postgres, "postgres");
}

#[test]
fn list_and_migrator_and_version_agree() {
    let listed: Vec<_> = statements(DbBackend::Sqlite)
        .into_iter()
        .map(|(name, _)| name.to_owned())
        .collect();
    let run: Vec<_> = Migrator::migrations()
        .iter()
        .map(|one| one.name().to_owned())
        .collect();
    assert_eq!(listed, run);
    assert_eq!(usize::try_from(SCHEMA_VERSION).unwrap(), run.len());
}
