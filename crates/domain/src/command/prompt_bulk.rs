//! Commands on many prompts of the library at once: all or none.

use super::global_prompts::{changed, find, next_version, note_faults, version_changes};
use super::providers::refuse_any;
use super::{CommandContext, Decision};
use crate::{GlobalPrompt, PromptType, Rejection, ResourceKey, Snapshot};

/// Gives prompts a new version of the same text.
#[derive(Clone, Debug)]
pub struct IncrementPromptVersions {
    /// Which.
    pub prompt_types: Vec<PromptType>,
    /// Why, for people.
    pub note: String,
}

/// Activates or deactivates prompts.
#[derive(Clone, Debug)]
pub struct SetPromptsActive {
    /// Which.
    pub prompt_types: Vec<PromptType>,
    /// Whether accounts are answered with them.
    pub active: bool,
}

impl IncrementPromptVersions {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        refuse_any(note_faults("", &command.note))?;
        let mut decision = Decision::default();
        for prompt_type in &distinct(&command.prompt_types) {
            let former = find(snapshot, prompt_type)?;
            let bytes = snapshot.prompt_version(prompt_type, former.version);
            let prompt = GlobalPrompt {
                version: next_version(snapshot, prompt_type),
                ..former.clone()
            };
            let bytes = bytes.map_or(0, |version| version.value.bytes);
            decision
                .changes
                .extend(version_changes(prompt, bytes, &command.note));
        }
        Ok(decision)
    }
}

impl SetPromptsActive {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let mut decision = Decision::default();
        for prompt_type in &distinct(&command.prompt_types) {
            let former = find(snapshot, prompt_type)?;
            let prompt = GlobalPrompt {
                active: command.active,
                ..former.clone()
            };
            let key = ResourceKey::GlobalPrompt(prompt_type.clone());
            decision
                .changes
                .extend(changed(key, former, prompt).changes);
        }
        Ok(decision)
    }
}

fn distinct(prompt_types: &[PromptType]) -> std::collections::BTreeSet<PromptType> {
    prompt_types.iter().cloned().collect()
}
