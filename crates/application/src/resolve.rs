//! The main query: which model, which parameters and which key for a function and an account.

use aiconfig_domain::{Reason, Rejection, Timestamp};
use aiconfig_resolution::{KeyChoice, KeyProblem, Query, Resolved, key_choice, resolve};
use aiconfig_vault::error::VaultError;
use secrecy::SecretString;

use crate::live::KeySlot;
use crate::{AppError, Application, Caller, Live};

/// What is asked.
pub struct ModelConfigQuery {
    /// Function, account and the call's own values.
    pub query: Query,
    /// Whether the key is asked for; the caller's role was checked.
    pub include_api_key: bool,
}

/// The answer, all from one state.
pub struct ModelConfigAnswer<'a> {
    /// Model, parameters and where each came from.
    pub resolved: Resolved<'a>,
    /// Whose key it is, if there is a usable one.
    pub key: Option<KeyChoice<'a>>,
    /// The key, if it was asked for.
    pub api_key: Option<SecretString>,
    /// The state's revision.
    pub revision: u64,
    /// When it was evaluated.
    pub evaluated_at: Timestamp,
}

impl Application {
    /// Answers from a state; batch reads use one state for all their items.
    ///
    /// # Errors
    /// The refusals of resolution; [`Reason::ProviderKeyMissing`], [`Reason::KeyFrozen`] and
    /// [`Reason::KeyOriginChanged`] where the key is asked for; [`VaultError`] where it does not
    /// open.
    pub fn model_config<'a>(
        &self,
        live: &'a Live,
        caller: &Caller,
        asked: &ModelConfigQuery,
        now: Timestamp,
    ) -> Result<ModelConfigAnswer<'a>, AppError> {
        let resolved = resolve(&live.snapshot, &asked.query, now)?;
        let choice = key_choice(&live.snapshot, resolved.provider);
        let (key, api_key) = match choice {
            Ok(choice) if asked.include_api_key => {
                let secret = open(live, &choice)?;
                self.releases
                    .count(caller, choice.provider, choice.version, now);
                (Some(choice), Some(secret))
            }
            Ok(choice) => (openable(live, &choice).then_some(choice), None),
            Err(problem) if asked.include_api_key => return Err(refusal(&problem).into()),
            Err(_) => (None, None),
        };
        Ok(ModelConfigAnswer {
            resolved,
            key,
            api_key,
            revision: live.snapshot.revision(),
            evaluated_at: now,
        })
    }
}

fn openable(live: &Live, choice: &KeyChoice<'_>) -> bool {
    matches!(
        live.key(choice.provider, choice.version),
        Some(KeySlot::Ready(_))
    )
}

fn open(live: &Live, choice: &KeyChoice<'_>) -> Result<SecretString, AppError> {
    match live.key(choice.provider, choice.version) {
        Some(KeySlot::Ready(sealed)) => Ok(sealed.open()?),
        Some(KeySlot::Unusable(error)) => Err(error.clone().into()),
        None => Err(VaultError::Damaged {
            what: "a provider key without its envelope".to_owned(),
        }
        .into()),
    }
}

fn refusal(problem: &KeyProblem) -> Rejection {
    let (reason, provider, message) = match problem {
        KeyProblem::Missing { provider } => (
            Reason::ProviderKeyMissing,
            provider,
            format!(
                "provider {provider} has no usable key; an admin adds one with AddProviderKey and PromoteProviderKey"
            ),
        ),
        KeyProblem::Frozen { provider } => (
            Reason::KeyFrozen,
            provider,
            format!("releases of {provider} keys are frozen; an admin lifts it with SetKeyFreeze"),
        ),
        KeyProblem::OriginChanged { provider } => (
            Reason::KeyOriginChanged,
            provider,
            format!(
                "the base_url of {provider} has another origin than its key was added for; add a key for the new one"
            ),
        ),
    };
    Rejection::new(reason, message)
        .with("provider", provider.as_str())
        .about("Provider", provider.as_str())
}
