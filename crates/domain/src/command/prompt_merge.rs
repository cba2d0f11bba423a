//! Merging what the library did meanwhile into an account's text (section 5).

use super::account_prompts::{based_on, changed, customized, lint};
use super::global_prompts::same_text;
use super::providers::overtaken;
use super::{CommandContext, Decision};
use crate::merge::{Resolution, ResolveFault, three_way};
use crate::template::Strictness;
use crate::{
    AccountId, AccountPrompt, GlobalPrompt, PromptText, PromptType, Reason, Rejection, ResourceKey,
    Snapshot, TextHash,
};

/// Stores a merge as an account's text.
#[derive(Clone, Debug)]
pub struct MergePrompt {
    /// Whose.
    pub account_id: AccountId,
    /// Of which type.
    pub prompt_type: PromptType,
    /// The merge of the texts as they were read.
    pub merge: FinishedMerge,
    /// Whether doubtful placeholders are refused.
    pub strictness: Strictness,
    /// What the resolutions are for.
    pub expected: MergeExpected,
}

/// What the caller of a merge last saw; what is absent is not checked.
#[derive(Clone, Debug, Default)]
pub struct MergeExpected {
    /// The etag of the account's row.
    pub etag: Option<String>,
    /// The library's version: resolutions of conflicts are nothing for another text.
    pub global_version: Option<u32>,
}

/// The texts of a merge.
#[derive(Clone, Debug)]
pub struct MergeTexts {
    /// What the account's text is based on.
    pub base: PromptText,
    /// The account's.
    pub ours: PromptText,
    /// The library's.
    pub theirs: PromptText,
}

/// What a merge came to, and of which texts it is. It follows from them and the resolutions alone,
/// so it is made before the command that stores it is decided: nobody waits for the longest texts,
/// and deciding needs no more than to see that the texts are still those.
#[derive(Clone, Debug)]
pub struct FinishedMerge {
    base: TextHash,
    ours: TextHash,
    theirs: TextHash,
    merged: Result<PromptText, Rejection>,
}

impl FinishedMerge {
    /// Merges texts, with a resolution for each conflict, in order. Some 0.2 s at most.
    #[must_use]
    pub fn of(texts: &MergeTexts, resolutions: &[Resolution]) -> Self {
        let MergeTexts { base, ours, theirs } = texts;
        let merge = three_way(base.as_str(), ours.as_str(), theirs.as_str());
        let merged = merge.resolve(resolutions);
        let merged = merged.map_err(|fault| unresolved(&fault));
        Self {
            base: base.hash(),
            ours: ours.hash(),
            theirs: theirs.hash(),
            merged: merged.and_then(|text| {
                PromptText::new(text)
                    .map_err(|fault| Rejection::invalid_field("resolutions", fault.to_string()))
            }),
        }
    }
}

impl MergePrompt {
    /// Whether an account may merge at all, before its texts are read.
    ///
    /// # Errors
    /// As those of a merge, but for its texts and resolutions.
    pub fn allowed(
        snapshot: &Snapshot,
        account_id: AccountId,
        prompt_type: &PromptType,
        expected: &MergeExpected,
    ) -> Result<(), Rejection> {
        mergeable(snapshot, account_id, prompt_type, expected).map(|_| ())
    }

    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let (stored, global, key) = mergeable(
            snapshot,
            command.account_id,
            &command.prompt_type,
            &command.expected,
        )?;
        let FinishedMerge {
            base,
            ours,
            theirs,
            merged,
        } = &command.merge;
        same_text(snapshot, &key, stored.default_text, *base)?;
        same_text(snapshot, &key, stored.text, *ours)?;
        let of_global = ResourceKey::GlobalPrompt(command.prompt_type.clone());
        same_text(snapshot, &of_global, global.text, *theirs)?;
        let merged = merged.clone()?;
        let warnings = lint(&merged, &global.variables, command.strictness)?;
        let next = AccountPrompt {
            text: merged.hash(),
            ..based_on(global, command.account_id)
        };
        Ok(Decision {
            warnings,
            texts: vec![merged],
            ..changed(key, Some(&stored), next)
        })
    }
}

/// The row, the library's prompt and the row's key, if they are what the caller expects.
fn mergeable<'a>(
    snapshot: &'a Snapshot,
    account_id: AccountId,
    prompt_type: &PromptType,
    expected: &MergeExpected,
) -> Result<(AccountPrompt, &'a GlobalPrompt, ResourceKey), Rejection> {
    let found = customized(snapshot, account_id, prompt_type, expected.etag.as_deref())?;
    if let Some(number) = expected.global_version {
        let seen = snapshot.prompt_version(prompt_type, number);
        if seen.is_none_or(|seen| seen.value.text != found.1.text) {
            let key = ResourceKey::GlobalPrompt(prompt_type.clone());
            let name = key.name();
            let message = format!("{name} has another text than version {number}; preview again");
            return Err(overtaken(snapshot, &key, message));
        }
    }
    Ok(found)
}

fn unresolved(fault: &ResolveFault) -> Rejection {
    match fault {
        ResolveFault::Count { conflicts, given } if *given == 0 => {
            let message = format!(
                "the texts conflict in {conflicts} places; PreviewPromptMerge shows them, and \
                 resolutions says for each what to take"
            );
            Rejection::new(Reason::MergeConflict, message).with("conflicts", conflicts.to_string())
        }
        _ => Rejection::invalid_field("resolutions", fault.to_string()),
    }
}
