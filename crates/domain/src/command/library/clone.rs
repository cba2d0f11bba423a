//! Copies of the library's items for accounts. A row that is refused stops none of the others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::Decision;
use super::{MOST_ROWS, global, name_taken, new_id, own};
use crate::{
    AccountId, Change, ItemId, LibraryContent, Origin, OwnItem, Reason, Rejection, Snapshot,
};

/// Characters of a name.
const NAME_LIMIT: usize = 255;

/// Copies of the library's items for accounts.
#[derive(Clone, Debug)]
pub struct CloneItems {
    /// Each item with the account that gets a copy, at most [`MOST_ROWS`]; rows that were
    /// refused before are told with the others.
    pub rows: Vec<Result<(ItemId, AccountId), Rejection>>,
    /// What a copy's name ends with where the account has its name already; `None`: such a row
    /// is refused.
    pub name_suffix: Option<String>,
}

/// What became of a row of a command on many items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemOutcome {
    /// The item; of a clone the copy.
    pub id: ItemId,
    /// Whether it was made or changed.
    pub changed: bool,
}

/// The names of each account, with those of the copies made so far.
type Names = BTreeMap<AccountId, BTreeSet<String>>;

pub(super) fn clone<T: LibraryContent>(
    snapshot: &Snapshot,
    command: &CloneItems,
) -> Result<Decision, Rejection> {
    if command.rows.len() > MOST_ROWS {
        let rule = "at most 1000 rows in one command";
        return Err(Rejection::invalid_field("rows", rule));
    }
    let mut decision = Decision::default();
    let mut names = Names::new();
    for (place, row) in command.rows.iter().enumerate() {
        let copy = row.clone().and_then(|(item, account_id)| {
            let suffix = command.name_suffix.as_deref();
            copy::<T>(snapshot, &mut names, item, account_id, suffix)
        });
        decision.items.push(copy.map(|copy| {
            let id = new_id(snapshot, place);
            let copy = OwnItem { id, ..copy };
            decision.changes.push(Change::Put(T::own_resource(copy)));
            ItemOutcome { id, changed: true }
        }));
    }
    Ok(decision)
}

/// The copy of an item for an account, under the item's own number.
fn copy<T: LibraryContent>(
    snapshot: &Snapshot,
    names: &mut Names,
    item: ItemId,
    account_id: AccountId,
    suffix: Option<&str>,
) -> Result<OwnItem<T>, Rejection> {
    let entry = own::may_own(snapshot, account_id)?;
    let origin = global::find::<T>(snapshot, item)?;
    if !origin.active {
        let message = format!("item {item} of the library is not active; activate it to clone it");
        return Err(Rejection::new(Reason::LibraryItemInactive, message)
            .about(T::GLOBAL.0, item.to_string()));
    }
    let taken = names.entry(account_id).or_insert_with(|| {
        let owned = T::owned(entry).iter();
        owned
            .map(|own| own.value.content.name().to_owned())
            .collect()
    });
    let name = origin.content.name();
    let content = if taken.contains(name) {
        let suffix = suffix.ok_or_else(|| name_taken("Account", account_id.to_string()))?;
        Arc::new(origin.content.renamed(free_name(taken, name, suffix)?))
    } else {
        Arc::clone(&origin.content)
    };
    taken.insert(content.name().to_owned());
    Ok(OwnItem {
        account_id,
        id: item,
        active: true,
        origin: Some(Origin {
            id: item,
            version: origin.version,
        }),
        content,
    })
}

/// The name with the suffix, then with the suffix and 2, 3 and so on, until it is free.
fn free_name(taken: &BTreeSet<String>, name: &str, suffix: &str) -> Result<String, Rejection> {
    let first = format!("{name}{suffix}");
    let numbered = (2..=taken.len() + 2).map(|number| format!("{first} {number}"));
    let free = std::iter::once(first.clone())
        .chain(numbered)
        .find(|name| !taken.contains(name));
    free.filter(|name| name.chars().count() <= NAME_LIMIT)
        .ok_or_else(|| {
            let rule = "short enough for names of up to 255 characters with it";
            Rejection::invalid_field("name_suffix", rule)
        })
}
