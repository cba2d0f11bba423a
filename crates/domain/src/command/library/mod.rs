//! Author profiles and strategies: the platform's libraries, and the accounts' own items. Both
//! kinds of content go the same way.

mod clone;
mod global;
mod own;

pub use clone::{CloneItems, ItemOutcome};

use super::Decision;
use super::providers::refuse_any;
use crate::{
    AccountId, AuthorProfile, Draft, ItemId, LibraryContent, Reason, Rejection, Snapshot, Strategy,
};

/// Rows of one command; a revision has numbers for a few more.
pub const MOST_ROWS: usize = 1_000;

/// A command on author profiles.
pub type ProfileCommand = LibraryCommand<AuthorProfile>;
/// A command on strategies.
pub type StrategyCommand = LibraryCommand<Strategy>;

/// A command on one kind of items.
#[derive(Clone, Debug)]
pub enum LibraryCommand<T: LibraryContent> {
    /// Adds an item to the platform's library.
    CreateGlobal {
        /// The item.
        value: Draft<T>,
    },
    /// Changes the named fields of an item of the platform's library.
    UpdateGlobal {
        /// Which.
        id: ItemId,
        /// New values.
        value: Draft<T>,
        /// The fields to take over.
        fields: Vec<T::Field>,
        /// The etag that the caller last saw; absent skips the check.
        expected_etag: Option<String>,
    },
    /// Deletes an item of the platform's library; copies stay.
    DeleteGlobal {
        /// Which.
        id: ItemId,
        /// The etag that the caller last saw; absent skips the check.
        expected_etag: Option<String>,
    },
    /// Offers items of the platform's library, or no longer does.
    SetActive {
        /// Which; at most [`MOST_ROWS`].
        ids: Vec<ItemId>,
        /// Whether they are offered.
        active: bool,
        /// Whether the others are changed when one is refused.
        partial: bool,
    },
    /// Copies items of the platform's library to accounts.
    Clone(CloneItems),
    /// Adds an item of an account, made from scratch.
    CreateOwn {
        /// Whose.
        account_id: AccountId,
        /// The item.
        value: Draft<T>,
    },
    /// Changes the named fields of an account's item.
    UpdateOwn {
        /// Whose.
        account_id: AccountId,
        /// Which.
        id: ItemId,
        /// New values.
        value: Draft<T>,
        /// The fields to take over.
        fields: Vec<T::Field>,
        /// The etag that the caller last saw; absent skips the check.
        expected_etag: Option<String>,
    },
    /// Deletes an account's item, on any plan.
    DeleteOwn {
        /// Whose.
        account_id: AccountId,
        /// Which.
        id: ItemId,
        /// The etag that the caller last saw; absent skips the check.
        expected_etag: Option<String>,
    },
}

impl<T: LibraryContent> LibraryCommand<T> {
    pub(super) fn decide(&self, snapshot: &Snapshot) -> Result<Decision, Rejection> {
        match self {
            Self::CreateGlobal { value } => global::create(snapshot, value),
            Self::UpdateGlobal {
                id,
                value,
                fields,
                expected_etag,
            } => global::update(snapshot, *id, value, fields, expected_etag.as_deref()),
            Self::DeleteGlobal { id, expected_etag } => {
                global::delete::<T>(snapshot, *id, expected_etag.as_deref())
            }
            Self::SetActive {
                ids,
                active,
                partial,
            } => global::set_active::<T>(snapshot, ids, *active, *partial),
            Self::Clone(command) => clone::clone::<T>(snapshot, command),
            Self::CreateOwn { account_id, value } => own::create(snapshot, *account_id, value),
            Self::UpdateOwn {
                account_id,
                id,
                value,
                fields,
                expected_etag,
            } => {
                let at = (*account_id, *id);
                own::update(snapshot, at, value, fields, expected_etag.as_deref())
            }
            Self::DeleteOwn {
                account_id,
                id,
                expected_etag,
            } => own::delete::<T>(snapshot, (*account_id, *id), expected_etag.as_deref()),
        }
    }
}

/// The number of the new item at a place among those that a command makes.
fn new_id(snapshot: &Snapshot, place: usize) -> ItemId {
    let place = u64::try_from(place).unwrap_or(u64::MAX);
    ItemId::of_revision(snapshot.revision() + 1, place)
}

/// Takes the fields over and checks them: a field that is not given is not held against a change.
fn merged<T: LibraryContent>(
    snapshot: &Snapshot,
    former: Draft<T>,
    value: &Draft<T>,
    fields: &[T::Field],
    holder: &str,
) -> Result<Draft<T>, Rejection> {
    let mut next = former;
    for field in fields {
        T::take(*field, &mut next, value);
    }
    check(snapshot, &next.content, fields, holder)?;
    Ok(next)
}

/// Refuses fields at fault; `holder` is the field of the request that holds the item.
fn check<T: LibraryContent>(
    snapshot: &Snapshot,
    content: &T,
    fields: &[T::Field],
    holder: &str,
) -> Result<(), Rejection> {
    let faults = fields.iter().flat_map(|field| {
        let path = format!("{holder}.{}", T::path(*field));
        content.check(*field, snapshot, &path)
    });
    refuse_any(faults.collect())
}

/// The refusal of a name that another item has.
fn name_taken(kind: &'static str, other: String) -> Rejection {
    let message = "another item has this name; names are unique in a library and in an account";
    Rejection::new(Reason::AlreadyExists, message).about(kind, other)
}
