//! Merges of the library's changes into accounts' texts. The longest texts take a fifth of a second:
//! they are merged before the write's lock is taken, and beside the other calls.

use std::sync::Arc;

use aiconfig_application::{Caller, Sidecar};
use aiconfig_domain::merge::three_way;
use aiconfig_domain::{Command, FinishedMerge, MergePrompt, ResourceKey};
use aiconfig_proto::v1;
use aiconfig_resolution::mergeable;
use tonic::{Request, Response, Status};

use super::Services;
use super::effective::checked;
use crate::call::{covered, info};
use crate::errors::ApiError;
use crate::wire;

impl Services {
    /// What a merge would give.
    pub(super) async fn preview_merge(
        &self,
        request: Request<v1::PreviewPromptMergeRequest>,
    ) -> Result<Response<v1::PreviewPromptMergeResponse>, Status> {
        let caller = info(&request)?.caller;
        let asked = request.get_ref();
        let live = self.0.read(&request, asked.min_revision).await?;
        let live = Arc::clone(&live);
        let (account, prompt_type) = checked(&caller, asked.account_id, &asked.prompt_type)?;
        let (row, global) =
            mergeable(&live.snapshot, account, &prompt_type).map_err(ApiError::from)?;
        let texts = self.0.app.merge_texts(&live, account, &prompt_type).await;
        let texts = texts.map_err(ApiError::from)?;
        let merged = self.0.turns.compare(|| {
            let merge = three_way(
                texts.base.as_str(),
                texts.ours.as_str(),
                texts.theirs.as_str(),
            );
            (merge.text().unwrap_or_default(), wire::conflicts(&merge))
        });
        let (merged_prompt, conflicts) = merged.await?;
        let key = ResourceKey::AccountPrompt(account, prompt_type);
        Ok(Response::new(v1::PreviewPromptMergeResponse {
            merged_prompt,
            conflicts,
            base_version: row.based_on_version(),
            global_version: global.version,
            etag: live.snapshot.etag(&key),
            revision: live.snapshot.revision(),
        }))
    }

    /// The command of a merge, with the merge done.
    pub(super) async fn merge(
        &self,
        caller: &Caller,
        body: v1::ApplyPromptMergeRequest,
    ) -> Result<(Command, Sidecar), ApiError> {
        let wire::MergeRequest {
            account_id,
            prompt_type,
            resolutions,
            strictness,
            expected,
        } = wire::apply_merge(body)?;
        covered(caller, account_id)?;
        let live = Arc::clone(&self.0.app.live());
        MergePrompt::allowed(&live.snapshot, account_id, &prompt_type, &expected)?;
        let texts = self.0.app.merge_texts(&live, account_id, &prompt_type);
        let texts = texts.await?;
        let compared = || FinishedMerge::of(&texts, &resolutions);
        let merge = self.0.turns.compare(compared).await?;
        let command = Command::MergePrompt(MergePrompt {
            account_id,
            prompt_type,
            merge,
            strictness,
            expected,
        });
        Ok((command, Sidecar::None))
    }
}
