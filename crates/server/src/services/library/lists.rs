//! Lists of author profiles and strategies.

use std::sync::Arc;

use aiconfig_domain::{AccountEntry, AccountId, ItemId, LibraryItem, OwnItem, Snapshot};

use super::{global, own};
use crate::errors::ApiError;
use crate::lists::filter::{Name, Test, tests};
use crate::lists::order::order_of;
use crate::lists::{ListQuery, Page, Paging};
use crate::wire::LibraryWire;

/// What of a list's request decides on its page.
pub(super) struct Asked<'a> {
    pub(super) page_size: i32,
    pub(super) page_token: &'a str,
    pub(super) filter: &'a str,
    pub(super) order_by: &'a str,
}

/// An item as filters and orders see it.
struct Row<T> {
    id: ItemId,
    active: bool,
    custom: bool,
    content: Arc<T>,
}

impl<T> Row<T> {
    fn of_global(item: &LibraryItem<T>) -> Self {
        Self {
            id: item.id,
            active: item.active,
            custom: false,
            content: Arc::clone(&item.content),
        }
    }

    fn of_own(item: &OwnItem<T>) -> Self {
        Self {
            id: item.id,
            active: item.active,
            custom: item.origin.is_none(),
            content: Arc::clone(&item.content),
        }
    }
}

/// A page of the platform's library.
pub(super) fn globals<T: LibraryWire>(
    snapshot: &Snapshot,
    asked: &Asked<'_>,
) -> Result<Page<T::Global>, ApiError> {
    const NAMES: &[Name] = &[
        Name::Exact("category"),
        Name::Exact("active"),
        Name::Exact("name"),
    ];
    let rows = T::globals(snapshot).map(|stored| (Row::of_global(&stored.value), stored));
    let build = |stored| global::<T>(snapshot, stored);
    page::<T, _, _>((T::GLOBAL.0, ""), asked, NAMES, rows, build)
}

/// A page of an account's items.
pub(super) fn owned<T: LibraryWire>(
    snapshot: &Snapshot,
    entry: &AccountEntry,
    account: AccountId,
    asked: &Asked<'_>,
) -> Result<Page<T::Own>, ApiError> {
    const NAMES: &[Name] = &[
        Name::Exact("category"),
        Name::Exact("active"),
        Name::Exact("custom"),
        Name::Exact("name"),
    ];
    let rows = T::owned(entry).iter();
    let rows = rows.map(|stored| (Row::of_own(&stored.value), stored));
    let build = |stored| own::<T>(snapshot, stored);
    let parent = account.to_string();
    page::<T, _, _>((T::OWN.0, &parent), asked, NAMES, rows, build)
}

fn page<T: LibraryWire, S, M: prost::Message>(
    (rpc, parent): (&str, &str),
    asked: &Asked<'_>,
    names: &[Name],
    rows: impl Iterator<Item = (Row<T>, S)>,
    build: impl Fn(S) -> M,
) -> Result<Page<M>, ApiError> {
    let matches = read_filter::<T>(asked.filter, names)?;
    let (field, backwards) = order_of(asked.order_by, &[T::IDS.0, "name"])?;
    let query = ListQuery {
        rpc,
        filter: asked.filter,
        order_by: asked.order_by,
        parent,
    };
    let paging = Paging::new(asked.page_size, asked.page_token, query)?;
    // Names are unique; numbers are written so that their order as text is theirs.
    let key = |(row, _): &(Row<T>, S)| {
        if field == "name" {
            row.content.name().to_owned()
        } else {
            format!("{:019}", row.id.get())
        }
    };
    let rows = rows.filter(|(row, _)| matches(row));
    Ok(paging.page_by(rows, key, backwards, |(_, stored)| build(stored)))
}

fn read_filter<T: LibraryWire>(text: &str, names: &[Name]) -> Result<Test<Row<T>>, ApiError> {
    tests(text, names, |condition| {
        Ok(match condition.name {
            "category" => {
                let all = T::categories();
                let wanted = condition.one_of(T::CATEGORY_PREFIX, &all, |name| name)?;
                Box::new(move |row: &Row<T>| row.content.category() == wanted) as Test<Row<T>>
            }
            "active" => {
                let wanted = condition.flag()?;
                Box::new(move |row| row.active == wanted)
            }
            "custom" => {
                let wanted = condition.flag()?;
                Box::new(move |row| row.custom == wanted)
            }
            _ => {
                let wanted = condition.value.clone();
                Box::new(move |row| row.content.name() == wanted)
            }
        })
    })
}
