//! The texts of prompts, each kept once under its hash.

use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::prelude::{
    ConnectionTrait, DbErr, MigrationName, MigrationTrait, SchemaManager,
};
use sea_orm_migration::sea_orm::DbBackend;
use sea_orm_migration::sea_query::Expr;

use crate::table::NewTable;

pub(crate) const NAME: &str = "m0002_prompt_text";

pub(crate) struct PromptText;

impl MigrationName for PromptText {
    fn name(&self) -> &'static str {
        NAME
    }
}

#[async_trait]
impl MigrationTrait for PromptText {
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
    let mut statements = prompt_text(backend).build();
    // A binary that does not know prompts could neither load nor replay them.
    statements
        .push("UPDATE schema_compat SET version = 2, min_reader = 2, min_writer = 2".to_owned());
    statements
}

/// Texts outlive what names them, as history does; a row is never changed.
fn prompt_text(backend: DbBackend) -> NewTable {
    NewTable::of_large_rows(backend, "prompt_text")
        .bytes("hash")
        .text("value")
        .check(Expr::cust("length(hash) = 32"))
        .key(&["hash"])
}
