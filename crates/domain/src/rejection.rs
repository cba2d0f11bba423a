//! Why a command or a query is refused: one reason, a sentence, and every field at fault.

use crate::{AccountId, ItemId, LibraryContent, PromptType};

/// Machine-readable reasons; on the wire they are `ErrorInfo.reason` in upper snake case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    missing_docs,
    reason = "each name is its meaning; the API's enum of reasons documents them"
)]
pub enum Reason {
    FieldInvalid,
    MaskInvalid,
    PlanForbidsOverrides,
    AccountInactive,
    ModuleDisabled,
    AccountNotFound,
    FunctionNotFound,
    ProviderNotFound,
    ProviderKeyNotFound,
    ModelNotFound,
    CreditOperationNotFound,
    TokenNotFound,
    AlreadyExists,
    EtagMismatch,
    ExpectedPrimaryMismatch,
    ModelRetired,
    ModelInUse,
    ModelNotUsable,
    ResourceInUse,
    NoModelConfigured,
    ProviderKeyMissing,
    KeyFrozen,
    KeyInUse,
    KeyStateInvalid,
    NoRetiredKey,
    KeyOriginChanged,
    DuplicateKey,
    FingerprintMismatch,
    PromptNotFound,
    PromptVersionNotFound,
    PromptInactive,
    PromptNotCustomized,
    MergeConflict,
    AuthorProfileNotFound,
    StrategyNotFound,
    LibraryItemInactive,
    PriceFileImplausible,
}

/// One field of a request that is at fault. The description never repeats the refused value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The path of the field in the request, such as `config.temperature`.
    pub field: String,
    /// What would be right.
    pub description: String,
}

impl Violation {
    /// A violation of a field.
    pub fn new(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            description: description.into(),
        }
    }
}

/// A refusal. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Rejection {
    /// The machine-readable reason.
    pub reason: Reason,
    /// What was wrong and what would be right.
    pub message: String,
    /// Every field at fault.
    pub violations: Vec<Violation>,
    /// Further facts by name, without secrets.
    pub metadata: Vec<(&'static str, String)>,
    /// The resource that it is about: its type and name.
    pub resource: Option<(&'static str, String)>,
}

impl Rejection {
    /// A refusal with a reason and a sentence.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            violations: Vec::new(),
            metadata: Vec::new(),
            resource: None,
        }
    }

    /// A view or a write of an account that is not there.
    #[must_use]
    pub fn account_not_registered(account: AccountId) -> Self {
        let message = format!(
            "account {account} is not registered; push it with UpsertAccount and try again"
        );
        Self::new(Reason::AccountNotFound, message).about("Account", account.to_string())
    }

    /// A call for an account that is deleted or not active.
    #[must_use]
    pub fn account_inactive(account: AccountId) -> Self {
        let message = format!("account {account} is not active");
        Self::new(Reason::AccountInactive, message).about("Account", account.to_string())
    }

    /// A merge where the account has no row.
    #[must_use]
    pub fn prompt_not_customized(account: AccountId, prompt_type: &PromptType) -> Self {
        let message = format!("account {account} has no prompt {prompt_type} of its own");
        Self::new(Reason::PromptNotCustomized, message)
            .about("AccountPrompt", format!("{account}/{prompt_type}"))
    }

    /// A prompt type that the library does not have.
    #[must_use]
    pub fn prompt_not_found(prompt_type: &PromptType) -> Self {
        let message = format!("there is no prompt {prompt_type}");
        Self::new(Reason::PromptNotFound, message).about("GlobalPrompt", prompt_type.as_str())
    }

    /// An item that an account does not have.
    #[must_use]
    pub fn own_item_not_found<T: LibraryContent>(account: AccountId, id: ItemId) -> Self {
        let message = format!("account {account} has no item {id} of its own");
        Self::new(T::NOT_FOUND, message).about(T::OWN.0, format!("{account}/{id}"))
    }

    /// An item that the platform's library does not have.
    #[must_use]
    pub fn library_item_not_found<T: LibraryContent>(id: ItemId) -> Self {
        let message = format!("the library has no item {id}");
        Self::new(T::NOT_FOUND, message).about(T::GLOBAL.0, id.to_string())
    }

    /// Malformed or out of range: every violation at once.
    #[must_use]
    pub fn invalid(violations: Vec<Violation>) -> Self {
        let message = match violations.as_slice() {
            [one] => format!("{}: {}", one.field, one.description),
            many => format!(
                "{} fields are not valid: {}",
                many.len(),
                many.iter()
                    .take(5)
                    .map(|v| v.field.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        };
        Self {
            violations,
            ..Self::new(Reason::FieldInvalid, message)
        }
    }

    /// As [`Rejection::invalid`], where so many of the violations are fields that are given but not
    /// masked. With nothing else at fault it is the mask that is.
    #[must_use]
    pub fn invalid_under_mask(violations: Vec<Violation>, unmasked: usize) -> Self {
        let reason = if violations.len() == unmasked {
            Reason::MaskInvalid
        } else {
            Reason::FieldInvalid
        };
        Self {
            reason,
            ..Self::invalid(violations)
        }
    }

    /// One field that is malformed or out of range.
    pub fn invalid_field(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self::invalid(vec![Violation::new(field, description)])
    }

    /// Adds a fact.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.metadata.push((name, value.into()));
        self
    }

    /// Names the resource that the refusal is about.
    #[must_use]
    pub fn about(mut self, kind: &'static str, name: impl Into<String>) -> Self {
        self.resource = Some((kind, name.into()));
        self
    }
}
