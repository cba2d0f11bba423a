//! The audit chain: records outside of a change, lists, and pages for a check of the chain.

use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};

use crate::commit;
use crate::decode::big;
use crate::error::{DriverError, StoreError};
use crate::rows::{AuditEntry, AuditRow, Head};
use crate::steps::Step;
use crate::store::Store;
use crate::tables::audit::{AUDIT, audit, audit_values};

/// Which audit records; what is not given matches all.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// The resource, whole.
    pub resource: Option<String>,
    /// The actor, whole.
    pub actor: Option<String>,
    /// The public id of the token, whole.
    pub token_id: Option<String>,
    /// The role of the token, whole.
    pub role: Option<String>,
    /// The name of the call, whole.
    pub rpc: Option<String>,
    /// The outcome, whole.
    pub outcome: Option<String>,
    /// The earliest time, included.
    pub from_time_us: Option<i64>,
    /// The latest time, excluded.
    pub to_time_us: Option<i64>,
}

/// From where and in which direction to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seek {
    /// Ascending, from the record after this sequence on.
    After(u64),
    /// Descending, from the record before this sequence on.
    Before(u64),
    /// Descending, from the last record on.
    Newest,
}

impl Store {
    /// Appends records that belong to no change, all or none. `hash` is given the hash of the
    /// record before, the sequence and the record, and answers with its hash.
    ///
    /// # Errors
    /// As [`Store::begin_write`] and [`crate::WriteTransaction::commit`]; the outcome is looked up
    /// where the answer to the commit was lost, and unknown only if that fails too.
    pub async fn append_audit(
        &self,
        entries: Vec<AuditEntry>,
        mut hash: impl FnMut(&[u8], u64, &AuditEntry) -> Vec<u8> + Send,
    ) -> Result<Head, StoreError> {
        let (caller, transaction, old) = self.begin_write().await?.into_parts();
        let mut new = old.clone();
        let mut rows = Vec::with_capacity(entries.len());
        for entry in entries {
            new.audit_sequence += 1;
            let next = hash(&new.audit_hash, new.audit_sequence, &entry);
            rows.push(AuditRow {
                sequence: new.audit_sequence,
                entry,
                prev_hash: std::mem::replace(&mut new.audit_hash, next.clone()),
                hash: next,
            });
        }
        let steps = AUDIT.inserts(rows.iter().map(audit_values));
        let steps: Vec<Step> = steps.into_iter().map(Step::Insert).collect();
        let written = commit::write(&caller, &transaction, steps, &old, &new, false).await;
        caller.noted(written)?;
        match caller.commit(transaction).await {
            Ok(()) => caller.circuit.wrote(),
            Err(StoreError::OutcomeUnknown { source }) => {
                let settled = self.audit_holds(new.audit_sequence, &new.audit_hash).await;
                let unknown = |error| StoreError::OutcomeUnknown {
                    source: Box::new(error),
                };
                if !settled.map_err(unknown)? {
                    return Err(*source);
                }
            }
            Err(error) => return Err(error),
        }
        Ok(new)
    }

    /// Whether the chain has a record of that hash at a place, such as one whose commit had no
    /// answer: this cannot change any more, as the commit held the lock for as long as it was
    /// under way.
    ///
    /// # Errors
    /// As [`Store::begin_write`], or as every call.
    pub async fn audit_holds(&self, sequence: u64, hash: &[u8]) -> Result<bool, StoreError> {
        drop(self.begin_write().await?);
        let page = self.audit_page_for_verify(sequence, 1).await?;
        Ok(page.first().is_some_and(|row| row.hash == hash))
    }

    /// The records that match, at most `limit`.
    ///
    /// # Errors
    /// As every call.
    pub async fn list_audit(
        &self,
        filter: &AuditFilter,
        seek: Seek,
        limit: u64,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let mut select = AUDIT.select();
        matching(&mut select, filter);
        let sequence = || Expr::col("sequence");
        match seek {
            Seek::After(after) => select
                .and_where(sequence().gt(big(after)))
                .order_by("sequence", Order::Asc),
            Seek::Before(before) => select
                .and_where(sequence().lt(big(before)))
                .order_by("sequence", Order::Desc),
            Seek::Newest => select.order_by("sequence", Order::Desc),
        };
        select.limit(limit);
        let rows = self
            .caller
            .all(&self.pools.read, "list the audit", &select)
            .await?;
        rows.iter().map(audit).collect()
    }

    /// How many records match.
    ///
    /// # Errors
    /// As every call.
    pub async fn count_audit(&self, filter: &AuditFilter) -> Result<u64, StoreError> {
        const DURING: &str = "count the audit";
        let mut select = Query::select();
        select.expr(Expr::col("sequence").count()).from(AUDIT.name);
        matching(&mut select, filter);
        let row = self.caller.one(&self.pools.read, DURING, &select).await?;
        row.and_then(|row| row.try_get_by_index::<i64>(0).ok())
            .and_then(|count| u64::try_from(count).ok())
            .ok_or_else(|| StoreError::Other {
                during: DURING,
                source: DriverError::plain("the count is not a number"),
            })
    }

    /// The records from `from_sequence` on, ascending and unfiltered, at most `limit`. A missing
    /// one shows as a gap in the sequences.
    ///
    /// # Errors
    /// As every call.
    pub async fn audit_page_for_verify(
        &self,
        from_sequence: u64,
        limit: u64,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let all = AuditFilter::default();
        self.list_audit(&all, Seek::After(from_sequence.saturating_sub(1)), limit)
            .await
    }
}

fn matching(select: &mut SelectStatement, filter: &AuditFilter) {
    let AuditFilter {
        resource,
        actor,
        token_id,
        role,
        rpc,
        outcome,
        from_time_us,
        to_time_us,
    } = filter;
    for (column, wanted) in [
        ("resource", resource),
        ("actor", actor),
        ("token_id", token_id),
        ("role", role),
        ("rpc", rpc),
        ("outcome", outcome),
    ] {
        if let Some(wanted) = wanted {
            select.and_where(Expr::col(column).eq(wanted.as_str()));
        }
    }
    if let Some(from) = from_time_us {
        select.and_where(Expr::col("time_us").gte(*from));
    }
    if let Some(to) = to_time_us {
        select.and_where(Expr::col("time_us").lt(*to));
    }
}
