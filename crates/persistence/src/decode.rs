//! Reads columns out of result rows; a bad column is an error that names its row.

use sea_orm::{QueryResult, TryGetable};

use crate::error::StoreError;
use crate::statement::Table;

/// One result row of a table; its first columns are the primary key.
pub(crate) struct Row<'a> {
    found: &'a QueryResult,
    table: &'static str,
    columns: &'static [&'static str],
    key_columns: usize,
}

impl<'a> Row<'a> {
    /// A row whose columns were selected in the order of the table.
    pub(crate) fn new<const N: usize>(found: &'a QueryResult, table: &'static Table<N>) -> Self {
        Self {
            found,
            table: table.name,
            columns: &table.columns,
            key_columns: table.key,
        }
    }

    /// The value of the column at `index`; `Option` where it may be absent.
    pub(crate) fn get<T: TryGetable>(&self, index: usize) -> Result<T, StoreError> {
        self.found
            .try_get_by_index(index)
            .map_err(|_| self.inconsistent(index))
    }

    /// A number that is never negative.
    pub(crate) fn count(&self, index: usize) -> Result<u64, StoreError> {
        u64::try_from(self.get::<i64>(index)?).map_err(|_| self.inconsistent(index))
    }

    pub(crate) fn optional_count(&self, index: usize) -> Result<Option<u64>, StoreError> {
        self.get::<Option<i64>>(index)?
            .map(u64::try_from)
            .transpose()
            .map_err(|_| self.inconsistent(index))
    }

    /// A small number that is never negative.
    pub(crate) fn small(&self, index: usize) -> Result<u32, StoreError> {
        u32::try_from(self.get::<i32>(index)?).map_err(|_| self.inconsistent(index))
    }

    pub(crate) fn inconsistent(&self, index: usize) -> StoreError {
        StoreError::Inconsistent {
            table: self.table,
            column: self.columns.get(index).copied().unwrap_or("?"),
            key: (0..self.key_columns)
                .map(|part| self.key_part(part))
                .collect::<Vec<_>>()
                .join("/"),
        }
    }

    // Keys are texts and numbers; the bytes of a key are never shown.
    fn key_part(&self, index: usize) -> String {
        self.found
            .try_get_by_index::<String>(index)
            .or_else(|_| {
                self.found
                    .try_get_by_index::<i64>(index)
                    .map(|n| n.to_string())
            })
            .or_else(|_| {
                self.found
                    .try_get_by_index::<i32>(index)
                    .map(|n| n.to_string())
            })
            .unwrap_or_else(|_| "?".to_owned())
    }
}

/// A revision or a sequence as both databases keep it.
///
/// They are counted up one by one from 0, so that one past the range is a mistake of the
/// caller; as the highest number it meets the guard on the head and is refused there.
pub(crate) fn big(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A version or an ordinal as both databases keep it; past the range as for [`big`].
pub(crate) fn small(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
