//! Names and numbers that identify resources, checked once when they are parsed.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Django's primary key of an account: a positive 64-bit integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct AccountId(i64);

impl AccountId {
    /// The id, if it is greater than 0.
    #[must_use]
    pub const fn new(id: i64) -> Option<Self> {
        if id > 0 { Some(Self(id)) } else { None }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for AccountId {
    type Error = &'static str;

    fn try_from(id: i64) -> Result<Self, Self::Error> {
        Self::new(id).ok_or("an account id is greater than 0")
    }
}

impl From<AccountId> for i64 {
    fn from(id: AccountId) -> Self {
        id.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether a text is a slug: `[a-z][a-z0-9]*(_[a-z][a-z0-9]*)*`, at most 63 bytes.
#[must_use]
pub fn is_slug(text: &str) -> bool {
    text.len() <= 63
        && text.split('_').all(|word| {
            word.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
                && word
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

/// A vendor's model id: 1 to 128 visible ASCII characters, such as `runware:97@1`.
fn is_model_id(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

/// A token id: 1 to 64 lower-case letters, digits, `-` and `_`.
fn is_token_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident by $rule:path, $say:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The rule that a text must meet, as a sentence for error messages.
            pub const RULE: &'static str = $say;

            /// The name, if the text meets the rule.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                $rule(text).then(|| Self(text.into()))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text, shared with this name.
            #[must_use]
            pub fn shared(&self) -> Arc<str> {
                Arc::clone(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text).ok_or($say)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// A provider's slug, such as `openai`.
    ProviderName by is_slug, "a slug of lower-case letters, digits and single underscores, each word starting with a letter, at most 63 long";
    /// A model's vendor id, unique over all providers.
    ModelId by is_model_id, "1 to 128 visible ASCII characters";
    /// A function's name, such as `generate_content`.
    FunctionName by is_slug, "a slug of lower-case letters, digits and single underscores, each word starting with a letter, at most 63 long";
    /// A credit operation's type, such as `idea_generation`.
    OperationType by is_slug, "a slug of lower-case letters, digits and single underscores, each word starting with a letter, at most 63 long";
    /// The type of a prompt, such as `content_generation`.
    PromptType by is_slug, "a slug of lower-case letters, digits and single underscores, each word starting with a letter, at most 63 long";
    /// The public part of a bearer token.
    TokenId by is_token_id, "1 to 64 lower-case letters, digits, - and _";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs() {
        for (text, is) in [
            ("openai", true),
            ("a", true),
            ("a1_b2", true),
            ("", false),
            ("1a", false),
            ("a_", false),
            ("_a", false),
            ("a__b", false),
            ("a_1", false),
            ("A", false),
            ("a-b", false),
            ("ä", false),
        ] {
            assert_eq!(is_slug(text), is, "{text:?}");
        }
        assert!(!is_slug(&"a".repeat(64)));
    }

    #[test]
    fn account_ids_are_positive() {
        assert!(AccountId::new(0).is_none());
        assert!(AccountId::new(-1).is_none());
        assert_eq!(AccountId::new(7).unwrap().get(), 7);
    }
}
