//! Prompts: the library with its versions, and what accounts made of them (section 5).

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::digest::hex;
use crate::template::{TextFault, Variables, check_text};
use crate::{AccountId, PromptType};

/// The SHA-256 of a prompt text, by which it is stored. Records carry it in place of the text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TextHash([u8; 32]);

impl TextHash {
    /// The hash of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// The hash of 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Its 64 hex digits.
    #[must_use]
    pub fn to_hex(self) -> String {
        hex(&self.0)
    }

    /// Reads 64 hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for TextHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for TextHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for TextHash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("64 lower-case hex digits")
    }
}

impl From<TextHash> for String {
    fn from(hash: TextHash) -> Self {
        hash.to_hex()
    }
}

/// A text that can be a prompt, kept byte for byte. Its `Debug` names it and does not show it:
/// what tenants write belongs in no log.
#[derive(Clone, PartialEq, Eq)]
pub struct PromptText {
    text: Arc<str>,
    hash: TextHash,
}

impl PromptText {
    /// Takes a text.
    ///
    /// # Errors
    /// What is wrong with it, never the text.
    pub fn new(text: impl Into<Arc<str>>) -> Result<Self, TextFault> {
        let text = text.into();
        check_text(&text)?;
        Ok(Self::stored(text))
    }

    /// Takes a text that was stored, whatever the rules were then.
    #[must_use]
    pub fn stored(text: Arc<str>) -> Self {
        let hash = TextHash::of(&text);
        Self { text, hash }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text, shared with this one.
    #[must_use]
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// Its hash.
    #[must_use]
    pub const fn hash(&self) -> TextHash {
        self.hash
    }

    /// Its bytes of UTF-8.
    #[must_use]
    pub fn bytes(&self) -> u32 {
        u32::try_from(self.text.len()).unwrap_or(u32::MAX)
    }
}

impl fmt::Debug for PromptText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PromptText({}, {} bytes)", self.hash, self.text.len())
    }
}

/// A prompt of the library as it stands: its newest version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GlobalPrompt {
    /// What it is for; one prompt of a type.
    pub prompt_type: PromptType,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The text.
    pub text: TextHash,
    /// The placeholders of the text.
    #[serde(default)]
    pub variables: Variables,
    /// Counts up with every version of the type, from 1, also over a deletion.
    pub version: u32,
    /// Whether accounts are answered with it.
    pub active: bool,
}

/// A version of a prompt of the library. It is never changed, and outlives the prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptVersion {
    /// Of which type.
    pub prompt_type: PromptType,
    /// Its number.
    pub version: u32,
    /// The text.
    pub text: TextHash,
    /// The bytes of the text.
    pub bytes: u32,
    /// The placeholders of the text.
    #[serde(default)]
    pub variables: Variables,
    /// Why it was made, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// What an account made of a prompt of the library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountPrompt {
    /// Whose.
    pub account_id: AccountId,
    /// Of which type.
    pub prompt_type: PromptType,
    /// Its own text.
    pub text: TextHash,
    /// The library's text that its own is based on.
    pub default_text: TextHash,
    /// The library's version that its own is based on.
    pub based_on_version: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_read_as_it_is_written() {
        let hash = TextHash::of("abc");
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash.to_string(), text);
        assert_eq!(TextHash::parse(text), Some(hash));
        for bad in ["", "ba78", &text.replace('a', "g"), &format!("{text}00")] {
            assert_eq!(TextHash::parse(bad), None, "{bad}");
        }
        assert_eq!(TextHash::from_bytes(hash.as_bytes()), Some(hash));
    }

    #[test]
    fn a_text_is_not_shown_where_it_is_debugged() {
        let shown = format!("{:?}", PromptText::new("what a tenant wrote").unwrap());
        assert!(
            !shown.contains("tenant") && shown.contains("19 bytes"),
            "{shown}"
        );
    }
}
