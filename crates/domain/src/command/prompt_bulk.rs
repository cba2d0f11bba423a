//! Commands on many prompts of the library at once.

use std::collections::BTreeSet;

use super::global_prompts::{changed, find, next_version, note_faults, version_changes};
use super::providers::refuse_any;
use super::{CommandContext, Decision};
use crate::{Change, GlobalPrompt, PromptType, Rejection, ResourceKey, Snapshot};

/// Gives prompts a new version of the same text.
#[derive(Clone, Debug)]
pub struct IncrementPromptVersions {
    /// Which; those that could not be read are refused one by one.
    pub prompt_types: Vec<Result<PromptType, Rejection>>,
    /// Why, for people.
    pub note: String,
    /// Whether the others are changed when one is refused.
    pub partial: bool,
}

/// Activates or deactivates prompts.
#[derive(Clone, Debug)]
pub struct SetPromptsActive {
    /// Which; those that could not be read are refused one by one.
    pub prompt_types: Vec<Result<PromptType, Rejection>>,
    /// Whether accounts are answered with them.
    pub active: bool,
    /// Whether the others are changed when one is refused.
    pub partial: bool,
}

impl IncrementPromptVersions {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        refuse_any(note_faults("", &command.note))?;
        each(&command.prompt_types, command.partial, |prompt_type| {
            let former = find(snapshot, prompt_type)?;
            let version = snapshot.prompt_version(prompt_type, former.version);
            let bytes = version.map_or(0, |version| version.value.bytes);
            let prompt = GlobalPrompt {
                version: next_version(snapshot, prompt_type),
                ..former.clone()
            };
            Ok(version_changes(prompt, bytes, &command.note).into())
        })
    }
}

impl SetPromptsActive {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        each(&command.prompt_types, command.partial, |prompt_type| {
            let former = find(snapshot, prompt_type)?;
            let prompt = GlobalPrompt {
                active: command.active,
                ..former.clone()
            };
            let key = ResourceKey::GlobalPrompt(prompt_type.clone());
            Ok(changed(key, former, prompt).changes)
        })
    }
}

/// Decides prompt by prompt; one that is named twice is changed once.
fn each(
    prompt_types: &[Result<PromptType, Rejection>],
    partial: bool,
    decide: impl Fn(&PromptType) -> Result<Vec<Change>, Rejection>,
) -> Result<Decision, Rejection> {
    let mut decision = Decision::default();
    let mut seen = BTreeSet::new();
    for row in prompt_types {
        let read = row.as_ref().map_err(Rejection::clone);
        match read.and_then(|prompt_type| Ok((prompt_type, decide(prompt_type)?))) {
            Ok((prompt_type, mut changes)) => {
                if !seen.insert(prompt_type) {
                    changes.clear();
                }
                decision.prompts.push(Ok(!changes.is_empty()));
                decision.changes.extend(changes);
            }
            Err(rejection) if partial => decision.prompts.push(Err(rejection)),
            Err(rejection) => return Err(rejection),
        }
    }
    Ok(decision)
}
