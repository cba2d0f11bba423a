//! What became of the rows of an imported dump.

use sea_orm::sea_query::{Expr, ExprTrait};

use crate::error::StoreError;
use crate::load::all;
use crate::rows::LedgerRow;
use crate::store::Store;
use crate::tables::request::{LEDGER, ledger};

/// Keys that one query asks for.
const KEYS: usize = 1_000;

impl Store {
    /// The rows of one model with these primary keys; those that there are.
    ///
    /// # Errors
    /// As every call.
    pub async fn ledger(&self, model: &str, pks: &[String]) -> Result<Vec<LedgerRow>, StoreError> {
        let mut found = Vec::with_capacity(pks.len());
        for pks in pks.chunks(KEYS) {
            let mut select = LEDGER.select();
            select
                .and_where(Expr::col("model").eq(model))
                .and_where(Expr::col("pk").is_in(pks.iter().map(String::as_str)));
            let rows = self
                .caller
                .all(&self.pools.read, "read the import ledger", &select)
                .await?;
            for row in &rows {
                found.push(ledger(row)?);
            }
        }
        Ok(found)
    }

    /// The whole ledger, by model and primary key.
    ///
    /// # Errors
    /// As every call.
    pub async fn ledger_all(&self) -> Result<Vec<LedgerRow>, StoreError> {
        all(&self.caller, &self.pools.read, &LEDGER, ledger).await
    }
}
