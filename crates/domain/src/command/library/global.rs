//! Adding, changing, offering and deleting items of the platform's library.

use std::sync::Arc;

use super::super::Decision;
use super::super::providers::{check_etag, delete as deletion, put, put_changed};
use super::{ItemOutcome, check, merged, name_taken, new_id};
use crate::{Change, Draft, ItemId, LibraryContent, LibraryItem, Rejection, Snapshot};

pub(super) fn create<T: LibraryContent>(
    snapshot: &Snapshot,
    value: &Draft<T>,
) -> Result<Decision, Rejection> {
    check(snapshot, &value.content, T::FIELDS, T::GLOBAL.1)?;
    refuse_taken(snapshot, None, &value.content)?;
    Ok(put(T::global_resource(LibraryItem {
        id: new_id(snapshot, 0),
        active: value.active,
        version: 1,
        content: Arc::new(value.content.clone()),
    })))
}

pub(super) fn update<T: LibraryContent>(
    snapshot: &Snapshot,
    id: ItemId,
    value: &Draft<T>,
    fields: &[T::Field],
    expected_etag: Option<&str>,
) -> Result<Decision, Rejection> {
    let former = find::<T>(snapshot, id)?;
    let key = T::global_key(id);
    check_etag(snapshot, &key, expected_etag)?;
    let draft = Draft {
        active: former.active,
        content: T::clone(&former.content),
    };
    let Draft { active, content } = merged(snapshot, draft, value, fields, T::GLOBAL.1)?;
    if fields.contains(&T::NAME) {
        refuse_taken(snapshot, Some(id), &content)?;
    }
    // What it says has versions; whether it is offered has none.
    let changed = content != *former.content;
    let next = LibraryItem {
        id,
        active,
        version: former.version.saturating_add(changed.into()),
        content: Arc::new(content),
    };
    Ok(put_changed(former, &next, key, T::global_resource))
}

pub(super) fn delete<T: LibraryContent>(
    snapshot: &Snapshot,
    id: ItemId,
    expected_etag: Option<&str>,
) -> Result<Decision, Rejection> {
    find::<T>(snapshot, id)?;
    let key = T::global_key(id);
    check_etag(snapshot, &key, expected_etag)?;
    Ok(deletion(key))
}

pub(super) fn set_active<T: LibraryContent>(
    snapshot: &Snapshot,
    ids: &[ItemId],
    active: bool,
    partial: bool,
) -> Result<Decision, Rejection> {
    let mut decision = Decision::default();
    for id in ids {
        let former = match find::<T>(snapshot, *id) {
            Ok(former) => former,
            Err(rejection) if partial => {
                decision.items.push(Err(rejection));
                continue;
            }
            Err(rejection) => return Err(rejection),
        };
        let changed = former.active != active;
        if changed {
            let next = LibraryItem {
                active,
                ..former.clone()
            };
            decision.changes.push(Change::Put(T::global_resource(next)));
        }
        decision.items.push(Ok(ItemOutcome { id: *id, changed }));
    }
    Ok(decision)
}

/// The item of a number, or a refusal.
pub(super) fn find<T: LibraryContent>(
    snapshot: &Snapshot,
    id: ItemId,
) -> Result<&LibraryItem<T>, Rejection> {
    let stored = T::global(snapshot, id).map(|stored| &stored.value);
    stored.ok_or_else(|| Rejection::library_item_not_found::<T>(id))
}

fn refuse_taken<T: LibraryContent>(
    snapshot: &Snapshot,
    but: Option<ItemId>,
    content: &T,
) -> Result<(), Rejection> {
    let mut others = T::globals(snapshot).map(|stored| &stored.value);
    let taken =
        others.find(|other| other.content.name() == content.name() && Some(other.id) != but);
    taken.map_or(Ok(()), |other| {
        Err(name_taken(T::GLOBAL.0, other.id.to_string()))
    })
}
