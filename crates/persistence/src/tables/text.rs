//! Rows of prompt texts.

use sea_orm::QueryResult;
use sea_orm::sea_query::Expr;

use crate::decode::Row;
use crate::error::StoreError;
use crate::rows::TextRow;
use crate::statement::Table;

pub(crate) static TEXT: Table<2> = Table {
    name: "prompt_text",
    columns: ["hash", "value"],
    key: 1,
};

pub(crate) fn text(row: &QueryResult) -> Result<TextRow, StoreError> {
    let row = Row::new(row, &TEXT);
    let value: String = row.get(1)?;
    Ok(TextRow {
        hash: row.get(0)?,
        value: value.into(),
    })
}

pub(crate) fn text_values(row: &TextRow) -> [Expr; 2] {
    [row.hash.clone().into(), row.value.as_ref().into()]
}
