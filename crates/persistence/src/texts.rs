//! Prompt texts by their hashes.

use sea_orm::sea_query::{Expr, ExprTrait};

use crate::error::StoreError;
use crate::rows::TextRow;
use crate::store::Store;
use crate::tables::text::{TEXT, text};

/// Hashes that one query names: as many texts of the largest size are 16 MiB.
const AT_ONCE: usize = 64;

impl Store {
    /// The texts of some hashes; a hash without a row has none in the answer.
    ///
    /// # Errors
    /// As every call.
    pub async fn texts(&self, hashes: &[[u8; 32]]) -> Result<Vec<TextRow>, StoreError> {
        let mut found = Vec::with_capacity(hashes.len());
        for some in hashes.chunks(AT_ONCE) {
            let mut select = TEXT.select();
            let hashes = some.iter().map(|hash| hash.to_vec());
            select.and_where(Expr::col("hash").is_in(hashes));
            let rows = self.caller.all(&self.pools.read, "read texts", &select);
            for row in rows.await? {
                found.push(text(&row)?);
            }
        }
        Ok(found)
    }
}
