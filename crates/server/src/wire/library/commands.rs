//! Commands on items, and the numbers that name them.

use aiconfig_domain::{AccountId, Command, ItemId, LibraryCommand, MOST_ROWS, Rejection};
use prost_types::FieldMask;

use super::clone::numbers;
use super::{ABOVE_ZERO, LibraryWire};
use crate::wire::common::{Faults, expected_etag};
use crate::wire::mask::masked;

/// Reads a new item of the platform's library.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn create_global<T: LibraryWire>(
    given: Option<T::Global>,
) -> Result<Command, Rejection> {
    let mut faults = Faults::default();
    let holder = T::GLOBAL.1;
    let value = faults
        .need(holder, given, "must be given")
        .and_then(|given| T::read(&mut faults, holder, given, T::FIELDS));
    faults.finish(value.map(|value| T::command(LibraryCommand::CreateGlobal { value })))
}

/// Reads a change of an item of the platform's library.
///
/// # Errors
/// `FIELD_INVALID` with every fault, `MASK_INVALID`.
pub(crate) fn update_global<T: LibraryWire>(
    given: Option<T::Global>,
    mask: Option<FieldMask>,
    etag: String,
) -> Result<Command, Rejection> {
    let mut faults = Faults::default();
    let holder = T::GLOBAL.1;
    let Some(given) = faults.need(holder, given, "must be given") else {
        return faults.finish(None);
    };
    let fields = masked(mask, |field| T::gives(&given, field))?;
    let id = held_id::<T>(&mut faults, holder, T::id(&given));
    let value = T::read(&mut faults, holder, given, &fields);
    let expected_etag = expected_etag(etag);
    faults.finish(id.zip(value).map(|(id, value)| {
        T::command(LibraryCommand::UpdateGlobal {
            id,
            value,
            fields,
            expected_etag,
        })
    }))
}

/// Reads a deletion of an item of the platform's library.
///
/// # Errors
/// `FIELD_INVALID`.
pub(crate) fn delete_global<T: LibraryWire>(id: i64, etag: String) -> Result<Command, Rejection> {
    let (id, expected_etag) = (item_id::<T>(id)?, expected_etag(etag));
    Ok(T::command(LibraryCommand::DeleteGlobal {
        id,
        expected_etag,
    }))
}

/// Reads a switch of items of the platform's library.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn set_active<T: LibraryWire>(
    ids: &[i64],
    active: Option<bool>,
    partial: bool,
) -> Result<Command, Rejection> {
    let mut faults = Faults::default();
    if ids.len() > MOST_ROWS {
        faults.add(T::IDS.1, "up to 1000 numbers");
    }
    let ids = numbers(&mut faults, T::IDS.1, ids, ItemId::new);
    let active = faults.need("active", active, "must be given");
    faults.finish(active.map(|active| {
        T::command(LibraryCommand::SetActive {
            ids,
            active,
            partial,
        })
    }))
}

/// Reads a new item of an account.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn create_own<T: LibraryWire>(
    given: Option<T::Own>,
) -> Result<(AccountId, Command), Rejection> {
    let mut faults = Faults::default();
    let holder = T::OWN.1;
    let Some(given) = faults.need(holder, given, "must be given") else {
        return faults.finish(None);
    };
    let (account, given) = T::of_own(given);
    let account = faults.account_id(&format!("{holder}.account_id"), account);
    let value = T::read(&mut faults, holder, given, T::FIELDS);
    faults.finish(account.zip(value).map(|(account_id, value)| {
        let command = LibraryCommand::CreateOwn { account_id, value };
        (account_id, T::command(command))
    }))
}

/// Reads a change of an item of an account.
///
/// # Errors
/// `FIELD_INVALID` with every fault, `MASK_INVALID`.
pub(crate) fn update_own<T: LibraryWire>(
    given: Option<T::Own>,
    mask: Option<FieldMask>,
    etag: String,
) -> Result<(AccountId, Command), Rejection> {
    let mut faults = Faults::default();
    let holder = T::OWN.1;
    let Some(given) = faults.need(holder, given, "must be given") else {
        return faults.finish(None);
    };
    let (account, given) = T::of_own(given);
    let fields = masked(mask, |field| T::gives(&given, field))?;
    let account = faults.account_id(&format!("{holder}.account_id"), account);
    let id = held_id::<T>(&mut faults, holder, T::id(&given));
    let value = T::read(&mut faults, holder, given, &fields);
    let expected_etag = expected_etag(etag);
    let read = account.zip(id).zip(value);
    faults.finish(read.map(|((account_id, id), value)| {
        let command = LibraryCommand::UpdateOwn {
            account_id,
            id,
            value,
            fields,
            expected_etag,
        };
        (account_id, T::command(command))
    }))
}

/// Reads a deletion of an item of an account.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn delete_own<T: LibraryWire>(
    account: i64,
    id: i64,
    etag: String,
) -> Result<(AccountId, Command), Rejection> {
    let (account_id, id) = own_id::<T>(account, id)?;
    let command = LibraryCommand::DeleteOwn {
        account_id,
        id,
        expected_etag: expected_etag(etag),
    };
    Ok((account_id, T::command(command)))
}

/// The number of an item in a request.
///
/// # Errors
/// `FIELD_INVALID`.
pub(crate) fn item_id<T: LibraryWire>(id: i64) -> Result<ItemId, Rejection> {
    let mut faults = Faults::default();
    let id = faults.need(T::IDS.0, ItemId::new(id), ABOVE_ZERO);
    faults.finish(id)
}

/// An account and the number of its item in a request.
///
/// # Errors
/// `FIELD_INVALID` with both faults.
pub(crate) fn own_id<T: LibraryWire>(
    account: i64,
    id: i64,
) -> Result<(AccountId, ItemId), Rejection> {
    let mut faults = Faults::default();
    let account = faults.account_id("account_id", account);
    let id = faults.need(T::IDS.0, ItemId::new(id), ABOVE_ZERO);
    faults.finish(account.zip(id))
}

fn held_id<T: LibraryWire>(faults: &mut Faults, holder: &str, id: i64) -> Option<ItemId> {
    let field = format!("{holder}.{}", T::IDS.0);
    faults.need(&field, ItemId::new(id), ABOVE_ZERO)
}
