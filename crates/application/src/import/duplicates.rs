//! Rows that the dump has more than once: the newest counts, the others are left out.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use aiconfig_domain::{AccountId, Timestamp};

use super::cells::{Fields, time};
use super::dump::{Kind, Pk, Row};
use super::planner::{Planner, RowId};
use crate::AppError;

/// One row of each model and primary key, in the order of both: the newest by `updated_at`, else
/// the later one in the file.
pub(super) fn distinct(planner: &mut Planner<'_>, rows: Vec<Row>) -> Result<Vec<Row>, AppError> {
    let mut newest: BTreeMap<(Kind, Pk), Row> = BTreeMap::new();
    for row in rows {
        let older = match newest.entry((row.kind, row.pk.clone())) {
            Entry::Vacant(place) => {
                place.insert(row);
                continue;
            }
            Entry::Occupied(mut place) if is_newer(&row, place.get()) => place.insert(row),
            Entry::Occupied(_) => row,
        };
        let id = planner.admit(&older, "")?;
        planner.leave_out(
            id,
            "pk",
            "the dump has this row again, and that one is newer",
        );
    }
    Ok(newest.into_values().collect())
}

fn is_newer(row: &Row, former: &Row) -> bool {
    let updated = |row: &Row| time(&row.fields, "updated_at");
    match (updated(row), updated(former)) {
        (Some(row), Some(former)) => row >= former,
        _ => true,
    }
}

/// A row whose time can be compared.
pub(super) trait Dated {
    /// When it was changed last, if it says so.
    fn updated(&self) -> Option<Timestamp>;
}

impl Dated for Fields {
    fn updated(&self) -> Option<Timestamp> {
        time(self, "updated_at")
    }
}

/// A row with its account.
impl Dated for (AccountId, Fields) {
    fn updated(&self) -> Option<Timestamp> {
        self.1.updated()
    }
}

impl Planner<'_> {
    /// Of rows that say the same thing the newest, by `updated_at` if all have it, else by
    /// primary key; the others are left out.
    pub(super) fn newest<R: Dated, K: Ord>(
        &mut self,
        rows: Vec<(RowId, R)>,
        same: impl Fn(&R) -> K,
        what: &str,
    ) -> Vec<(RowId, R)> {
        let mut groups: BTreeMap<K, Vec<(RowId, R)>> = BTreeMap::new();
        for (row, said) in rows {
            groups.entry(same(&said)).or_default().push((row, said));
        }
        let mut kept = Vec::with_capacity(groups.len());
        for mut group in groups.into_values() {
            let dated = group.iter().all(|(_, said)| said.updated().is_some());
            group.sort_by_key(|(row, said)| {
                let time = said.updated().filter(|_| dated);
                (time, self.pk(*row).clone(), *row)
            });
            let newest = group.pop();
            if let Some((winner, _)) = &newest {
                let winner = self.name(*winner);
                for (row, _) in group {
                    self.leave_out(row, "", format!("{winner} is of {what} too, and newer"));
                }
            }
            kept.extend(newest);
        }
        kept.sort_by_key(|(row, _)| *row);
        kept
    }
}
