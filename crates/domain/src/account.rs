//! Accounts, their tombstones and their overrides (sections 1 and 3).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    AccountId, AccountModules, AccountPrompt, AuthorProfile, IntegrationType, ModelFields, OwnItem,
    OwnLibrary, Plan, PromptType, Stored, Strategy,
};

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
#[serde(tag = "state", rename_all = "snake_case")]
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
    pub overrides: Vec<Stored<Override>>,
    /// Its switches of modules, unless all are on.
    pub modules: Option<Arc<Stored<AccountModules>>>,
    /// Its prompts, at most one of a type.
    pub prompts: Vec<Stored<AccountPrompt>>,
    /// Its author profiles and strategies, if it ever had any.
    pub library: Option<Arc<OwnLibrary>>,
}

impl AccountEntry {
    /// An account without rows.
    #[must_use]
    pub const fn new(state: Stored<AccountState>) -> Self {
        Self {
            state,
            overrides: Vec::new(),
            modules: None,
            prompts: Vec::new(),
            library: None,
        }
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
    pub fn override_of(&self, kind: &IntegrationType) -> Option<&Stored<Override>> {
        self.override_named(kind.as_str())
    }

    /// Its row of a type of that name.
    #[must_use]
    pub fn override_named(&self, kind: &str) -> Option<&Stored<Override>> {
        self.overrides
            .iter()
            .find(|row| row.value.integration_type.as_str() == kind)
    }

    /// Its prompt of a type.
    #[must_use]
    pub fn prompt_of(&self, prompt_type: &PromptType) -> Option<&Stored<AccountPrompt>> {
        self.prompts
            .iter()
            .find(|row| row.value.prompt_type == *prompt_type)
    }

    /// Its author profiles, in the order of their numbers.
    #[must_use]
    pub fn profiles(&self) -> &[Stored<OwnItem<AuthorProfile>>] {
        self.library.as_ref().map_or(&[], |own| &own.profiles)
    }

    /// Its strategies, in the order of their numbers.
    #[must_use]
    pub fn strategies(&self) -> &[Stored<OwnItem<Strategy>>] {
        self.library.as_ref().map_or(&[], |own| &own.strategies)
    }
}
