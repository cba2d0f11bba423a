//! Many resources in one text: what a state of millions of rows is loaded in.
//!
//! A row of a result costs the driver a message, a lock and an allocation for each column. So the
//! database puts the rows of a page together, and they are taken apart where there is time.

use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{DbBackend, QueryResult};

use crate::error::StoreError;
use crate::rows::ResourceRow;
use crate::tables::state::RESOURCE;

/// Resources of one page: enough to make the fixed cost of a query small, few enough to end within
/// the time limit of a call.
pub(crate) const PAGE: u64 = 4_096;

/// A row: the lengths of its texts in bytes and its numbers, a blank behind each, then its texts.
const PACKED: &str = "octet_length(key) || ' ' || octet_length(value) || ' ' || \
     octet_length(updated_by) || ' ' || codec || ' ' || revision || ' ' || create_time_us || ' ' \
     || update_time_us || ' ' || key || value || updated_by";
/// The numbers that stand in front, by their columns.
const NUMBERS: [&str; 7] = [
    "key",
    "value",
    "updated_by",
    "codec",
    "revision",
    "create_time_us",
    "update_time_us",
];

/// Live resources of one kind, in the order of their keys.
#[derive(Clone, PartialEq, Eq)]
pub struct ResourcePage {
    kind: String,
    count: u64,
    last: Option<String>,
    packed: String,
}

/// One live resource, where a page has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each member is that of ResourceRow")]
pub struct ResourceRef<'a> {
    pub kind: &'a str,
    pub key: &'a str,
    pub codec: i32,
    pub value: &'a str,
    pub revision: u64,
    pub create_time_us: i64,
    pub update_time_us: i64,
    pub updated_by: &'a str,
}

/// The resources of a kind after a key, as one row.
pub(crate) fn select(backend: DbBackend, kind: &str, after: Option<&str>) -> SelectStatement {
    let mut page = Query::select();
    page.columns(RESOURCE.columns)
        .from(RESOURCE.name)
        .and_where(Expr::col("kind").eq(kind))
        .order_by("key", Order::Asc)
        .limit(PAGE);
    if let Some(after) = after {
        page.and_where(Expr::col("key").gt(after));
    }
    let together = match backend {
        DbBackend::Postgres => format!("string_agg({PACKED}, '')"),
        _ => format!("group_concat({PACKED}, '')"),
    };
    let mut select = Query::select();
    select
        .exprs(["COUNT(*)".to_owned(), "MAX(key)".to_owned(), together].map(Expr::cust))
        .from_subquery(page, "page");
    select
}

impl ResourcePage {
    /// The page of a row of [`select`].
    pub(crate) fn new(kind: &str, row: Option<&QueryResult>) -> Result<Self, StoreError> {
        let read = |row: &QueryResult| {
            let count: i64 = row.try_get_by_index(0)?;
            let packed: Option<String> = row.try_get_by_index(2)?;
            Ok::<_, sea_orm::DbErr>((count, row.try_get_by_index(1)?, packed))
        };
        let read = row.map(read).transpose();
        let (count, last, packed) = read
            .map_err(|_| inconsistent("value", kind, ""))?
            .unwrap_or_default();
        Ok(Self {
            kind: kind.to_owned(),
            count: u64::try_from(count).unwrap_or_default(),
            last,
            packed: packed.unwrap_or_default(),
        })
    }

    /// How many resources are in it.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The last key, if there may be more behind it.
    pub(crate) fn full(&self) -> Option<&str> {
        self.last.as_deref().filter(|_| self.count == PAGE)
    }

    /// The resources. [`StoreError::Inconsistent`] stands for a row that cannot be read, and at the
    /// end for rows that the database left out.
    pub fn rows(&self) -> impl Iterator<Item = Result<ResourceRef<'_>, StoreError>> {
        let (mut rest, mut left, mut broken) = (self.packed.as_str(), self.count, false);
        std::iter::from_fn(move || {
            if broken || (rest.is_empty() && left == 0) {
                return None;
            }
            let row = match left.checked_sub(1) {
                Some(less) if !rest.is_empty() => {
                    left = less;
                    self.take(&mut rest)
                }
                _ => Err(inconsistent("value", &self.kind, "")),
            };
            broken = row.is_err();
            Some(row)
        })
    }

    fn take<'a>(&'a self, rest: &mut &'a str) -> Result<ResourceRef<'a>, StoreError> {
        let kind = self.kind.as_str();
        let mut numbers = [""; NUMBERS.len()];
        for (number, column) in numbers.iter_mut().zip(NUMBERS) {
            let (text, behind) = rest
                .split_once(' ')
                .ok_or_else(|| inconsistent(column, kind, ""))?;
            (*number, *rest) = (text, behind);
        }
        let [key, value, updated_by, codec, revision, created, updated] = numbers;
        let mut text = |length: &str, column| {
            let length = length.parse().ok();
            let (text, behind) = length
                .and_then(|length| rest.split_at_checked(length))
                .ok_or_else(|| inconsistent(column, kind, ""))?;
            *rest = behind;
            Ok(text)
        };
        let key = text(key, "key")?;
        let bad = |column| inconsistent(column, kind, key);
        Ok(ResourceRef {
            kind,
            key,
            value: text(value, "value")?,
            updated_by: text(updated_by, "updated_by")?,
            codec: codec.parse().map_err(|_| bad("codec"))?,
            revision: revision.parse().map_err(|_| bad("revision"))?,
            create_time_us: created.parse().map_err(|_| bad("create_time_us"))?,
            update_time_us: updated.parse().map_err(|_| bad("update_time_us"))?,
        })
    }
}

impl std::fmt::Debug for ResourcePage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResourcePage")
            .field("kind", &self.kind)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

impl From<ResourceRef<'_>> for ResourceRow {
    fn from(row: ResourceRef<'_>) -> Self {
        Self {
            kind: row.kind.to_owned(),
            key: row.key.to_owned(),
            codec: row.codec,
            value: row.value.to_owned(),
            revision: row.revision,
            create_time_us: row.create_time_us,
            update_time_us: row.update_time_us,
            updated_by: row.updated_by.to_owned(),
        }
    }
}

fn inconsistent(column: &'static str, kind: &str, key: &str) -> StoreError {
    StoreError::Inconsistent {
        table: RESOURCE.name,
        column,
        key: format!("{kind}/{key}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(count: u64, packed: &str) -> ResourcePage {
        ResourcePage {
            kind: "thing".to_owned(),
            count,
            last: None,
            packed: packed.to_owned(),
        }
    }

    #[test]
    fn rows_come_out_whatever_is_in_them() {
        let packed = "1 2 3 1 7 8 9 a{}bob4 5 0 -1 0 -5 6 é 1 7 é";
        let page = page(2, packed);
        let rows: Vec<_> = page.rows().map(Result::unwrap).collect();
        let first = ResourceRef {
            kind: "thing",
            key: "a",
            codec: 1,
            value: "{}",
            revision: 7,
            create_time_us: 8,
            update_time_us: 9,
            updated_by: "bob",
        };
        let second = ResourceRef {
            key: "é 1",
            codec: -1,
            value: " 7 é",
            revision: 0,
            create_time_us: -5,
            update_time_us: 6,
            updated_by: "",
            ..first
        };
        assert_eq!(rows, [first, second]);
    }

    #[test]
    fn what_cannot_be_read_is_named_once() {
        for (count, packed, column, key) in [
            (1, "1 2 3 x 7 8 9 a{}bob", "codec", "thing/a"),
            (1, "1 2 3 1 -7 8 9 a{}bob", "revision", "thing/a"),
            (1, "1 2 3 1 7 8 9 a{}bo", "updated_by", "thing/"),
            (1, "1 2 3 1 7", "revision", "thing/"),
            (2, "1 2 3 1 7 8 9 a{}bob", "value", "thing/"),
            (0, "1 2 3 1 7 8 9 a{}bob", "value", "thing/"),
        ] {
            let page = page(count, packed);
            let errors: Vec<StoreError> = page.rows().filter_map(Result::err).collect();
            assert!(
                matches!(&errors[..], [StoreError::Inconsistent { table: "resource", column: c, key: k }]
                    if *c == column && k == key),
                "{packed}: {errors:?}"
            );
        }
    }
}
