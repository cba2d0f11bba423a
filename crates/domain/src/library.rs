//! Author profiles and strategies: the platform's libraries and the accounts' own items
//! (section 6).

mod content;
mod language;
mod origin;
mod structure;

pub use content::{Draft, LibraryContent, MAX_ITEM_DESCRIPTION_CHARS, ProfileField, StrategyField};
pub use language::{LANGUAGE_RULE, language_tag};
pub use origin::{OriginState, OriginView, origin_view};
pub use structure::{MAX_STRUCTURE_BYTES, MAX_STRUCTURE_DEPTH};

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{AccountId, PromptType, Stored};

/// The number of an item; none is ever given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct ItemId(i64);

impl ItemId {
    /// The number, if it is positive.
    #[must_use]
    pub const fn new(id: i64) -> Option<Self> {
        if id > 0 { Some(Self(id)) } else { None }
    }

    /// The number of an item that a revision makes, by its place among those that it makes. A
    /// revision has numbers for 1 024, and none is given again whatever is deleted.
    #[must_use]
    pub fn of_revision(revision: u64, place: u64) -> Self {
        let number = revision.saturating_mul(1_024).saturating_add(place);
        Self(i64::try_from(number).unwrap_or(i64::MAX).max(1))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for ItemId {
    type Error = &'static str;

    fn try_from(id: i64) -> Result<Self, Self::Error> {
        Self::new(id).ok_or("a positive number")
    }
}

impl From<ItemId> for i64 {
    fn from(id: ItemId) -> Self {
        id.0
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! categories {
    ($($(#[$doc:meta])* $name:ident { $($category:ident $text:literal),* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[expect(missing_docs, reason = "each name is its meaning")]
        pub enum $name { $($category,)* }

        impl $name {
            /// Every category.
            pub const ALL: &'static [Self] = &[$(Self::$category,)*];

            /// Its name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$category => $text,)* }
            }

            /// The category of a name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$category),)* _ => None }
            }
        }
    )*};
}

categories! {
    /// What an author profile writes for.
    ProfileCategory {
        Saas "saas", Ecommerce "ecommerce", Blog "blog", Technical "technical",
        Creative "creative", News "news", Academic "academic"
    }
    /// What a strategy is for.
    StrategyCategory {
        Blog "blog", Ecommerce "ecommerce", Saas "saas", News "news", Technical "technical",
        Marketing "marketing"
    }
}

/// How an author writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorProfile {
    /// Unique in its library or account; 1 to 255 characters.
    pub name: String,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What it writes for.
    pub category: ProfileCategory,
    /// Up to 100 characters, such as `professional, formal`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tone: String,
    /// A BCP 47 tag, such as `en` or `pt-BR`.
    pub language: String,
    /// How a text of this author is built.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub structure_template: Map<String, Value>,
}

/// How a content is planned and made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strategy {
    /// Unique in its library or account; 1 to 255 characters.
    pub name: String,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What it is for.
    pub category: StrategyCategory,
    /// The prompts that it uses, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompt_types: Vec<PromptType>,
    /// How the sections of a content are made.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub section_logic: Map<String, Value>,
    /// The field of business; empty: any.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sector: String,
}

/// An item of the platform's library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LibraryItem<T> {
    /// Its number.
    pub id: ItemId,
    /// Whether it can be cloned.
    pub active: bool,
    /// Counts the changes of its content, from 1.
    pub version: u32,
    /// What it says; shared with the copies that are as it is.
    pub content: Arc<T>,
}

/// Where a copy is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The item of the library; it may be gone.
    pub id: ItemId,
    /// Its version when it was cloned.
    pub version: u32,
}

/// An item of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnItem<T> {
    /// Whose.
    pub account_id: AccountId,
    /// Its number.
    pub id: ItemId,
    /// Whether it is offered.
    pub active: bool,
    /// Where it was cloned from; `None`: made from scratch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// What it says.
    pub content: Arc<T>,
}

/// The items of an account, each list in the order of their numbers.
#[derive(Clone, Debug, Default)]
pub struct OwnLibrary {
    /// Its author profiles.
    pub profiles: Vec<Stored<OwnItem<AuthorProfile>>>,
    /// Its strategies.
    pub strategies: Vec<Stored<OwnItem<Strategy>>>,
}
