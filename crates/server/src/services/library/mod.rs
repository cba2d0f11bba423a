//! `AuthorProfileService` and `StrategyService`: one form of both, over the messages of each.

mod author_profiles;
mod clone;
mod lists;
mod resolved;
mod service;
mod strategies;

use aiconfig_application::{Applied, Caller};
use aiconfig_domain::{
    AccountEntry, AccountId, Command, ItemId, LibraryItem, OwnItem, Rejection, ResourceKey,
    Snapshot, Stored, origin_view,
};

use crate::call::covered;
use crate::errors::ApiError;
use crate::wire::{LibraryWire, OwnPlace};

/// An item of the platform's library on the wire.
fn global<T: LibraryWire>(snapshot: &Snapshot, stored: &Stored<LibraryItem<T>>) -> T::Global {
    let etag = snapshot.etag(&T::global_key(stored.value.id));
    T::global_message(stored, etag)
}

/// An account's item on the wire.
fn own<T: LibraryWire>(snapshot: &Snapshot, stored: &Stored<OwnItem<T>>) -> T::Own {
    let item = &stored.value;
    let account = snapshot
        .account(item.account_id)
        .and_then(AccountEntry::live);
    let place = OwnPlace {
        origin: origin_view(snapshot, item),
        dormant: account.is_some_and(|account| !account.plan.rules().may_override),
    };
    let etag = snapshot.etag(&T::own_key(item.account_id, item.id));
    T::own_message(stored, &place, etag)
}

/// The item of the platform's library that a write was about.
fn global_written<T: LibraryWire>(applied: &Applied<'_>) -> Option<T::Global> {
    let subject = applied.decision.subject.as_ref()?;
    let (ResourceKey::LibraryProfile(id) | ResourceKey::LibraryStrategy(id)) = *subject else {
        return None;
    };
    Some(global(applied.snapshot, T::global(applied.snapshot, id)?))
}

/// The account's item that a write was about.
fn own_written<T: LibraryWire>(applied: &Applied<'_>) -> Option<T::Own> {
    let subject = applied.decision.subject.as_ref()?;
    let (ResourceKey::OwnProfile(account, id) | ResourceKey::OwnStrategy(account, id)) = *subject
    else {
        return None;
    };
    let stored = T::own(applied.snapshot, account, id)?;
    Some(own(applied.snapshot, stored))
}

/// What became of each item of a switch: the item or why it was refused, and whether it changed.
fn switched<T: LibraryWire>(
    applied: &Applied<'_>,
) -> impl Iterator<Item = (Result<T::Global, tonic_types::pb::Status>, bool)> {
    applied.decision.items.iter().map(|row| {
        let item = row.clone().and_then(|row| {
            let stored = T::global(applied.snapshot, row.id);
            let stored = stored.ok_or_else(|| Rejection::library_item_not_found::<T>(row.id))?;
            Ok((global(applied.snapshot, stored), row.changed))
        });
        match item {
            Ok((item, changed)) => (Ok(item), changed),
            Err(rejection) => (Err(ApiError::from(rejection).into_rpc()), false),
        }
    })
}

/// The item of the platform's library that a read is about.
fn read_global<T: LibraryWire>(snapshot: &Snapshot, id: i64) -> Result<T::Global, ApiError> {
    let id: ItemId = crate::wire::item_id::<T>(id)?;
    let stored = T::global(snapshot, id);
    let stored = stored.ok_or_else(|| Rejection::library_item_not_found::<T>(id))?;
    Ok(global(snapshot, stored))
}

/// The account's item that a read is about.
fn read_own<T: LibraryWire>(
    snapshot: &Snapshot,
    caller: &Caller,
    account: i64,
    id: i64,
) -> Result<T::Own, ApiError> {
    let (account, id) = crate::wire::own_id::<T>(account, id)?;
    registered(snapshot, caller, account)?;
    let stored = T::own(snapshot, account, id);
    let stored = stored.ok_or_else(|| Rejection::own_item_not_found::<T>(account, id))?;
    Ok(own(snapshot, stored))
}

/// An account that a caller may see.
fn registered<'a>(
    snapshot: &'a Snapshot,
    caller: &Caller,
    account: AccountId,
) -> Result<&'a AccountEntry, Rejection> {
    covered(caller, account)?;
    let entry = snapshot.account(account);
    entry
        .filter(|entry| entry.live().is_some())
        .ok_or_else(|| Rejection::account_not_registered(account))
}

/// A write of an account that the caller may see.
fn of_account(
    caller: &Caller,
    read: Result<(AccountId, Command), Rejection>,
) -> Result<Command, ApiError> {
    let (account, command) = read?;
    covered(caller, account)?;
    Ok(command)
}
