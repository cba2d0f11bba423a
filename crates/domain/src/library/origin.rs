//! How a copy stands to the item that it was cloned from.

use crate::{ItemId, LibraryContent, OwnItem, Snapshot};

/// Whether an origin moved on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginState {
    /// It is as it was cloned.
    Current,
    /// It was changed since.
    Behind,
    /// It is gone, or no longer offered.
    Retired,
}

/// A copy's origin as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OriginView {
    /// The item; `None` once it was deleted.
    pub cloned_from: Option<ItemId>,
    /// Its version when it was cloned.
    pub cloned_version: u32,
    /// Its version now; `None` once it was deleted.
    pub origin_version: Option<u32>,
    /// What that comes to.
    pub state: OriginState,
}

/// Where an account's item was cloned from, as it stands now; `None`: it was made from scratch.
#[must_use]
pub fn origin_view<T: LibraryContent>(
    snapshot: &Snapshot,
    item: &OwnItem<T>,
) -> Option<OriginView> {
    let cloned = item.origin?;
    let origin = T::global(snapshot, cloned.id).map(|stored| &stored.value);
    let state = match origin {
        Some(origin) if origin.active && origin.version == cloned.version => OriginState::Current,
        Some(origin) if origin.active => OriginState::Behind,
        _ => OriginState::Retired,
    };
    Some(OriginView {
        cloned_from: origin.map(|origin| origin.id),
        cloned_version: cloned.version,
        origin_version: origin.map(|origin| origin.version),
        state,
    })
}
