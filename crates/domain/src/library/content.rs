//! What author profiles and strategies have in common: everything but what they say.

use std::fmt::Debug;

use super::language::{LANGUAGE_RULE, language_tag};
use super::structure::check_structure;
use crate::masked::masked_fields;
use crate::{
    AccountEntry, AccountId, AuthorProfile, Command, ItemId, LibraryCommand, LibraryItem, OwnItem,
    Reason, Resource, ResourceKey, Snapshot, Stored, Strategy, Violation,
};

/// The most characters of an item's description.
pub const MAX_ITEM_DESCRIPTION_CHARS: usize = 10_000;
/// Prompt types of a strategy.
const PROMPT_TYPES_LIMIT: usize = 20;

/// An item as it is written: what it says, and whether it is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft<T> {
    /// Whether it is offered.
    pub active: bool,
    /// What it says.
    pub content: T,
}

type ProfileDraft = Draft<AuthorProfile>;
type StrategyDraft = Draft<Strategy>;

masked_fields! {
    /// The fields of an author profile that an update can name.
    ProfileField of ProfileDraft {
        Name "name" content.name;
        Description "description" content.description;
        Category "category" content.category;
        Tone "tone" content.tone;
        Language "language" content.language;
        StructureTemplate "structure_template" content.structure_template;
        Active "active" active;
    }
}

masked_fields! {
    /// The fields of a strategy that an update can name.
    StrategyField of StrategyDraft {
        Name "name" content.name;
        Description "description" content.description;
        Category "category" content.category;
        PromptTypes "prompt_types" content.prompt_types;
        SectionLogic "section_logic" content.section_logic;
        Sector "sector" content.sector;
        Active "active" active;
    }
}

/// The content of a library's items; their life is the same for all kinds.
pub trait LibraryContent: Clone + Debug + PartialEq + Send + Sync + Sized + 'static {
    /// The fields that an update can name.
    type Field: Copy + Debug + PartialEq + Send + Sync + 'static;
    /// Every one.
    const FIELDS: &'static [Self::Field];
    /// The field of the name.
    const NAME: Self::Field;
    /// The type of an item of the platform's library, and the field of requests that holds one.
    const GLOBAL: (&'static str, &'static str);
    /// The type of an account's item, and the field of requests that holds one.
    const OWN: (&'static str, &'static str);
    /// Why an item that is not there is refused.
    const NOT_FOUND: Reason;

    /// What tells it from the others of its library or account.
    fn name(&self) -> &str;
    /// The same under another name.
    #[must_use]
    fn renamed(&self, name: String) -> Self;
    /// The path of a field in a mask.
    fn path(field: Self::Field) -> &'static str;
    /// Takes a field over from another draft.
    fn take(field: Self::Field, into: &mut Draft<Self>, from: &Draft<Self>);
    /// Notes what is wrong with a field, which stands at `path` in the request.
    fn check(&self, field: Self::Field, snapshot: &Snapshot, path: &str) -> Vec<Violation>;

    /// An item of the platform's library.
    fn global(snapshot: &Snapshot, id: ItemId) -> Option<&Stored<LibraryItem<Self>>>;
    /// The platform's library, by number.
    fn globals(snapshot: &Snapshot) -> impl Iterator<Item = &Stored<LibraryItem<Self>>>;
    /// An account's items, by number.
    fn owned(entry: &AccountEntry) -> &[Stored<OwnItem<Self>>];
    /// An account's item.
    fn own(snapshot: &Snapshot, account: AccountId, id: ItemId) -> Option<&Stored<OwnItem<Self>>>;
    /// The key of an item of the platform's library.
    fn global_key(id: ItemId) -> ResourceKey;
    /// The key of an account's item.
    fn own_key(account: AccountId, id: ItemId) -> ResourceKey;
    /// An item of the platform's library as a resource.
    fn global_resource(item: LibraryItem<Self>) -> Resource;
    /// An account's item as a resource.
    fn own_resource(item: OwnItem<Self>) -> Resource;
    /// A command on such items.
    fn command(command: LibraryCommand<Self>) -> Command;
}

/// A rule that a text must meet, unless it does.
fn texts(text: &str, least: usize, most: usize, rule: &'static str) -> Option<&'static str> {
    let fits = (least..=most).contains(&text.chars().count()) && !text.contains('\0');
    (!fits).then_some(rule)
}

fn name_rule(name: &str) -> Option<&'static str> {
    texts(name, 1, 255, "1 to 255 characters, no NUL")
}

fn description_rule(text: &str) -> Option<&'static str> {
    let rule = "up to 10000 characters, no NUL";
    texts(text, 0, MAX_ITEM_DESCRIPTION_CHARS, rule)
}

fn violations(path: &str, rule: Option<&'static str>) -> Vec<Violation> {
    rule.map(|rule| Violation::new(path, rule))
        .into_iter()
        .collect()
}

/// The parts of the trait that name their kind and nothing else.
macro_rules! kind {
    ($global:ident $globals:ident $owned:ident $own:ident $library:ident $account:ident $command:ident) => {
        fn name(&self) -> &str {
            &self.name
        }

        fn renamed(&self, name: String) -> Self {
            Self {
                name,
                ..self.clone()
            }
        }

        fn path(field: Self::Field) -> &'static str {
            field.path()
        }

        fn take(field: Self::Field, into: &mut Draft<Self>, from: &Draft<Self>) {
            field.take(into, from);
        }

        fn global(snapshot: &Snapshot, id: ItemId) -> Option<&Stored<LibraryItem<Self>>> {
            snapshot.$global(id)
        }

        fn globals(snapshot: &Snapshot) -> impl Iterator<Item = &Stored<LibraryItem<Self>>> {
            snapshot.$globals()
        }

        fn owned(entry: &AccountEntry) -> &[Stored<OwnItem<Self>>] {
            entry.$owned()
        }

        fn own(
            snapshot: &Snapshot,
            account: AccountId,
            id: ItemId,
        ) -> Option<&Stored<OwnItem<Self>>> {
            snapshot.$own(account, id)
        }

        fn global_key(id: ItemId) -> ResourceKey {
            ResourceKey::$library(id)
        }

        fn own_key(account: AccountId, id: ItemId) -> ResourceKey {
            ResourceKey::$account(account, id)
        }

        fn global_resource(item: LibraryItem<Self>) -> Resource {
            Resource::$library(item)
        }

        fn own_resource(item: OwnItem<Self>) -> Resource {
            Resource::$account(item)
        }

        fn command(command: LibraryCommand<Self>) -> Command {
            Command::$command(command)
        }
    };
}

impl LibraryContent for AuthorProfile {
    type Field = ProfileField;
    const FIELDS: &'static [ProfileField] = ProfileField::ALL;
    const NAME: ProfileField = ProfileField::Name;
    const GLOBAL: (&'static str, &'static str) = ("GlobalAuthorProfile", "global_author_profile");
    const OWN: (&'static str, &'static str) = ("AuthorProfile", "author_profile");
    const NOT_FOUND: Reason = Reason::AuthorProfileNotFound;

    kind!(library_profile library_profiles profiles own_profile LibraryProfile OwnProfile ProfileCommand);

    fn check(&self, field: ProfileField, _: &Snapshot, path: &str) -> Vec<Violation> {
        let rule = match field {
            ProfileField::Name => name_rule(&self.name),
            ProfileField::Description => description_rule(&self.description),
            ProfileField::Tone => texts(&self.tone, 0, 100, "up to 100 characters, no NUL"),
            ProfileField::Language => {
                let canonical = language_tag(&self.language);
                (canonical.as_deref() != Some(&*self.language)).then_some(LANGUAGE_RULE)
            }
            ProfileField::StructureTemplate => {
                let mut found = Vec::new();
                check_structure(&self.structure_template, path, &mut found);
                return found;
            }
            ProfileField::Category | ProfileField::Active => None,
        };
        violations(path, rule)
    }
}

impl LibraryContent for Strategy {
    type Field = StrategyField;
    const FIELDS: &'static [StrategyField] = StrategyField::ALL;
    const NAME: StrategyField = StrategyField::Name;
    const GLOBAL: (&'static str, &'static str) = ("GlobalStrategy", "global_strategy");
    const OWN: (&'static str, &'static str) = ("Strategy", "strategy");
    const NOT_FOUND: Reason = Reason::StrategyNotFound;

    kind!(library_strategy library_strategies strategies own_strategy LibraryStrategy OwnStrategy StrategyCommand);

    fn check(&self, field: StrategyField, snapshot: &Snapshot, path: &str) -> Vec<Violation> {
        let rule = match field {
            StrategyField::Name => name_rule(&self.name),
            StrategyField::Description => description_rule(&self.description),
            StrategyField::Sector => texts(&self.sector, 0, 255, "up to 255 characters, no NUL"),
            StrategyField::PromptTypes => return self.check_prompt_types(snapshot, path),
            StrategyField::SectionLogic => {
                let mut found = Vec::new();
                check_structure(&self.section_logic, path, &mut found);
                return found;
            }
            StrategyField::Category | StrategyField::Active => None,
        };
        violations(path, rule)
    }
}

impl Strategy {
    fn check_prompt_types(&self, snapshot: &Snapshot, path: &str) -> Vec<Violation> {
        let named = &self.prompt_types;
        if named.len() > PROMPT_TYPES_LIMIT {
            return vec![Violation::new(path, "up to 20 prompt types")];
        }
        let rule = |at: usize| {
            if snapshot.global_prompt(named[at].as_str()).is_none() {
                Some("the type of a global prompt that exists")
            } else if named[..at].contains(&named[at]) {
                Some("each type once")
            } else {
                None
            }
        };
        (0..named.len())
            .filter_map(|at| Some(Violation::new(format!("{path}[{at}]"), rule(at)?)))
            .collect()
    }
}
