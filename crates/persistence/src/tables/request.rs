//! Rows of stored answers and of the import ledger.

use sea_orm::QueryResult;
use sea_orm::sea_query::Expr;

use crate::decode::{Row, big};
use crate::error::StoreError;
use crate::rows::{AnswerScope, LedgerRow, StoredAnswerRow};
use crate::statement::Table;

pub(crate) static ANSWER: Table<7> = Table {
    name: "stored_answer",
    columns: [
        "token_id",
        "rpc",
        "request_id",
        "body_mac",
        "answer",
        "revision",
        "time_us",
    ],
    key: 3,
};

pub(crate) fn answer(row: &QueryResult) -> Result<StoredAnswerRow, StoreError> {
    let row = Row::new(row, &ANSWER);
    Ok(StoredAnswerRow {
        scope: AnswerScope {
            token_id: row.get(0)?,
            rpc: row.get(1)?,
            request_id: row.get(2)?,
        },
        body_mac: row.get(3)?,
        answer: row.get(4)?,
        revision: row.optional_count(5)?,
        time_us: row.get(6)?,
    })
}

pub(crate) fn answer_values(row: &StoredAnswerRow) -> [Expr; 7] {
    [
        row.scope.token_id.as_str().into(),
        row.scope.rpc.as_str().into(),
        row.scope.request_id.as_str().into(),
        row.body_mac.clone().into(),
        row.answer.clone().into(),
        row.revision.map(big).into(),
        row.time_us.into(),
    ]
}

pub(crate) static LEDGER: Table<6> = Table {
    name: "import_ledger",
    columns: [
        "model",
        "pk",
        "content_hash",
        "resources",
        "revision",
        "time_us",
    ],
    key: 2,
};

pub(crate) fn ledger(row: &QueryResult) -> Result<LedgerRow, StoreError> {
    let row = Row::new(row, &LEDGER);
    Ok(LedgerRow {
        model: row.get(0)?,
        pk: row.get(1)?,
        content_hash: row.get(2)?,
        resources: row.get(3)?,
        revision: row.count(4)?,
        time_us: row.get(5)?,
    })
}

pub(crate) fn ledger_values(row: &LedgerRow) -> [Expr; 6] {
    [
        row.model.as_str().into(),
        row.pk.as_str().into(),
        row.content_hash.clone().into(),
        row.resources.as_str().into(),
        big(row.revision).into(),
        row.time_us.into(),
    ]
}
