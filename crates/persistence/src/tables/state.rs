//! Rows of the head, the live state and the change log.

use sea_orm::QueryResult;
use sea_orm::sea_query::Expr;

use crate::decode::{Row, big, small};
use crate::error::StoreError;
use crate::rows::{Change, ChangeRow, Head, LoggedChange, ResourceRow};
use crate::statement::Table;

pub(crate) static HEAD: Table<6> = Table {
    name: "head",
    columns: [
        "id",
        "revision",
        "log_time_us",
        "audit_sequence",
        "audit_hash",
        "deployment_id",
    ],
    key: 1,
};

pub(crate) fn head(row: &QueryResult) -> Result<Head, StoreError> {
    let row = Row::new(row, &HEAD);
    Ok(Head {
        revision: row.count(1)?,
        log_time_us: row.get(2)?,
        audit_sequence: row.count(3)?,
        audit_hash: row.get(4)?,
        deployment_id: row
            .get::<Vec<u8>>(5)?
            .try_into()
            .map_err(|_| row.inconsistent(5))?,
    })
}

pub(crate) static RESOURCE: Table<8> = Table {
    name: "resource",
    columns: [
        "kind",
        "key",
        "codec",
        "value",
        "revision",
        "create_time_us",
        "update_time_us",
        "updated_by",
    ],
    key: 2,
};

pub(crate) fn resource(row: &QueryResult) -> Result<ResourceRow, StoreError> {
    let row = Row::new(row, &RESOURCE);
    Ok(ResourceRow {
        kind: row.get(0)?,
        key: row.get(1)?,
        codec: row.get(2)?,
        value: row.get(3)?,
        revision: row.count(4)?,
        create_time_us: row.get(5)?,
        update_time_us: row.get(6)?,
        updated_by: row.get(7)?,
    })
}

pub(crate) static CHANGE: Table<9> = Table {
    name: "change",
    columns: [
        "revision",
        "ordinal",
        "kind",
        "key",
        "op",
        "codec",
        "value",
        "time_us",
        "updated_by",
    ],
    key: 2,
};

/// One row of the log: a record, or the mark in front of a very large command.
pub(crate) enum LogRow {
    Record(LoggedChange),
    Bulk(BulkMark),
}

/// The mark says how many records follow it in its revision.
pub(crate) struct BulkMark {
    pub(crate) revision: u64,
    pub(crate) time_us: i64,
    pub(crate) updated_by: String,
    pub(crate) count: u64,
}

pub(crate) fn change(row: &QueryResult) -> Result<LogRow, StoreError> {
    let row = Row::new(row, &CHANGE);
    let revision = row.count(0)?;
    let ordinal = row.small(1)?;
    let time_us = row.get(7)?;
    let updated_by = row.get(8)?;
    let change = match row.get::<String>(4)?.as_str() {
        "put" => Change::Put {
            codec: row.get(5)?,
            value: row.get(6)?,
        },
        "delete" => Change::Delete,
        "bulk" => {
            return Ok(LogRow::Bulk(BulkMark {
                revision,
                time_us,
                updated_by,
                count: row
                    .get::<String>(6)?
                    .parse()
                    .map_err(|_| row.inconsistent(6))?,
            }));
        }
        _ => return Err(row.inconsistent(4)),
    };
    Ok(LogRow::Record(LoggedChange {
        revision,
        ordinal,
        time_us,
        updated_by,
        record: ChangeRow {
            kind: row.get(2)?,
            key: row.get(3)?,
            change,
        },
    }))
}

/// The columns of a record for an insert.
pub(crate) fn change_values(
    place: (u64, u32),
    record: &ChangeRow,
    time_us: i64,
    updated_by: &str,
) -> [Expr; 9] {
    let (op, codec, value) = match &record.change {
        Change::Put { codec, value } | Change::Note { codec, value } => {
            ("put", Some(*codec), Some(value.as_str()))
        }
        Change::Delete => ("delete", None, None),
    };
    [
        big(place.0).into(),
        small(place.1).into(),
        record.kind.as_str().into(),
        record.key.as_str().into(),
        op.into(),
        codec.into(),
        value.into(),
        time_us.into(),
        updated_by.into(),
    ]
}

/// The columns of the mark in front of a command of `count` records.
pub(crate) fn bulk_values(revision: u64, count: usize, time_us: i64, by: &str) -> [Expr; 9] {
    [
        big(revision).into(),
        0.into(),
        "".into(),
        "".into(),
        "bulk".into(),
        None::<i32>.into(),
        Some(count.to_string()).into(),
        time_us.into(),
        by.into(),
    ]
}
