//! Author profiles, read from their rows.

use aiconfig_domain::{
    AccountEntry, AccountId, AuthorProfile, ItemId, LibraryItem, OwnItem, ProfileCategory,
    Resource, ResourceKey, Snapshot, Stored,
};

use super::cells::{Fields, is_blank, text};
use super::dump::Kind;
use super::items::{Item, category, dropped};
use super::planner::{Planner, RowId};
use super::report::{Consequence, Totals};
use super::structure::{DESCRIPTION, object, words};

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
            description: words(planner, row, fields, "description", DESCRIPTION, class),
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

/// A BCP 47 tag in its usual case, such as `pt-BR`. The primary subtag has two or three letters, so
/// that names such as `english` are none.
fn language_tag(text: &str) -> Option<String> {
    /// Characters of a tag; well-formed ones have no end.
    const LONGEST: usize = 100;
    let mut parts = text.split('-');
    let primary = parts.next()?.to_ascii_lowercase();
    let letters = |part: &str| part.bytes().all(|b| b.is_ascii_alphabetic());
    if text.len() > LONGEST || !(2..=3).contains(&primary.len()) || !letters(&primary) {
        return None;
    }
    let mut tag = primary;
    let mut extended = false;
    for part in parts {
        let fits = (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
        if !fits {
            return None;
        }
        let mut part = part.to_ascii_lowercase();
        match part.len() {
            2 if !extended && letters(&part) => part.make_ascii_uppercase(),
            4 if !extended && letters(&part) => part[..1].make_ascii_uppercase(),
            1 => extended = true,
            _ => {}
        }
        tag = format!("{tag}-{part}");
    }
    Some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags() {
        for (text, tag) in [
            ("en", Some("en")),
            ("DE", Some("de")),
            ("pt-br", Some("pt-BR")),
            ("ZH-hant-tw", Some("zh-Hant-TW")),
            ("gsw", Some("gsw")),
            ("de-1996", Some("de-1996")),
            ("en-u-co-phonebk", Some("en-u-co-phonebk")),
            ("", None),
            ("e", None),
            ("english", None),
            ("en_US", None),
            ("en-", None),
            ("12", None),
            ("x-private", None),
            ("en-verylongsubtag", None),
        ] {
            assert_eq!(language_tag(text).as_deref(), tag, "{text:?}");
        }
    }
}
