//! Rows of the audit chain.

use sea_orm::QueryResult;
use sea_orm::sea_query::Expr;

use crate::decode::{Row, big};
use crate::error::StoreError;
use crate::rows::{AuditEntry, AuditRow};
use crate::statement::Table;

pub(crate) static AUDIT: Table<16> = Table {
    name: "audit",
    columns: [
        "sequence",
        "revision",
        "time_us",
        "actor",
        "token_id",
        "role",
        "peer",
        "request_id",
        "rpc",
        "resource",
        "outcome",
        "before",
        "after",
        "reason",
        "prev_hash",
        "hash",
    ],
    key: 1,
};

pub(crate) fn audit(row: &QueryResult) -> Result<AuditRow, StoreError> {
    let row = Row::new(row, &AUDIT);
    Ok(AuditRow {
        sequence: row.count(0)?,
        entry: AuditEntry {
            revision: row.optional_count(1)?,
            time_us: row.get(2)?,
            actor: row.get(3)?,
            token_id: row.get(4)?,
            role: row.get(5)?,
            peer: row.get(6)?,
            request_id: row.get(7)?,
            rpc: row.get(8)?,
            resource: row.get(9)?,
            outcome: row.get(10)?,
            before: row.get(11)?,
            after: row.get(12)?,
            reason: row.get(13)?,
        },
        prev_hash: row.get(14)?,
        hash: row.get(15)?,
    })
}

pub(crate) fn audit_values(row: &AuditRow) -> [Expr; 16] {
    // Taken apart by name, so that a new field cannot be forgotten here.
    let AuditEntry {
        revision,
        time_us,
        actor,
        token_id,
        role,
        peer,
        request_id,
        rpc,
        resource,
        outcome,
        before,
        after,
        reason,
    } = &row.entry;
    [
        big(row.sequence).into(),
        revision.map(big).into(),
        (*time_us).into(),
        actor.as_str().into(),
        token_id.as_str().into(),
        role.as_str().into(),
        peer.as_str().into(),
        request_id.as_str().into(),
        rpc.as_str().into(),
        resource.as_str().into(),
        outcome.as_str().into(),
        before.clone().into(),
        after.clone().into(),
        reason.as_str().into(),
        row.prev_hash.clone().into(),
        row.hash.clone().into(),
    ]
}
