//! Answers kept for repeated requests.

use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};

use crate::call::Caller;
use crate::error::StoreError;
use crate::rows::{AnswerScope, StoredAnswerRow};
use crate::store::Store;
use crate::tables::request::{ANSWER, answer};

impl Store {
    /// The answer that an earlier request with this id got, also one that is due for removal.
    ///
    /// # Errors
    /// As every call.
    pub async fn stored_answer(
        &self,
        scope: &AnswerScope,
    ) -> Result<Option<StoredAnswerRow>, StoreError> {
        read_answer(&self.caller, &self.pools.read, scope).await
    }

    /// The same once it cannot change any more: after the end of a write whose outcome is unknown,
    /// which holds the lock on the head for as long as it may still be committed.
    ///
    /// # Errors
    /// As [`Store::begin_write`].
    pub async fn settled_answer(
        &self,
        scope: &AnswerScope,
    ) -> Result<Option<StoredAnswerRow>, StoreError> {
        let locked = self.begin_write().await?;
        locked.stored_answer(scope).await
    }

    /// Removes answers older than `before_us`, the oldest first, at most `limit`; says how many.
    ///
    /// # Errors
    /// As every call.
    pub async fn prune_answers(&self, before_us: i64, limit: u64) -> Result<u64, StoreError> {
        let key = ["token_id", "rpc", "request_id"];
        let mut oldest = Query::select();
        oldest
            .columns(key)
            .from(ANSWER.name)
            .and_where(Expr::col("time_us").lt(before_us))
            .order_by("time_us", Order::Asc)
            .limit(limit);
        let mut delete = Query::delete();
        delete
            .from_table(ANSWER.name)
            .and_where(Expr::tuple(key.map(Expr::col)).in_subquery(oldest));
        self.caller
            .execute(&self.pools.write, "prune answers", &delete)
            .await
    }
}

pub(crate) async fn read_answer<C: ConnectionTrait>(
    caller: &Caller,
    on: &C,
    scope: &AnswerScope,
) -> Result<Option<StoredAnswerRow>, StoreError> {
    let mut select = ANSWER.select();
    select
        .and_where(Expr::col("token_id").eq(scope.token_id.as_str()))
        .and_where(Expr::col("rpc").eq(scope.rpc.as_str()))
        .and_where(Expr::col("request_id").eq(scope.request_id.as_str()));
    let row = caller.one(on, "read a stored answer", &select).await?;
    row.as_ref().map(answer).transpose()
}
