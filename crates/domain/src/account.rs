//! Accounts, their tombstones and their overrides (sections 1 and 3).

mod packed;
mod prompts;
mod rows;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    AccountId, AccountModules, AuthorProfile, IntegrationType, ModelFields, OwnItem, OwnLibrary,
    Plan, PromptType, Stored, Strategy,
};

pub(crate) use prompts::PromptBase;
pub use prompts::PromptRow;
pub use rows::OverrideRows;

/// An account as Django pushed it last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Django's primary key.
    pub account_id: AccountId,
    /// What it may do.
    pub plan: Plan,
    /// The name for people.
    pub display_name: String,
    /// Whether its calls are answered.
    pub active: bool,
    /// The push that this is of; only higher ones are applied.
    pub source_version: i64,
}

/// An account, or what is left of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case", try_from = "Flat")]
pub enum AccountState {
    /// Registered.
    Live(Account),
    /// Deleted: later pushes start it empty.
    Deleted {
        /// Django's primary key.
        account_id: AccountId,
        /// The push that deleted it.
        source_version: i64,
    },
}

/// A state as it is read. There are a million of them at a start, and serde would put each into a
/// form of its own first, to look for the mark of the variant.
#[derive(Deserialize)]
struct Flat {
    state: Mark,
    account_id: AccountId,
    plan: Option<Plan>,
    display_name: Option<String>,
    active: Option<bool>,
    source_version: i64,
}

/// The mark of the variant.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mark {
    Live,
    Deleted,
}

impl TryFrom<Flat> for AccountState {
    type Error = &'static str;

    fn try_from(read: Flat) -> Result<Self, Self::Error> {
        let Flat {
            state,
            account_id,
            plan,
            display_name,
            active,
            source_version,
        } = read;
        Ok(match state {
            Mark::Live => Self::Live(Account {
                account_id,
                plan: plan.ok_or("an account without a plan")?,
                display_name: display_name.ok_or("an account without a name")?,
                active: active.ok_or("an account without its switch")?,
                source_version,
            }),
            Mark::Deleted => Self::Deleted {
                account_id,
                source_version,
            },
        })
    }
}

impl AccountState {
    /// Django's primary key.
    #[must_use]
    pub const fn account_id(&self) -> AccountId {
        match self {
            Self::Live(account) => account.account_id,
            Self::Deleted { account_id, .. } => *account_id,
        }
    }

    /// The push that this is of.
    #[must_use]
    pub const fn source_version(&self) -> i64 {
        match self {
            Self::Live(account) => account.source_version,
            Self::Deleted { source_version, .. } => *source_version,
        }
    }
}

/// An account's row of one integration type. It can hold no key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Override {
    /// Whose row it is.
    pub account_id: AccountId,
    /// What it is about.
    pub integration_type: IntegrationType,
    /// The row's switch; off takes it out of force.
    pub enabled: bool,
    /// The values; absent ones are inherited.
    #[serde(default, skip_serializing_if = "ModelFields::is_empty")]
    pub fields: ModelFields,
}

/// All that is stored of one account.
#[derive(Clone, Debug)]
pub struct AccountEntry {
    /// The account or its tombstone.
    pub state: Stored<AccountState>,
    /// Its overrides, at most one of a type.
    pub overrides: OverrideRows,
    /// What most accounts have nothing of.
    rare: Option<Box<Rare>>,
}

/// What most accounts have nothing of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rare {
    /// The switches of modules, unless all are on.
    pub(crate) modules: Option<Box<Stored<AccountModules>>>,
    /// The prompts, at most one of a type.
    prompts: Box<[PromptRow]>,
    /// The author profiles and strategies, if there ever were any.
    pub(crate) library: Option<Arc<OwnLibrary>>,
}

impl AccountEntry {
    /// An account without rows.
    #[must_use]
    pub fn new(state: Stored<AccountState>) -> Self {
        Self {
            overrides: OverrideRows::new(state.value.account_id()),
            state,
            rare: None,
        }
    }

    /// What most accounts have nothing of, to be put in.
    pub(crate) fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// What most accounts have nothing of, to be taken out of.
    pub(crate) fn kept_rare(&mut self) -> Option<&mut Rare> {
        self.rare.as_deref_mut()
    }

    /// The account, unless it was deleted.
    #[must_use]
    pub const fn live(&self) -> Option<&Account> {
        match &self.state.value {
            AccountState::Live(account) => Some(account),
            AccountState::Deleted { .. } => None,
        }
    }

    /// Its row of a type.
    #[must_use]
    pub fn override_of(&self, kind: &IntegrationType) -> Option<Stored<Override>> {
        self.overrides.named(kind.as_str())
    }

    /// Its switches of modules, unless all are on.
    #[must_use]
    pub fn modules(&self) -> Option<&Stored<AccountModules>> {
        self.rare.as_ref()?.modules.as_deref()
    }

    /// Its prompts, at most one of a type.
    #[must_use]
    pub fn prompts(&self) -> &[PromptRow] {
        self.rare.as_ref().map_or(&[], |rare| &rare.prompts)
    }

    /// Its prompt of a type.
    #[must_use]
    pub fn prompt_of(&self, prompt_type: &PromptType) -> Option<&PromptRow> {
        let mut rows = self.prompts().iter();
        rows.find(|row| row.prompt_type() == prompt_type)
    }

    /// Its author profiles, in the order of their numbers.
    #[must_use]
    pub fn profiles(&self) -> &[Stored<OwnItem<AuthorProfile>>] {
        self.library().map_or(&[], |own| &own.profiles)
    }

    /// Its strategies, in the order of their numbers.
    #[must_use]
    pub fn strategies(&self) -> &[Stored<OwnItem<Strategy>>] {
        self.library().map_or(&[], |own| &own.strategies)
    }

    fn library(&self) -> Option<&OwnLibrary> {
        self.rare.as_ref()?.library.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_as_they_are_written() {
        let account_id = AccountId::new(7).unwrap();
        for state in [
            AccountState::Live(Account {
                account_id,
                plan: Plan::Growth,
                display_name: "\"é\"".to_owned(),
                active: false,
                source_version: -3,
            }),
            AccountState::Deleted {
                account_id,
                source_version: 9,
            },
        ] {
            let text = serde_json::to_string(&state).unwrap();
            assert_eq!(serde_json::from_str::<AccountState>(&text).unwrap(), state);
        }
        for text in [
            r#"{"state":"live","account_id":7,"source_version":1}"#,
            r#"{"state":"gone","account_id":7,"source_version":1}"#,
            r#"{"account_id":7,"source_version":1}"#,
            r#"{"state":"deleted","account_id":0,"source_version":1}"#,
        ] {
            assert!(
                serde_json::from_str::<AccountState>(text).is_err(),
                "{text}"
            );
        }
    }
}
