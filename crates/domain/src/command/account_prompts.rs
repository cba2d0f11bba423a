//! What accounts make of the library's prompts: customise, reset, keep (section 5).

use super::accounts::writable;
use super::global_prompts::template_violations;
use super::{CommandContext, Decision, check_etag};
use crate::template::{Strictness, Variables, check_template};
use crate::{
    AccountId, AccountPrompt, Change, GlobalPrompt, PromptText, PromptType, Rejection, Resource,
    ResourceKey, Snapshot,
};

/// Gives an account a text of its own.
#[derive(Clone, Debug)]
pub struct CustomizePrompt {
    /// Whose.
    pub account_id: AccountId,
    /// Of which type.
    pub prompt_type: PromptType,
    /// The text.
    pub text: PromptText,
    /// Whether doubtful placeholders are refused.
    pub strictness: Strictness,
    /// The etag that the caller last saw; absent skips the check.
    pub expected_etag: Option<String>,
}

/// What a reset goes back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResetTarget {
    /// The library's text that the account's is based on.
    AccountDefault,
    /// The library's text as it is now.
    CurrentGlobal,
    /// No row: the account follows the library from now on.
    FollowGlobal,
}

/// Takes the own text of accounts back.
#[derive(Clone, Debug)]
pub struct ResetPrompts {
    /// Of which accounts and types; those that could not be read are refused one by one.
    pub rows: Vec<Result<(AccountId, PromptType), Rejection>>,
    /// What to go back to.
    pub target: ResetTarget,
    /// Whether the others of a batch are applied when one is refused.
    pub partial: bool,
    /// The etag of the one row.
    pub expected_etag: Option<String>,
}

/// Keeps an account's text over what the library did meanwhile.
#[derive(Clone, Debug)]
pub struct AcknowledgePrompt {
    /// Whose.
    pub account_id: AccountId,
    /// Of which type.
    pub prompt_type: PromptType,
    /// The etag that the caller last saw; absent skips the check.
    pub expected_etag: Option<String>,
}

impl CustomizePrompt {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        snapshot.overriding_account(command.account_id)?;
        let prompt_type = &command.prompt_type;
        let global = snapshot.active_prompt(prompt_type)?;
        let key = ResourceKey::AccountPrompt(command.account_id, prompt_type.clone());
        check_etag(snapshot, &key, command.expected_etag.as_deref())?;
        let warnings = lint(&command.text, &global.variables, command.strictness)?;
        let stored = row(snapshot, command.account_id, prompt_type);
        let next = AccountPrompt {
            text: command.text.hash(),
            ..stored
                .clone()
                .unwrap_or_else(|| based_on(global, command.account_id))
        };
        Ok(Decision {
            warnings,
            texts: vec![command.text.clone()],
            ..changed(key, stored.as_ref(), next)
        })
    }
}

impl ResetPrompts {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let mut decision = Decision::default();
        let mut seen = std::collections::BTreeSet::new();
        for row in &command.rows {
            let decided = row
                .clone()
                .and_then(|(account, prompt_type)| reset(snapshot, account, &prompt_type, command));
            match decided {
                Ok((key, change)) => {
                    // A row that is named twice is reset once.
                    let change = change.filter(|_| seen.insert(key.clone()));
                    decision.prompts.push(Ok(change.is_some()));
                    decision.changes.extend(change);
                    if command.rows.len() == 1 {
                        decision.subject = Some(key);
                    }
                }
                Err(rejection) if command.partial => decision.prompts.push(Err(rejection)),
                Err(rejection) => return Err(rejection),
            }
        }
        Ok(decision)
    }
}

fn reset(
    snapshot: &Snapshot,
    account_id: AccountId,
    prompt_type: &PromptType,
    command: &ResetPrompts,
) -> Result<(ResourceKey, Option<Change>), Rejection> {
    writable(snapshot, account_id)?;
    let stored = row(snapshot, account_id, prompt_type);
    if stored.is_none() {
        // Nothing to take back, but the type must be one.
        snapshot.known_prompt(prompt_type)?;
    }
    let key = ResourceKey::AccountPrompt(account_id, prompt_type.clone());
    check_etag(snapshot, &key, command.expected_etag.as_deref())?;
    let Some(stored) = stored else {
        return Ok((key, None));
    };
    let next = match command.target {
        ResetTarget::FollowGlobal => return Ok((key.clone(), Some(Change::Delete(key)))),
        ResetTarget::AccountDefault => AccountPrompt {
            text: stored.default_text,
            ..stored.clone()
        },
        ResetTarget::CurrentGlobal => based_on(snapshot.active_prompt(prompt_type)?, account_id),
    };
    let change = Change::Put(Resource::AccountPrompt(next.clone()));
    Ok((key, (next != stored).then_some(change)))
}

impl AcknowledgePrompt {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let (stored, global, key) = customized(
            snapshot,
            command.account_id,
            &command.prompt_type,
            command.expected_etag.as_deref(),
        )?;
        let next = AccountPrompt {
            text: stored.text,
            ..based_on(global, command.account_id)
        };
        Ok(changed(key, Some(&stored), next))
    }
}

/// The row of an account that may change it, with the library's prompt that it is compared with.
pub(super) fn customized<'a>(
    snapshot: &'a Snapshot,
    account_id: AccountId,
    prompt_type: &PromptType,
    expected_etag: Option<&str>,
) -> Result<(AccountPrompt, &'a GlobalPrompt, ResourceKey), Rejection> {
    snapshot.overriding_account(account_id)?;
    let global = snapshot.active_prompt(prompt_type)?;
    let key = ResourceKey::AccountPrompt(account_id, prompt_type.clone());
    check_etag(snapshot, &key, expected_etag)?;
    let stored = row(snapshot, account_id, prompt_type)
        .ok_or_else(|| Rejection::prompt_not_customized(account_id, prompt_type))?;
    Ok((stored, global, key))
}

fn row(
    snapshot: &Snapshot,
    account_id: AccountId,
    prompt_type: &PromptType,
) -> Option<AccountPrompt> {
    let row = snapshot.account(account_id)?.prompt_of(prompt_type)?;
    Some(row.of(account_id))
}

/// The row of an account that took over the library's prompt as it is.
pub(super) fn based_on(global: &GlobalPrompt, account_id: AccountId) -> AccountPrompt {
    AccountPrompt {
        account_id,
        prompt_type: global.prompt_type.clone(),
        text: global.text,
        default_text: global.text,
        based_on_version: global.version,
    }
}

pub(super) fn lint(
    text: &PromptText,
    variables: &Variables,
    strictness: Strictness,
) -> Result<Vec<String>, Rejection> {
    match check_template(text.as_str(), variables, strictness) {
        Ok(warnings) => Ok(warnings.iter().map(ToString::to_string).collect()),
        Err(fault) => Err(Rejection::invalid(template_violations(
            "prompt_value",
            &fault,
        ))),
    }
}

pub(super) fn changed(
    key: ResourceKey,
    stored: Option<&AccountPrompt>,
    next: AccountPrompt,
) -> Decision {
    let differs = stored != Some(&next);
    let change = differs.then_some(Change::Put(Resource::AccountPrompt(next)));
    Decision {
        subject: Some(key),
        changes: change.into_iter().collect(),
        ..Decision::default()
    }
}
