//! Author profiles and strategies: the library's from the newer tables, then those of accounts.

use std::collections::BTreeMap;
use std::sync::Arc;

use aiconfig_domain::{
    AccountEntry, AccountId, Change, ItemId, LibraryItem, Origin, OwnItem, Resource, ResourceKey,
    Snapshot, Stored, looks_like_key,
};

use super::cells::{Fields, is_blank, shown, switch_or, text};
use super::dump::{Kind, Pk};
use super::ledger::Cell;
use super::numbers::{former, own_first, place};
use super::planner::{Planner, RowId};
use super::report::{Consequence, Totals};
use super::structure::cut;

/// Characters of a name.
const NAME: usize = 255;
/// What an item of a kind says, read from a row.
pub(super) trait Item: Clone + PartialEq + 'static {
    /// The rows of the library, and those of accounts.
    const KINDS: [Kind; 2];
    /// One item, for people.
    const WHAT: &'static str;

    /// Reads a row. What it says nothing of can be its origin's.
    fn read(
        planner: &mut Planner<'_>,
        row: RowId,
        fields: &Fields,
        name: String,
        origin: Option<&Self>,
    ) -> Self;
    /// What tells it from the others of its library or account.
    fn name(&self) -> &str;
    fn global(snapshot: &Snapshot, id: ItemId) -> Option<&LibraryItem<Self>>;
    fn globals(snapshot: &Snapshot) -> impl Iterator<Item = &LibraryItem<Self>>;
    fn owned(entry: &AccountEntry) -> &[Stored<OwnItem<Self>>];
    fn put_global(item: LibraryItem<Self>) -> Resource;
    fn put_own(item: OwnItem<Self>) -> Resource;
    /// The item of a key, if it is one of this kind: of the library, or of an account.
    fn id_of(key: &ResourceKey) -> Option<(Option<AccountId>, ItemId)>;
    fn total(totals: &mut Totals) -> &mut u64;
}

/// Takes the rows of a kind of items.
pub(super) fn take<T: Item>(
    planner: &mut Planner<'_>,
    table: &mut impl FnMut(Kind) -> Vec<(RowId, Fields)>,
) {
    let [global, own] = T::KINDS;
    let library = take_library::<T>(planner, table(global));
    take_own::<T>(planner, table(own), &library);
}

/// Takes the library's rows; answers with the items by the primary keys of their rows.
fn take_library<T: Item>(
    planner: &mut Planner<'_>,
    rows: Vec<(RowId, Fields)>,
) -> BTreeMap<Pk, ItemId> {
    let mut library = BTreeMap::new();
    let rows = named(planner, rows, |fields| fields);
    let rows = planner.newest(rows, name_of, "this name");
    let claimed: Vec<ItemId> = rows
        .iter()
        .filter_map(|(row, _)| former::<T>(planner, *row, None))
        .collect();
    for (row, fields) in own_first::<T, _>(planner, rows, |_| None) {
        let content = T::read(planner, row, &fields, name_of(&fields), None);
        let same_name = T::globals(&planner.after)
            .find(|item| item.content.name() == content.name())
            .map(|item| item.id);
        let known = former::<T>(planner, row, None)
            .filter(|id| T::global(&planner.after, *id).is_some() || !planner.is_fresh(row));
        let Some(id) = place(planner, row, known, same_name, &claimed) else {
            continue;
        };
        library.insert(planner.pk(row).clone(), id);
        let present = T::global(&planner.after, id).cloned();
        let version = present.as_ref().map_or(1, |item| {
            let changed = *item.content != content;
            item.version.saturating_add(changed.into())
        });
        let wanted = LibraryItem {
            id,
            active: switch_or(&fields, "is_active", true),
            version,
            content: Arc::new(content),
        };
        let same = present.as_ref() == Some(&wanted);
        let resource = T::put_global(wanted);
        if planner.may_write(row, Cell::whole(resource.key()), "", same) {
            *T::total(&mut planner.draft.totals) += 1;
            planner.change(Change::Put(resource));
        }
    }
    library
}

/// Takes the rows of accounts.
fn take_own<T: Item>(
    planner: &mut Planner<'_>,
    rows: Vec<(RowId, Fields)>,
    library: &BTreeMap<Pk, ItemId>,
) {
    let all: Vec<RowId> = rows.iter().map(|(row, _)| *row).collect();
    let owned = planner.owned(rows);
    let rows = named(planner, owned, |(_, fields)| fields);
    let same = |(account, fields): &(AccountId, Fields)| (*account, name_of(fields));
    let rows = planner.newest(rows, same, "this account and name");
    let claimed: Vec<ItemId> = rows
        .iter()
        .filter_map(|(row, (account, _))| former::<T>(planner, *row, Some(*account)))
        .collect();
    let mut plain = 0;
    for (row, (account, fields)) in own_first::<T, _>(planner, rows, |said| Some(said.0)) {
        // What an earlier import took is not looked at again.
        if !planner.is_fresh(row) {
            continue;
        }
        plain += u64::from(is_blank(fields.get("category")));
        take_one::<T>(planner, row, account, &fields, library, &claimed);
    }
    if plain > 0 {
        let done = format!("{plain} rows have the category of their origin, else blog");
        let why = "the old table has no categories";
        let label = T::KINDS[1].label();
        planner
            .draft
            .remark(Consequence::Converted, label, done, why);
    }
    planner.clear_abandoned(&all, T::total);
}

fn take_one<T: Item>(
    planner: &mut Planner<'_>,
    row: RowId,
    account: AccountId,
    fields: &Fields,
    library: &BTreeMap<Pk, ItemId>,
    claimed: &[ItemId],
) {
    let origin = origin::<T>(planner, row, fields, library);
    let content = T::read(
        planner,
        row,
        fields,
        name_of(fields),
        origin.as_ref().map(|item| &*item.content),
    );
    let entry = planner.after.account(account);
    let items = entry.map_or(&[][..], T::owned);
    let same_name = items
        .iter()
        .find(|item| item.value.content.name() == content.name())
        .map(|item| item.value.id);
    let known = former::<T>(planner, row, Some(account));
    let Some(id) = place(planner, row, known, same_name, claimed) else {
        return;
    };
    let entry = planner.after.account(account);
    let items = entry.map_or(&[][..], T::owned);
    let present = items.iter().find(|item| item.value.id == id);
    let present = present.map(|item| item.value.clone());
    // A copy that says what it said is of the version that it was of.
    let of = |item: &LibraryItem<T>| Origin {
        id: item.id,
        version: match present.as_ref().and_then(|item| item.origin) {
            Some(former) if former.id == item.id => former.version,
            _ => item.version,
        },
    };
    let wanted = OwnItem {
        account_id: account,
        id,
        active: switch_or(fields, "is_active", true),
        origin: origin.as_ref().map(of),
        content: Arc::new(content),
    };
    let same = present.as_ref() == Some(&wanted);
    let resource = T::put_own(wanted);
    let write = planner.may_write(row, Cell::whole(resource.key()), "", same);
    if write || same {
        planner.tell_dormant(row, account, T::WHAT);
    }
    if write {
        *T::total(&mut planner.draft.totals) += 1;
        planner.change(Change::Put(resource));
    }
}

/// The item that a row was cloned from.
fn origin<T: Item>(
    planner: &mut Planner<'_>,
    row: RowId,
    fields: &Fields,
    library: &BTreeMap<Pk, ItemId>,
) -> Option<LibraryItem<T>> {
    let value = fields.get("cloned_from");
    if is_blank(value) {
        return None;
    }
    let pk = value.and_then(Pk::of);
    let id = pk.and_then(|pk| {
        let earlier = planner.ledger.cells(T::KINDS[0], &pk).iter();
        let mut earlier = earlier.filter_map(|cell| T::id_of(&cell.key));
        let known = library.get(&pk).copied();
        known.or_else(|| earlier.next().map(|(_, id)| id))
    });
    let item = id.and_then(|id| T::global(&planner.after, id).cloned());
    if item.is_none() {
        let why = "the item that it was cloned from is not in the library";
        let class = Consequence::ValueDropped;
        planner.tell(row, class, "cloned_from", "left out", why);
    }
    item
}

/// Rows with a name; those without are left out.
fn named<R>(
    planner: &mut Planner<'_>,
    rows: Vec<(RowId, R)>,
    fields: impl Fn(&R) -> &Fields,
) -> Vec<(RowId, R)> {
    let mut kept = Vec::with_capacity(rows.len());
    for (row, said) in rows {
        let given = text(fields(&said), "name").unwrap_or_default();
        let name = name_of(fields(&said));
        if looks_like_key(given) {
            planner.drop_credentials(row, 1);
            planner.leave_out(row, "name", "its name has the shape of a provider key");
        } else if name.is_empty() {
            planner.leave_out(row, "name", "it has no name");
        } else {
            if name != given {
                let why = "a name has up to 255 characters and no NUL";
                planner.tell(row, Consequence::Converted, "name", "cut", why);
            }
            kept.push((row, said));
        }
    }
    kept
}

fn name_of(fields: &Fields) -> String {
    cut(text(fields, "name").unwrap_or_default(), NAME)
}

/// What it is that a row of the library, or of an account, loses with a value.
pub(super) fn dropped(planner: &Planner<'_>, row: RowId) -> Consequence {
    match planner.heads[row].kind {
        Kind::GlobalProfile | Kind::GlobalStrategy => Consequence::PlatformValue,
        _ => Consequence::ValueDropped,
    }
}

/// The category of a row, or the usual one.
pub(super) fn category<C>(
    planner: &mut Planner<'_>,
    row: RowId,
    fields: &Fields,
    parse: impl Fn(&str) -> Option<C>,
    usual: C,
) -> C {
    if is_blank(fields.get("category")) {
        return usual;
    }
    let name = text(fields, "category").unwrap_or_default();
    let name = name.to_ascii_lowercase();
    parse(&name).unwrap_or_else(|| {
        let class = dropped(planner, row);
        let done = format!("{} left out", shown(&name));
        let why = "not a category; it has its origin's, else blog";
        planner.tell(row, class, "category", done, why);
        usual
    })
}
