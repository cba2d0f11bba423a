//! What the messages of author profiles and strategies have in common: numbers, clones, free JSON.

use std::collections::BTreeSet;

use aiconfig_domain::{
    AccountId, Command, Draft, ItemId, LibraryCommand, LibraryContent, LibraryItem, MOST_ROWS,
    OriginView, OwnItem, Rejection, Stored,
};
use prost::Message;
use prost_types::value::Kind;
use prost_types::{FieldMask, ListValue, NullValue, Struct};
use serde_json::{Map, Number, Value};

use super::common::{Faults, expected_etag, json};
use super::enums::origin_state;
use super::mask::{MaskField, masked};

/// Copies of one clone.
const MOST_COPIES: usize = 1_000_000;
/// Characters of the suffix of names.
const SUFFIX_LIMIT: usize = 100;
const ABOVE_ZERO: &str = "must be above 0";
/// Below it every whole number has a form without a fraction that is the same number.
const WHOLE_BELOW: f64 = 9_007_199_254_740_992.0;

/// The messages of a kind of items.
pub(crate) trait LibraryWire: LibraryContent<Field: MaskField> {
    /// An item of the platform's library.
    type Global: Message + Default;
    /// An account's item.
    type Own: Message + Default;
    /// The field that holds a number, and the one that holds several.
    const IDS: (&'static str, &'static str);
    /// What the names of its categories begin with on the wire.
    const CATEGORY_PREFIX: &'static str;

    /// The names of all categories.
    fn categories() -> Vec<&'static str>;
    /// The name of its category.
    fn category(&self) -> &'static str;
    /// An item of the platform's library on the wire.
    fn global_message(stored: &Stored<LibraryItem<Self>>, etag: String) -> Self::Global;
    /// An account's item on the wire.
    fn own_message(stored: &Stored<OwnItem<Self>>, place: &OwnPlace, etag: String) -> Self::Own;
    /// An account's item as it would be in the platform's library, with its account: what can be
    /// written is the same.
    fn of_own(own: Self::Own) -> (i64, Self::Global);
    /// Its number.
    fn id(given: &Self::Global) -> i64;
    /// Whether a field is populated.
    fn gives(given: &Self::Global, field: Self::Field) -> bool;
    /// Reads the fields that are taken over; `holder` is the field of the request that holds them.
    fn read(
        faults: &mut Faults,
        holder: &str,
        given: Self::Global,
        taken: &[Self::Field],
    ) -> Option<Draft<Self>>;
}

/// What of an account's item is not stored with it.
pub(crate) struct OwnPlace {
    /// Where it was cloned from.
    pub(crate) origin: Option<OriginView>,
    /// Whether the plan puts it out of force.
    pub(crate) dormant: bool,
}

impl OwnPlace {
    pub(super) fn cloned_from(&self) -> Option<i64> {
        self.origin?.cloned_from.map(ItemId::get)
    }

    pub(super) fn cloned_version(&self) -> Option<u32> {
        Some(self.origin?.cloned_version)
    }

    pub(super) fn origin_version(&self) -> Option<u32> {
        self.origin?.origin_version
    }

    pub(super) fn origin_state(&self) -> i32 {
        let none = aiconfig_proto::v1::OriginState::Unspecified as i32;
        self.origin
            .map_or(none, |origin| origin_state(origin.state))
    }
}

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

/// Which items a clone copies to which accounts.
#[derive(Debug)]
pub(crate) struct CloneOrder {
    pub(crate) items: Vec<ItemId>,
    pub(crate) accounts: Vec<AccountId>,
    pub(crate) name_suffix: Option<String>,
}

/// Reads what a clone is asked for.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn clone_order<T: LibraryWire>(
    items: &[i64],
    accounts: &[i64],
    name_suffix: Option<String>,
) -> Result<CloneOrder, Rejection> {
    let mut faults = Faults::default();
    if items.len().saturating_mul(accounts.len()) > MOST_COPIES {
        let rule = "times the number of items at most 1000000";
        faults.add("account_ids", rule);
        return faults.finish(None);
    }
    let items = numbers(&mut faults, T::IDS.1, items, ItemId::new);
    let accounts = numbers(&mut faults, "account_ids", accounts, AccountId::new);
    let suffix = name_suffix.as_deref().unwrap_or_default();
    if suffix.chars().count() > SUFFIX_LIMIT || suffix.contains('\0') {
        faults.add("name_suffix", "up to 100 characters, no NUL");
    }
    faults.finish(Some(CloneOrder {
        items,
        accounts,
        name_suffix,
    }))
}

/// Numbers of which there must be one, and none twice. Of many faults only the first is told.
fn numbers<N: Copy + Ord>(
    faults: &mut Faults,
    field: &str,
    given: &[i64],
    read: impl Fn(i64) -> Option<N>,
) -> Vec<N> {
    if given.is_empty() {
        faults.add(field, "must have at least one number");
    }
    let mut seen = BTreeSet::new();
    for (at, number) in given.iter().enumerate() {
        let rule = match read(*number) {
            None => ABOVE_ZERO,
            Some(number) if !seen.insert(number) => "each number once",
            Some(_) => continue,
        };
        faults.add(format!("{field}[{at}]"), rule);
        break;
    }
    given.iter().copied().filter_map(read).collect()
}

/// Reads a free JSON object; absent is empty. The wire has fractions only: whole numbers are kept
/// without one, so that an object that is sent back as it was given out is the same.
pub(super) fn read_structure(
    faults: &mut Faults,
    field: &str,
    given: Option<Struct>,
) -> Map<String, Value> {
    let read = given.and_then(|given| json(faults, field, given));
    match read.map(whole) {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

fn whole(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(whole_number(number)),
        Value::Array(items) => Value::Array(items.into_iter().map(whole).collect()),
        Value::Object(members) => {
            let members = members.into_iter();
            Value::Object(members.map(|(name, value)| (name, whole(value))).collect())
        }
        other => other,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "only whole numbers that fit are cast"
)]
fn whole_number(number: Number) -> Number {
    match number.as_f64() {
        Some(value) if value.fract() == 0.0 && value.abs() < WHOLE_BELOW => {
            Number::from(value as i64)
        }
        _ => number,
    }
}

/// A free JSON object on the wire.
pub(super) fn structure(members: &Map<String, Value>) -> Struct {
    Struct {
        fields: members
            .iter()
            .map(|(name, value)| (name.clone(), any(value)))
            .collect(),
    }
}

fn any(value: &Value) -> prost_types::Value {
    let kind = match value {
        Value::Null => Kind::NullValue(NullValue::NullValue.into()),
        Value::Bool(on) => Kind::BoolValue(*on),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        Value::String(text) => Kind::StringValue(text.clone()),
        Value::Array(items) => Kind::ListValue(ListValue {
            values: items.iter().map(any).collect(),
        }),
        Value::Object(members) => Kind::StructValue(structure(members)),
    };
    prost_types::Value { kind: Some(kind) }
}

#[cfg(test)]
mod tests {
    use aiconfig_domain::AuthorProfile;
    use serde_json::json;

    use super::*;

    #[test]
    fn free_json_goes_both_ways() {
        let value = json!({
            "h2": 5, "share": 0.5, "big": 1e300, "null": null, "on": true, "deep": [{"a": [-3]}]
        });
        let Value::Object(members) = value else {
            return;
        };
        let mut faults = Faults::default();
        let read = read_structure(&mut faults, "x", Some(structure(&members)));
        assert_eq!(read, members);
        assert!(faults.is_empty());
        assert_eq!(read_structure(&mut faults, "x", None), Map::new());
    }

    #[test]
    fn a_clone_names_items_and_accounts_once() {
        let faults = |items: &[i64], accounts: &[i64], suffix: Option<&str>| {
            let suffix = suffix.map(ToOwned::to_owned);
            let read = clone_order::<AuthorProfile>(items, accounts, suffix);
            let faults = read.err().map(|rejection| rejection.violations);
            let faults = faults.unwrap_or_default().into_iter();
            faults.map(|fault| fault.field).collect::<Vec<_>>()
        };
        assert_eq!(faults(&[1], &[7, 8], Some("")), [""; 0]);
        assert_eq!(
            faults(&[], &[], None),
            ["author_profile_ids", "account_ids"]
        );
        assert_eq!(
            faults(&[1, 1], &[7, 0], Some(&"x".repeat(101))),
            ["author_profile_ids[1]", "account_ids[1]", "name_suffix"]
        );
        let many: Vec<i64> = (1..=1_001).collect();
        assert_eq!(faults(&many, &many, None), ["account_ids"]);
    }
}
