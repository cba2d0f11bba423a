//! Adding, changing and deleting items of an account. FREE may delete.

use std::sync::Arc;

use super::super::Decision;
use super::super::accounts::{plan_forbids, writable};
use super::super::providers::{check_etag, delete as deletion, put, put_changed};
use super::{check, merged, name_taken, new_id};
use crate::{AccountEntry, AccountId, Draft, ItemId, LibraryContent, OwnItem, Rejection, Snapshot};

pub(super) fn create<T: LibraryContent>(
    snapshot: &Snapshot,
    account_id: AccountId,
    value: &Draft<T>,
) -> Result<Decision, Rejection> {
    let entry = may_own(snapshot, account_id)?;
    check(snapshot, &value.content, T::FIELDS, T::OWN.1)?;
    refuse_taken(entry, account_id, None, &value.content)?;
    Ok(put(T::own_resource(OwnItem {
        account_id,
        id: new_id(snapshot, 0),
        active: value.active,
        origin: None,
        content: Arc::new(value.content.clone()),
    })))
}

pub(super) fn update<T: LibraryContent>(
    snapshot: &Snapshot,
    (account_id, id): (AccountId, ItemId),
    value: &Draft<T>,
    fields: &[T::Field],
    expected_etag: Option<&str>,
) -> Result<Decision, Rejection> {
    let entry = may_own(snapshot, account_id)?;
    let former = find::<T>(snapshot, account_id, id)?;
    let key = T::own_key(account_id, id);
    check_etag(snapshot, &key, expected_etag)?;
    let draft = Draft {
        active: former.active,
        content: T::clone(&former.content),
    };
    let Draft { active, content } = merged(snapshot, draft, value, fields, T::OWN.1)?;
    if fields.contains(&T::NAME) {
        refuse_taken(entry, account_id, Some(id), &content)?;
    }
    let next = OwnItem {
        active,
        content: Arc::new(content),
        ..former.clone()
    };
    Ok(put_changed(former, &next, key, T::own_resource))
}

pub(super) fn delete<T: LibraryContent>(
    snapshot: &Snapshot,
    (account_id, id): (AccountId, ItemId),
    expected_etag: Option<&str>,
) -> Result<Decision, Rejection> {
    writable(snapshot, account_id)?;
    find::<T>(snapshot, account_id, id)?;
    let key = T::own_key(account_id, id);
    check_etag(snapshot, &key, expected_etag)?;
    Ok(deletion(key))
}

/// An account that may have items made or changed.
pub(super) fn may_own(snapshot: &Snapshot, id: AccountId) -> Result<&AccountEntry, Rejection> {
    let account = writable(snapshot, id)?;
    if !account.plan.rules().may_override {
        return Err(plan_forbids(account));
    }
    let entry = snapshot.account(id);
    entry.ok_or_else(|| Rejection::account_not_registered(id))
}

fn find<T: LibraryContent>(
    snapshot: &Snapshot,
    account: AccountId,
    id: ItemId,
) -> Result<&OwnItem<T>, Rejection> {
    let stored = T::own(snapshot, account, id).map(|stored| &stored.value);
    stored.ok_or_else(|| Rejection::own_item_not_found::<T>(account, id))
}

fn refuse_taken<T: LibraryContent>(
    entry: &AccountEntry,
    account: AccountId,
    but: Option<ItemId>,
    content: &T,
) -> Result<(), Rejection> {
    let mut others = T::owned(entry).iter().map(|stored| &stored.value);
    let taken =
        others.find(|other| other.content.name() == content.name() && Some(other.id) != but);
    taken.map_or(Ok(()), |other| {
        Err(name_taken(T::OWN.0, format!("{account}/{}", other.id)))
    })
}
