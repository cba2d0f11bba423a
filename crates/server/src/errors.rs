//! The one error table: from every reason to its gRPC code.

mod storage;
use std::num::NonZeroU32;
use std::time::Duration;

use aiconfig_application::AppError;
use aiconfig_domain::{Reason, Rejection, Violation};
use aiconfig_proto::v1::ErrorReason;
use aiconfig_vault::error::VaultError;
use prost::Message;
use tonic::{Code, Status};

/// An answer that is no result.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) reason: ErrorReason,
    pub(crate) message: String,
    pub(crate) violations: Vec<Violation>,
    pub(crate) metadata: Vec<(&'static str, String)>,
    pub(crate) resource: Option<(&'static str, String)>,
    /// Milliseconds until it is worth to try again, where that is known.
    pub(crate) retry_after: Option<NonZeroU32>,
}

impl ApiError {
    pub(crate) fn new(reason: ErrorReason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            violations: Vec::new(),
            metadata: Vec::new(),
            resource: None,
            retry_after: None,
        }
    }

    pub(crate) fn field(reason: ErrorReason, field: &str, right: &str) -> Self {
        let violations = vec![Violation::new(field, right)];
        Self {
            violations,
            ..Self::new(reason, format!("{field}: {right}"))
        }
    }

    /// Says when to try again.
    pub(crate) fn after(mut self, wait: Duration) -> Self {
        let millis = u32::try_from(wait.as_micros().div_ceil(1_000)).unwrap_or(u32::MAX);
        self.retry_after = NonZeroU32::new(millis);
        self
    }

    /// Adds a fact to the metadata.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.metadata.push((name, value.into()));
        self
    }
}

impl ApiError {
    /// Whether the caller was refused, rather than the server unable to answer.
    pub(crate) const fn is_refusal(&self) -> bool {
        use Code as C;
        matches!(
            code(self.reason),
            C::InvalidArgument
                | C::FailedPrecondition
                | C::NotFound
                | C::AlreadyExists
                | C::Aborted
                | C::PermissionDenied
        )
    }

    /// What it is about, such as `accounts/7`; empty if that is not known.
    pub(crate) fn resource_name(&self) -> String {
        let name = self
            .resource
            .as_ref()
            .map(|(kind, name)| resource_name(kind, name));
        name.unwrap_or_default()
    }

    /// As one item of a batch's answer.
    pub(crate) fn into_rpc(self) -> tonic_types::pb::Status {
        let status = Status::from(self);
        let details = tonic_types::pb::Status::decode(status.details())
            .unwrap_or_default()
            .details;
        tonic_types::pb::Status {
            code: i32::from(status.code()),
            message: status.message().to_owned(),
            details,
        }
    }
}

/// The name of a resource by its type and its own name, such as `providers/openai/keys/2`.
pub(crate) fn resource_name(kind: &str, name: &str) -> String {
    let collection = match kind {
        "Account" => "accounts",
        "AuthorProfile" => {
            return format!("accounts/{}", name.replacen('/', "/authorProfiles/", 1));
        }
        "CreditOperation" => "creditOperations",
        "Function" => "functions",
        "GlobalPrompt" => "globalPrompts",
        "AccountPrompt" => return format!("accounts/{}", name.replacen('/', "/prompts/", 1)),
        "GlobalAuthorProfile" => "globalAuthorProfiles",
        "GlobalStrategy" => "globalStrategies",
        "Model" => "models",
        "Provider" => "providers",
        "ProviderKey" => return format!("providers/{}", name.replacen('/', "/keys/", 1)),
        "Strategy" => return format!("accounts/{}", name.replacen('/', "/strategies/", 1)),
        "Token" => "tokens",
        other => other,
    };
    format!("{collection}/{name}")
}

/// The gRPC code of a reason.
pub(crate) const fn code(reason: ErrorReason) -> Code {
    use ErrorReason as R;
    match reason {
        R::FieldInvalid
        | R::MaskInvalid
        | R::FilterInvalid
        | R::OrderByInvalid
        | R::PageTokenInvalid
        | R::PageSizeInvalid
        | R::RequestIdInvalid
        | R::RequestIdReused
        | R::RequestUnreadable
        | R::PriceFileImplausible => Code::InvalidArgument,
        R::PlanForbidsOverrides
        | R::AccountInactive
        | R::ModuleDisabled
        | R::ModelRetired
        | R::ModelInUse
        | R::ModelNotUsable
        | R::ResourceInUse
        | R::NoModelConfigured
        | R::ProviderKeyMissing
        | R::KeyFrozen
        | R::KeyInUse
        | R::KeyStateInvalid
        | R::NoRetiredKey
        | R::KeyOriginChanged
        | R::KeyUnavailable
        | R::FingerprintMismatch
        | R::PromptInactive
        | R::PromptNotCustomized
        | R::MergeConflict
        | R::LibraryItemInactive => Code::FailedPrecondition,
        R::AccountNotFound
        | R::FunctionNotFound
        | R::ProviderNotFound
        | R::ProviderKeyNotFound
        | R::ModelNotFound
        | R::CreditOperationNotFound
        | R::TokenNotFound
        | R::PromptNotFound
        | R::PromptVersionNotFound
        | R::AuthorProfileNotFound
        | R::StrategyNotFound => Code::NotFound,
        R::AlreadyExists | R::DuplicateKey => Code::AlreadyExists,
        R::EtagMismatch | R::ExpectedPrimaryMismatch => Code::Aborted,
        R::KeyDamaged => Code::DataLoss,
        R::Unauthenticated => Code::Unauthenticated,
        R::RoleForbidden | R::KeyReadForbidden | R::ActorForbidden => Code::PermissionDenied,
        R::RevisionNotReached | R::DeadlineExceeded => Code::DeadlineExceeded,
        R::Overloaded | R::RateLimited | R::MessageTooLarge => Code::ResourceExhausted,
        R::StorageUnavailable => Code::Unavailable,
        R::Unimplemented => Code::Unimplemented,
        R::Internal | R::Unspecified => Code::Internal,
    }
}

const fn of_domain(reason: Reason) -> ErrorReason {
    match reason {
        Reason::FieldInvalid => ErrorReason::FieldInvalid,
        Reason::MaskInvalid => ErrorReason::MaskInvalid,
        Reason::PlanForbidsOverrides => ErrorReason::PlanForbidsOverrides,
        Reason::AccountInactive => ErrorReason::AccountInactive,
        Reason::ModuleDisabled => ErrorReason::ModuleDisabled,
        Reason::AccountNotFound => ErrorReason::AccountNotFound,
        Reason::FunctionNotFound => ErrorReason::FunctionNotFound,
        Reason::ProviderNotFound => ErrorReason::ProviderNotFound,
        Reason::ProviderKeyNotFound => ErrorReason::ProviderKeyNotFound,
        Reason::ModelNotFound => ErrorReason::ModelNotFound,
        Reason::CreditOperationNotFound => ErrorReason::CreditOperationNotFound,
        Reason::TokenNotFound => ErrorReason::TokenNotFound,
        Reason::AlreadyExists => ErrorReason::AlreadyExists,
        Reason::EtagMismatch => ErrorReason::EtagMismatch,
        Reason::ExpectedPrimaryMismatch => ErrorReason::ExpectedPrimaryMismatch,
        Reason::ModelRetired => ErrorReason::ModelRetired,
        Reason::ModelInUse => ErrorReason::ModelInUse,
        Reason::ModelNotUsable => ErrorReason::ModelNotUsable,
        Reason::ResourceInUse => ErrorReason::ResourceInUse,
        Reason::NoModelConfigured => ErrorReason::NoModelConfigured,
        Reason::ProviderKeyMissing => ErrorReason::ProviderKeyMissing,
        Reason::KeyFrozen => ErrorReason::KeyFrozen,
        Reason::KeyInUse => ErrorReason::KeyInUse,
        Reason::KeyStateInvalid => ErrorReason::KeyStateInvalid,
        Reason::NoRetiredKey => ErrorReason::NoRetiredKey,
        Reason::KeyOriginChanged => ErrorReason::KeyOriginChanged,
        Reason::DuplicateKey => ErrorReason::DuplicateKey,
        Reason::FingerprintMismatch => ErrorReason::FingerprintMismatch,
        Reason::PromptNotFound => ErrorReason::PromptNotFound,
        Reason::PromptVersionNotFound => ErrorReason::PromptVersionNotFound,
        Reason::PromptInactive => ErrorReason::PromptInactive,
        Reason::PromptNotCustomized => ErrorReason::PromptNotCustomized,
        Reason::MergeConflict => ErrorReason::MergeConflict,
        Reason::AuthorProfileNotFound => ErrorReason::AuthorProfileNotFound,
        Reason::StrategyNotFound => ErrorReason::StrategyNotFound,
        Reason::LibraryItemInactive => ErrorReason::LibraryItemInactive,
        Reason::PriceFileImplausible => ErrorReason::PriceFileImplausible,
    }
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        let Rejection {
            reason,
            message,
            violations,
            metadata,
            resource,
        } = rejection;
        Self {
            reason: of_domain(reason),
            message,
            violations,
            metadata,
            resource,
            retry_after: None,
        }
    }
}

impl From<AppError> for ApiError {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Rejected(rejection) => rejection.into(),
            AppError::Storage(error) => error.into(),
            AppError::Vault(VaultError::Damaged { what }) => {
                tracing::error!(%what, "a sealed key does not open");
                Self::new(
                    ErrorReason::KeyDamaged,
                    "what is stored sealed does not open; the server's log and audit name it, and an admin adds the key anew",
                )
            }
            AppError::Vault(error) => Self::new(ErrorReason::KeyUnavailable, error.to_string()),
            AppError::RequestIdReused => Self::field(
                ErrorReason::RequestIdReused,
                "request_id",
                "was used before with another body; take a new one",
            ),
            error @ AppError::RevisionNotReached { .. } => {
                Self::new(ErrorReason::RevisionNotReached, error.to_string())
            }
            AppError::Inconsistent { what } => {
                tracing::error!(%what, "a stored record cannot be read");
                Self::new(
                    ErrorReason::Internal,
                    "a stored record cannot be read; the server's log names it",
                )
            }
        }
    }
}
