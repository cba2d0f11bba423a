//! The log read backwards for one resource, and forwards as a whole.

use sea_orm::sea_query::{Expr, ExprTrait, Order};

use crate::decode::big;
use crate::error::StoreError;
use crate::rows::{Head, LoggedChange};
use crate::store::Store;
use crate::tables::state::{self, LogRow};
use crate::tail::log_page;

impl Store {
    /// The records of one resource, the newest first, at most `limit`, older than
    /// `before_revision` where that is given.
    ///
    /// # Errors
    /// As every call.
    pub async fn history(
        &self,
        kind: &str,
        key: &str,
        limit: u64,
        before_revision: Option<u64>,
    ) -> Result<Vec<LoggedChange>, StoreError> {
        let mut select = state::CHANGE.select();
        select
            .and_where(Expr::col("kind").eq(kind))
            .and_where(Expr::col("key").eq(key))
            .order_by("revision", Order::Desc)
            .order_by("ordinal", Order::Desc)
            .limit(limit);
        if let Some(before) = before_revision {
            select.and_where(Expr::col("revision").lt(big(before)));
        }
        let rows = self
            .caller
            .all(&self.pools.read, "read the history", &select)
            .await?;
        let mut records = Vec::with_capacity(rows.len());
        for row in &rows {
            if let LogRow::Record(record) = state::change(row)? {
                records.push(record);
            }
        }
        Ok(records)
    }

    /// Every record from revision `from` on, in order, also of very large commands, up to the
    /// head at the begin of the call, which it answers with.
    ///
    /// # Errors
    /// As every call.
    pub async fn replay(
        &self,
        from: u64,
        mut each: impl FnMut(LoggedChange) + Send,
    ) -> Result<Head, StoreError> {
        // What is logged never changes, so that pages may be read one by one.
        let head = self.head().await?;
        let mut place = (big(from), -1);
        loop {
            let page = log_page(&self.caller, &self.pools.read, place, head.revision).await?;
            if page.is_empty() {
                return Ok(head);
            }
            for row in &page {
                match state::change(row)? {
                    LogRow::Bulk(mark) => place = (big(mark.revision), 0),
                    LogRow::Record(record) => {
                        place = (
                            big(record.revision),
                            i32::try_from(record.ordinal).unwrap_or(i32::MAX),
                        );
                        each(record);
                    }
                }
            }
        }
    }
}
