//! The prompt in the answer of a write.

use std::sync::Arc;

use aiconfig_application::Applied;
use aiconfig_domain::{ResourceKey, TextHash};
use aiconfig_proto::v1;
use aiconfig_resolution::shown_prompt;

use super::Services;
use crate::errors::ApiError;
use crate::wire;

/// The prompt that holds after a write, without its text but where only a check was asked for:
/// then the text may be stored nowhere.
pub(super) fn written(applied: &Applied<'_>, validate_only: bool) -> Option<v1::EffectivePrompt> {
    let Some(ResourceKey::AccountPrompt(account, prompt_type)) = &applied.decision.subject else {
        return None;
    };
    let held = shown_prompt(applied.snapshot, *account, prompt_type).ok()?;
    let mut prompt = wire::effective_prompt(applied.snapshot, &held);
    if validate_only {
        let mut texts = applied.decision.texts.iter();
        let new = texts.find(|text| text.hash() == held.text);
        prompt.prompt_value = new.map(|text| text.as_str().to_owned()).unwrap_or_default();
    }
    Some(prompt)
}

impl Services {
    /// Puts the text of a finished write into its answer: stored answers are without.
    pub(super) async fn fill(
        &self,
        prompt: &mut Option<v1::EffectivePrompt>,
    ) -> Result<(), ApiError> {
        let without = prompt
            .as_mut()
            .filter(|prompt| prompt.prompt_value.is_empty());
        if let Some(prompt) = without
            && let Some(hash) = TextHash::parse(&prompt.prompt_hash)
        {
            let live = Arc::clone(&self.0.app.live());
            prompt.prompt_value = self.text(&live, hash).await?.to_string();
        }
        Ok(())
    }
}
