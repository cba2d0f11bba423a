//! The first schema: live state, change log, sealed bytes, audit, answers, import ledger.

use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::prelude::{
    ConnectionTrait, DbErr, MigrationName, MigrationTrait, SchemaManager,
};
use sea_orm_migration::sea_orm::DbBackend;
use sea_orm_migration::sea_query::Expr;

use crate::table::NewTable;

pub(crate) const NAME: &str = "m0001_initial";

pub(crate) struct Initial;

impl MigrationName for Initial {
    fn name(&self) -> &'static str {
        NAME
    }
}

#[async_trait]
impl MigrationTrait for Initial {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for statement in statements(manager.get_database_backend()) {
            connection.execute_unprepared(&statement).await?;
        }
        Ok(())
    }

    // SQLite would otherwise keep half of a change that failed.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

pub(crate) fn statements(backend: DbBackend) -> Vec<String> {
    let tables = [
        compat(backend),
        head(backend),
        resource(backend),
        change(backend),
        key_envelope(backend),
        dek(backend),
        vault_canary(backend),
        token_verifier(backend),
        audit(backend),
        stored_answer(backend),
        import_ledger(backend),
    ];
    let mut statements: Vec<String> = tables.into_iter().flat_map(NewTable::build).collect();
    statements.push(
        "INSERT INTO schema_compat (id, version, min_reader, min_writer) VALUES (1, 1, 1, 1)"
            .to_owned(),
    );
    statements
}

/// Which binaries may use this database: those that know at least these schema versions.
fn compat(backend: DbBackend) -> NewTable {
    NewTable::new(backend, "schema_compat")
        .single_row()
        .int("version")
        .int("min_reader")
        .int("min_writer")
}

/// The end of the log and of the audit chain; writers lock its one row.
fn head(backend: DbBackend) -> NewTable {
    NewTable::new(backend, "head")
        .single_row()
        .big("revision")
        .big("log_time_us")
        .big("audit_sequence")
        .bytes("audit_hash")
        .bytes("deployment_id")
        .check(Expr::cust("length(deployment_id) = 16"))
}

/// The live state: one encoded value for each kind and key.
fn resource(backend: DbBackend) -> NewTable {
    NewTable::new(backend, "resource")
        .name_text("kind")
        .name_text("key")
        .int("codec")
        .text("value")
        .big("revision")
        .big("create_time_us")
        .big("update_time_us")
        .text("updated_by")
        .key(&["kind", "key"])
}

/// The one change log, which is the history as well.
fn change(backend: DbBackend) -> NewTable {
    NewTable::new(backend, "change")
        .big("revision")
        .int("ordinal")
        .name_text("kind")
        .name_text("key")
        .choice("op", &["put", "delete", "bulk"])
        .optional_int("codec")
        .optional_text("value")
        .big("time_us")
        .text("updated_by")
        // A put has codec and value, a delete neither, a bulk mark the count alone.
        .check(Expr::cust(
            "(op = 'put') = (codec IS NOT NULL) AND (op = 'delete') = (value IS NULL)",
        ))
        .key(&["revision", "ordinal"])
        .index(&["kind", "key", "revision"])
}

/// The only table with sealed secrets; a destroyed version keeps its row and loses the bytes.
fn key_envelope(backend: DbBackend) -> NewTable {
    NewTable::new(backend, "key_envelope")
        .name_text("provider")
        .int("version")
        .optional_bytes("envelope")
        .bytes("state_mac")
        .big("revision")
        .key(&["provider", "version"])
}

/// The ring of data-encryption keys, each wrapped by a key that is not in the database.
fn dek(backend: DbBackend) -> NewTable {
    NewTable::new(backend, "dek")
        .name_text("purpose")
        .int("version")
        .choice(
            "state",
            &["pending", "active", "open_only", "disabled", "destroyed"],
        )
        .bytes("kek_id")
        .optional_bytes("wrapped")
        .check(Expr::cust("state = 'destroyed' OR wrapped IS NOT NULL"))
        .key(&["purpose", "version"])
}

/// One known text sealed under each key-encryption key, opened at every start.
fn vault_canary(backend: DbBackend) -> NewTable {
    NewTable::new(backend, "vault_canary")
        .bytes("kek_id")
        .bytes("envelope")
        .key(&["kek_id"])
}

fn token_verifier(backend: DbBackend) -> NewTable {
    NewTable::new(backend, "token_verifier")
        .name_text("token_id")
        .bytes("verifier")
        .key(&["token_id"])
}

fn audit(backend: DbBackend) -> NewTable {
    NewTable::new(backend, "audit")
        .big("sequence")
        .optional_big("revision")
        .big("time_us")
        .name_text("actor")
        .name_text("token_id")
        .text("role")
        .text("peer")
        .text("request_id")
        .name_text("rpc")
        .name_text("resource")
        .text("outcome")
        .optional_text("before")
        .optional_text("after")
        .text("reason")
        .bytes("prev_hash")
        .bytes("hash")
        .key(&["sequence"])
        .index(&["resource", "sequence"])
        .index(&["actor", "sequence"])
        .index(&["time_us"])
}

/// Answers of accepted commands, kept a day, so that a repeated request gets the first answer.
fn stored_answer(backend: DbBackend) -> NewTable {
    NewTable::new(backend, "stored_answer")
        .name_text("token_id")
        .name_text("rpc")
        .name_text("request_id")
        .bytes("body_mac")
        .bytes("answer")
        .optional_big("revision")
        .big("time_us")
        .key(&["token_id", "rpc", "request_id"])
        .index(&["time_us"])
}

/// Which row of an imported dump became which resources, so that a second run changes nothing.
fn import_ledger(backend: DbBackend) -> NewTable {
    NewTable::new(backend, "import_ledger")
        .name_text("model")
        .name_text("pk")
        .bytes("content_hash")
        .text("resources")
        .big("revision")
        .big("time_us")
        .key(&["model", "pk"])
}
