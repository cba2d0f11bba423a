//! The numbers of items: that of an earlier import, that of the same name, or a new one.

use aiconfig_domain::{AccountId, ItemId};

use super::items::Item;
use super::planner::{Planner, RowId};

/// Where the numbers of imported items begin. Others are their revision times 1 024 and a place,
/// so that they come here only with revision 2^42; and up to here all numbers are exact in JSON
/// readers that know no integers.
const IMPORTED: u64 = 1 << 52;
/// How many items one import can make.
const MOST: u64 = 1 << 24;

/// The number of the item that a row is: the one that it was at its last import, the one of its
/// name, or a new one. A row whose name another one has is left out.
pub(super) fn place(
    planner: &mut Planner<'_>,
    row: RowId,
    known: Option<ItemId>,
    same_name: Option<ItemId>,
    claimed: &[ItemId],
) -> Option<ItemId> {
    match (known, same_name) {
        (Some(known), None) => Some(known),
        (Some(known), Some(other)) if known == other => Some(known),
        (None, Some(other)) if !claimed.contains(&other) => Some(other),
        (None, None) if planner.items < MOST => {
            let revision = planner.given.before.revision().saturating_add(1);
            let number = revision.saturating_mul(MOST).saturating_add(planner.items);
            let number = i64::try_from(number.saturating_add(IMPORTED)).unwrap_or(i64::MAX);
            planner.items += 1;
            ItemId::new(number)
        }
        (None, None) => {
            planner.leave_out(row, "", "one import makes up to 16777216 items");
            None
        }
        _ => {
            if planner.is_fresh(row) {
                planner.leave_out(row, "name", "another item has this name here");
            }
            None
        }
    }
}

/// The item that a row was at its last import, of the library or of an account.
pub(super) fn former<T: Item>(
    planner: &Planner<'_>,
    row: RowId,
    account: Option<AccountId>,
) -> Option<ItemId> {
    let head = &planner.heads[row];
    let cells = planner.ledger.cells(head.kind, &head.pk).iter();
    let mut items = cells.filter_map(|cell| T::id_of(&cell.key));
    items.find(|(owner, _)| *owner == account).map(|(_, id)| id)
}

/// Rows that are known first, so that no other row takes their items' names for free ones.
pub(super) fn own_first<T: Item, R>(
    planner: &Planner<'_>,
    mut rows: Vec<(RowId, R)>,
    account: impl Fn(&R) -> Option<AccountId>,
) -> Vec<(RowId, R)> {
    rows.sort_by_key(|(row, said)| former::<T>(planner, *row, account(said)).is_none());
    rows
}
