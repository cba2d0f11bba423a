//! An account's prompts as they are kept. What a row is based on lies in one place for all rows that
//! are based on the same, so that two rows for each of a hundred thousand accounts take little room.

use std::sync::Arc;

use super::Rare;
use crate::{AccountId, AccountPrompt, Meta, PromptType, TextHash};

/// A text of the library that accounts took over, as a type and a version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PromptBase {
    prompt_type: PromptType,
    version: u32,
    text: TextHash,
}

/// What an account made of a prompt of the library.
#[derive(Clone, Debug, PartialEq)]
pub struct PromptRow {
    text: TextHash,
    base: Arc<PromptBase>,
    meta: Meta,
}

impl PromptBase {
    /// What a row is based on.
    pub(crate) fn of(row: &AccountPrompt) -> Self {
        Self {
            prompt_type: row.prompt_type.clone(),
            version: row.based_on_version,
            text: row.default_text,
        }
    }
}

impl PromptRow {
    /// A row over what it is based on.
    pub(crate) const fn new(text: TextHash, base: Arc<PromptBase>, meta: Meta) -> Self {
        Self { text, base, meta }
    }

    /// Of which type it is.
    #[must_use]
    pub fn prompt_type(&self) -> &PromptType {
        &self.base.prompt_type
    }

    /// Its own text.
    #[must_use]
    pub const fn text(&self) -> TextHash {
        self.text
    }

    /// The library's text that its own is based on.
    #[must_use]
    pub fn default_text(&self) -> TextHash {
        self.base.text
    }

    /// The library's version that its own is based on.
    #[must_use]
    pub fn based_on_version(&self) -> u32 {
        self.base.version
    }

    /// Whether its own text is another than the one that it is based on.
    #[must_use]
    pub fn is_customized(&self) -> bool {
        self.text != self.base.text
    }

    /// When and by whom it was changed.
    #[must_use]
    pub const fn meta(&self) -> &Meta {
        &self.meta
    }

    /// The row as a resource of its account.
    #[must_use]
    pub fn of(&self, account_id: AccountId) -> AccountPrompt {
        AccountPrompt {
            account_id,
            prompt_type: self.base.prompt_type.clone(),
            text: self.text,
            default_text: self.base.text,
            based_on_version: self.base.version,
        }
    }
}

impl Rare {
    /// Puts a row in; there is none of its type.
    pub(crate) fn push_prompt(&mut self, row: PromptRow) {
        let mut rows = std::mem::take(&mut self.prompts).into_vec();
        rows.reserve_exact(1);
        rows.push(row);
        self.prompts = rows.into_boxed_slice();
    }

    /// Takes the row of a type out.
    pub(crate) fn remove_prompt(&mut self, prompt_type: &PromptType) {
        let mut rows = std::mem::take(&mut self.prompts).into_vec();
        rows.retain(|row| row.prompt_type() != prompt_type);
        self.prompts = rows.into_boxed_slice();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_small() {
        assert!(size_of::<PromptRow>() <= 80);
        assert!(size_of::<Rare>() <= 32);
    }
}
