//! What the messages of author profiles and strategies have in common.

mod author_profile;
mod clone;
mod commands;
mod messages;
mod strategy;
mod structure;

use aiconfig_domain::{Draft, ItemId, LibraryContent, LibraryItem, OriginView, OwnItem, Stored};
use prost::Message;

pub(crate) use self::clone::{CloneOrder, clone_order};
pub(crate) use self::commands::{
    create_global, create_own, delete_global, delete_own, item_id, own_id, set_active,
    update_global, update_own,
};
use self::messages::library_messages;
use super::common::Faults;
use super::enums::origin_state;
use super::mask::MaskField;

const ABOVE_ZERO: &str = "must be above 0";

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
