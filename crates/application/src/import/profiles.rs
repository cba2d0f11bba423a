//! Author profiles, read from their rows.

use aiconfig_domain::{
    AccountEntry, AccountId, AuthorProfile, ItemId, LibraryItem, MAX_ITEM_DESCRIPTION_CHARS,
    OwnItem, ProfileCategory, Resource, ResourceKey, Snapshot, Stored, language_tag,
};

use super::cells::{Fields, is_blank, text};
use super::dump::Kind;
use super::items::{Item, category, dropped};
use super::planner::{Planner, RowId};
use super::report::{Consequence, Totals};
use super::structure::{object, words};

/// Characters of a tone.
const TONE: usize = 100;

impl Item for AuthorProfile {
    const KINDS: [Kind; 2] = [Kind::GlobalProfile, Kind::Profile];
    const WHAT: &'static str = "author profile";

    fn read(
        planner: &mut Planner<'_>,
        row: RowId,
        fields: &Fields,
        name: String,
        origin: Option<&Self>,
    ) -> Self {
        let class = dropped(planner, row);
        let usual = origin.map_or(ProfileCategory::Blog, |origin| origin.category);
        Self {
            name,
            description: words(
                planner,
                row,
                fields,
                "description",
                MAX_ITEM_DESCRIPTION_CHARS,
                class,
            ),
            category: category(planner, row, fields, ProfileCategory::parse, usual),
            tone: words(planner, row, fields, "tone", TONE, class),
            language: language(planner, row, fields, class),
            structure_template: object(planner, row, fields, "structure_template", class),
        }
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn global(snapshot: &Snapshot, id: ItemId) -> Option<&LibraryItem<Self>> {
        snapshot.library_profile(id).map(|stored| &stored.value)
    }

    fn globals(snapshot: &Snapshot) -> impl Iterator<Item = &LibraryItem<Self>> {
        snapshot.library_profiles().map(|stored| &stored.value)
    }

    fn owned(entry: &AccountEntry) -> &[Stored<OwnItem<Self>>] {
        entry.profiles()
    }

    fn put_global(item: LibraryItem<Self>) -> Resource {
        Resource::LibraryProfile(item)
    }

    fn put_own(item: OwnItem<Self>) -> Resource {
        Resource::OwnProfile(item)
    }

    fn id_of(key: &ResourceKey) -> Option<(Option<AccountId>, ItemId)> {
        match key {
            ResourceKey::LibraryProfile(id) => Some((None, *id)),
            ResourceKey::OwnProfile(account, id) => Some((Some(*account), *id)),
            _ => None,
        }
    }

    fn total(totals: &mut Totals) -> &mut u64 {
        &mut totals.author_profiles
    }
}

/// The language of a row; without one, or with a bad tag, English.
fn language(
    planner: &mut Planner<'_>,
    row: RowId,
    fields: &Fields,
    dropped: Consequence,
) -> String {
    const ENGLISH: &str = "en";
    let given = fields.get("language");
    if is_blank(given) {
        return ENGLISH.to_owned();
    }
    let tag = text(fields, "language").and_then(language_tag);
    tag.unwrap_or_else(|| {
        let why = "not a BCP 47 tag, which begins with two or three letters";
        planner.tell(row, dropped, "language", "became en", why);
        ENGLISH.to_owned()
    })
}
