//! `PromptService`.

mod effective;
mod list;
mod merges;
mod render;
mod resets;
mod texts;
mod written;

use std::sync::Arc;

use aiconfig_domain::{Command, Rejection, ResetPrompts};
use aiconfig_proto::v1::{self, prompt_service_server::PromptService};
use tonic::{Request, Response, Status};

use self::effective::checked;
use self::resets::{reset_results, reset_rows};
use self::written::written;
use super::Services;
use crate::call::{covered, info};
use crate::errors::ApiError;
use crate::wire;

/// Items of a batch.
const BATCH: usize = 1_000;

#[tonic::async_trait]
impl PromptService for Services {
    async fn get_effective_prompt(
        &self,
        request: Request<v1::GetEffectivePromptRequest>,
    ) -> Result<Response<v1::GetEffectivePromptResponse>, Status> {
        let caller = info(&request)?.caller;
        let live = self
            .0
            .read(&request, request.get_ref().min_revision)
            .await?;
        let live = Arc::clone(&live);
        let prompt = self.effective(&live, &caller, request.get_ref()).await?;
        Ok(Response::new(v1::GetEffectivePromptResponse {
            effective_prompt: Some(prompt),
        }))
    }

    async fn batch_get_effective_prompts(
        &self,
        request: Request<v1::BatchGetEffectivePromptsRequest>,
    ) -> Result<Response<v1::BatchGetEffectivePromptsResponse>, Status> {
        use v1::batch_get_effective_prompts_response::{Result as Item, result};
        let caller = info(&request)?.caller;
        let items = &request.get_ref().requests;
        if items.len() > BATCH {
            let refused = Rejection::invalid_field("requests", "at most 1000 items");
            return Err(ApiError::from(refused).into());
        }
        let wanted = items.iter().map(|item| item.min_revision).max();
        let live = self.0.read(&request, wanted.unwrap_or(0)).await?;
        let live = Arc::clone(&live);
        let answers = self.effective_batch(&live, &caller, items).await;
        let results = answers.into_iter().map(|answer| Item {
            result: Some(match answer {
                Ok(prompt) => result::Result::EffectivePrompt(prompt),
                Err(error) => result::Result::Error(error.into_rpc()),
            }),
        });
        Ok(Response::new(v1::BatchGetEffectivePromptsResponse {
            results: results.collect(),
        }))
    }

    async fn render_prompt(
        &self,
        request: Request<v1::RenderPromptRequest>,
    ) -> Result<Response<v1::RenderPromptResponse>, Status> {
        self.render(request).await
    }

    async fn customize_prompt(
        &self,
        request: Request<v1::CustomizePromptRequest>,
    ) -> Result<Response<v1::CustomizePromptResponse>, Status> {
        let caller = info(&request)?.caller;
        let validate_only = request.get_ref().validate_only;
        let parse = |body| {
            let command = wire::customize_prompt(body)?;
            covered(&caller, command.account_id)?;
            Ok(Command::CustomizePrompt(command))
        };
        let written = self
            .0
            .write(request, parse, |applied| v1::CustomizePromptResponse {
                effective_prompt: written(applied, validate_only),
                warnings: applied.decision.warnings.clone(),
                changed: applied.changed,
                revision: applied.snapshot.revision(),
            });
        let mut response = written.await?;
        self.fill(&mut response.get_mut().effective_prompt).await?;
        Ok(response)
    }

    async fn reset_prompt(
        &self,
        request: Request<v1::ResetPromptRequest>,
    ) -> Result<Response<v1::ResetPromptResponse>, Status> {
        let caller = info(&request)?.caller;
        let parse = |body: v1::ResetPromptRequest| {
            let row = checked(&caller, body.account_id, &body.prompt_type)?;
            Ok(Command::ResetPrompts(ResetPrompts {
                rows: vec![Ok(row)],
                target: wire::reset_target(body.target)?,
                partial: false,
                expected_etag: wire::expected_etag(body.expected_etag),
            }))
        };
        let written = self
            .0
            .write(request, parse, |applied| v1::ResetPromptResponse {
                effective_prompt: written(applied, false),
                changed: applied.changed,
                revision: applied.snapshot.revision(),
            });
        let mut response = written.await?;
        self.fill(&mut response.get_mut().effective_prompt).await?;
        Ok(response)
    }

    async fn batch_reset_prompts(
        &self,
        request: Request<v1::BatchResetPromptsRequest>,
    ) -> Result<Response<v1::BatchResetPromptsResponse>, Status> {
        let caller = info(&request)?.caller;
        let asked = request.get_ref();
        let pairs: Vec<(i64, String)> = asked
            .account_ids
            .iter()
            .flat_map(|account| {
                asked
                    .prompt_types
                    .iter()
                    .map(|name| (*account, name.clone()))
            })
            .take(BATCH)
            .collect();
        let parse = |body: v1::BatchResetPromptsRequest| {
            Ok(Command::ResetPrompts(ResetPrompts {
                rows: reset_rows(&caller, &body)?,
                target: wire::reset_target(body.target)?,
                partial: body.partial,
                expected_etag: None,
            }))
        };
        self.0
            .write(request, parse, |applied| v1::BatchResetPromptsResponse {
                results: reset_results(applied, &pairs),
                changed: applied.changed,
                revision: applied.snapshot.revision(),
            })
            .await
    }

    async fn list_account_prompts(
        &self,
        request: Request<v1::ListAccountPromptsRequest>,
    ) -> Result<Response<v1::ListAccountPromptsResponse>, Status> {
        self.list_prompts(request).await
    }

    async fn acknowledge_prompt_upstream(
        &self,
        request: Request<v1::AcknowledgePromptUpstreamRequest>,
    ) -> Result<Response<v1::AcknowledgePromptUpstreamResponse>, Status> {
        let caller = info(&request)?.caller;
        let parse = |body| {
            let command = wire::acknowledge_prompt(body)?;
            covered(&caller, command.account_id)?;
            Ok(Command::AcknowledgePrompt(command))
        };
        let written = self.0.write(request, parse, |applied| {
            v1::AcknowledgePromptUpstreamResponse {
                effective_prompt: written(applied, false),
                changed: applied.changed,
                revision: applied.snapshot.revision(),
            }
        });
        let mut response = written.await?;
        self.fill(&mut response.get_mut().effective_prompt).await?;
        Ok(response)
    }

    async fn preview_prompt_merge(
        &self,
        request: Request<v1::PreviewPromptMergeRequest>,
    ) -> Result<Response<v1::PreviewPromptMergeResponse>, Status> {
        self.preview_merge(request).await
    }

    async fn apply_prompt_merge(
        &self,
        request: Request<v1::ApplyPromptMergeRequest>,
    ) -> Result<Response<v1::ApplyPromptMergeResponse>, Status> {
        let caller = info(&request)?.caller;
        let validate_only = request.get_ref().validate_only;
        let prepare = |body| self.merge(&caller, body);
        let written =
            self.0
                .write_prepared(request, prepare, |applied| v1::ApplyPromptMergeResponse {
                    effective_prompt: written(applied, validate_only),
                    warnings: applied.decision.warnings.clone(),
                    changed: applied.changed,
                    revision: applied.snapshot.revision(),
                });
        let mut response = written.await?;
        self.fill(&mut response.get_mut().effective_prompt).await?;
        Ok(response)
    }
}
