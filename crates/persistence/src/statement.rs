//! Builds the statements that write rows, many rows a statement.

use sea_orm::sea_query::{Expr, InsertStatement, OnConflict, Query, SelectStatement};

/// The most parameters that one statement of ours carries, well below the limits of SQLite
/// (32766) and PostgreSQL (65535) and small enough to be built and planned quickly.
const PARAMETERS: usize = 8_000;

/// A table with its columns, the primary key first.
#[derive(Clone, Copy)]
pub(crate) struct Table<const N: usize> {
    pub(crate) name: &'static str,
    pub(crate) columns: [&'static str; N],
    pub(crate) key: usize,
}

impl<const N: usize> Table<N> {
    /// The columns behind the primary key.
    pub(crate) fn data(&'static self) -> &'static [&'static str] {
        self.columns.split_at(self.key).1
    }

    /// A select of all columns, in order.
    pub(crate) fn select(&'static self) -> SelectStatement {
        let mut select = Query::select();
        select.columns(self.columns).from(self.name);
        select
    }

    /// Inserts for `rows`, as few as the number of parameters allows; a row that is there with
    /// the same key is an error.
    pub(crate) fn inserts(
        &'static self,
        rows: impl IntoIterator<Item = [Expr; N]>,
    ) -> Vec<InsertStatement> {
        self.upserts(rows, &[])
    }

    /// The same, where a row with the same key stays as it is.
    pub(crate) fn inserts_missing(
        &'static self,
        rows: impl IntoIterator<Item = [Expr; N]>,
    ) -> Vec<InsertStatement> {
        let mut statements = self.inserts(rows);
        for insert in &mut statements {
            let keys = self.columns.iter().copied().take(self.key);
            insert.on_conflict(OnConflict::columns(keys).do_nothing().to_owned());
        }
        statements
    }

    /// The same, where a row with the same key takes the new values of `overwritten`.
    pub(crate) fn upserts(
        &'static self,
        rows: impl IntoIterator<Item = [Expr; N]>,
        overwritten: &'static [&'static str],
    ) -> Vec<InsertStatement> {
        let per_statement = (PARAMETERS / N.max(1)).max(1);
        let mut statements = Vec::new();
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let mut insert = Query::insert();
            insert.into_table(self.name).columns(self.columns);
            for row in rows.by_ref().take(per_statement) {
                // An array of the same length as the columns is never refused.
                insert.values_panic(row);
            }
            if !overwritten.is_empty() {
                let keys = self.columns.iter().copied().take(self.key);
                let mut conflict = OnConflict::columns(keys);
                conflict.update_columns(overwritten.iter().copied());
                insert.on_conflict(conflict);
            }
            statements.push(insert);
        }
        statements
    }
}
