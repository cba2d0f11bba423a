//! Prompts with their texts: what a query of hashes comes to for a caller.

use aiconfig_domain::{AccountId, MergeTexts, PromptText, PromptType, TextHash};
use aiconfig_resolution::mergeable;

use crate::{AppError, Application, Live};

impl Application {
    /// A text as a command takes it in.
    ///
    /// # Errors
    /// As [`Application::text`].
    pub async fn prompt_text(&self, live: &Live, hash: TextHash) -> Result<PromptText, AppError> {
        self.text(live, hash).await.map(PromptText::stored)
    }

    /// The texts of a merge as they stand.
    ///
    /// # Errors
    /// The refusals of [`mergeable`], and as [`Application::text`].
    pub async fn merge_texts(
        &self,
        live: &Live,
        account: AccountId,
        prompt_type: &PromptType,
    ) -> Result<MergeTexts, AppError> {
        let (row, global) = mergeable(&live.snapshot, account, prompt_type)?;
        Ok(MergeTexts {
            base: self.prompt_text(live, row.default_text()).await?,
            ours: self.prompt_text(live, row.text()).await?,
            theirs: self.prompt_text(live, global.text).await?,
        })
    }
}
