//! `GlobalPromptService`.

mod versions;

use std::sync::Arc;

use aiconfig_application::{Applied, Live, Sidecar};
use aiconfig_domain::{
    Command, GlobalPrompt, PromptType, Rejection, ResourceKey, Snapshot, Stored, TextHash,
    UpdateGlobalPrompt,
};
use aiconfig_proto::v1::{self, global_prompt_service_server::GlobalPromptService};
use tonic::{Request, Response, Status};

use super::Services;
use crate::errors::ApiError;
use crate::lists::filter::{Name, Test, tests};
use crate::lists::order::descending;
use crate::lists::{ListQuery, Paging};
use crate::wire;

fn shown(snapshot: &Snapshot, stored: &Stored<GlobalPrompt>) -> v1::GlobalPrompt {
    let key = ResourceKey::GlobalPrompt(stored.value.prompt_type.clone());
    wire::global_prompt(stored, snapshot.etag(&key))
}

/// The prompt that a write was about; its text where that is new.
fn written(applied: &Applied<'_>) -> Option<v1::GlobalPrompt> {
    let Some(ResourceKey::GlobalPrompt(prompt_type)) = &applied.decision.subject else {
        return None;
    };
    let stored = applied.snapshot.global_prompt(prompt_type.as_str())?;
    Some(shown(applied.snapshot, stored))
}

/// The prompts of a batch, in the order that they were named in.
fn named(applied: &Applied<'_>, prompt_types: &[String]) -> Vec<v1::GlobalPrompt> {
    let snapshot = applied.snapshot;
    let stored = prompt_types
        .iter()
        .filter_map(|name| snapshot.global_prompt(name));
    stored.map(|stored| shown(snapshot, stored)).collect()
}

/// What became of each prompt of a batch: its type, whether it changed, and why it was refused.
fn rows<R>(
    applied: &Applied<'_>,
    prompt_types: &[String],
    row: impl Fn(String, bool, Option<tonic_types::pb::Status>) -> R,
) -> Vec<R> {
    let outcomes = prompt_types.iter().zip(&applied.decision.prompts);
    let told = outcomes.map(|(name, outcome)| match outcome {
        Ok(changed) => row(name.clone(), *changed, None),
        Err(rejection) => {
            let error = ApiError::from(rejection.clone()).into_rpc();
            row(name.clone(), false, Some(error))
        }
    });
    told.collect()
}

fn find<'a>(
    live: &'a Live,
    prompt_type: &PromptType,
) -> Result<&'a Stored<GlobalPrompt>, ApiError> {
    let stored = live.snapshot.global_prompt(prompt_type.as_str());
    stored.ok_or_else(|| Rejection::prompt_not_found(prompt_type).into())
}

fn given_text(prompt: Option<&v1::GlobalPrompt>) -> Option<String> {
    prompt.map(|prompt| prompt.prompt_value.clone())
}

fn read_filter(text: &str) -> Result<Test<GlobalPrompt>, ApiError> {
    tests(text, &[Name::Exact("active")], |condition| {
        let wanted = condition.flag()?;
        Ok(Box::new(move |prompt: &GlobalPrompt| prompt.active == wanted) as Test<_>)
    })
}

impl Services {
    /// Puts the text into the answer of a write: stored answers are without.
    async fn fill_global(
        &self,
        prompt: &mut Option<v1::GlobalPrompt>,
        given: Option<String>,
    ) -> Result<(), ApiError> {
        let Some(prompt) = prompt else {
            return Ok(());
        };
        let given = given.filter(|text| TextHash::of(text).to_hex() == prompt.prompt_hash);
        if let Some(given) = given {
            prompt.prompt_value = given;
        } else if let Some(hash) = TextHash::parse(&prompt.prompt_hash) {
            let live = Arc::clone(&self.0.app.live());
            prompt.prompt_value = self.text(&live, hash).await?.to_string();
        }
        Ok(())
    }
}

#[tonic::async_trait]
impl GlobalPromptService for Services {
    async fn create_global_prompt(
        &self,
        request: Request<v1::CreateGlobalPromptRequest>,
    ) -> Result<Response<v1::CreateGlobalPromptResponse>, Status> {
        let given = given_text(request.get_ref().global_prompt.as_ref());
        let parse = |body| {
            let command = wire::new_global_prompt(body)?;
            Ok(Command::CreateGlobalPrompt(command))
        };
        let written = self
            .0
            .write(request, parse, |applied| v1::CreateGlobalPromptResponse {
                global_prompt: written(applied),
                warnings: applied.decision.warnings.clone(),
                revision: applied.snapshot.revision(),
            });
        let mut response = written.await?;
        let prompt = &mut response.get_mut().global_prompt;
        self.fill_global(prompt, given).await?;
        Ok(response)
    }

    async fn get_global_prompt(
        &self,
        request: Request<v1::GetGlobalPromptRequest>,
    ) -> Result<Response<v1::GetGlobalPromptResponse>, Status> {
        let asked = request.get_ref();
        let live = self.0.read(&request, asked.min_revision).await?;
        let live = Arc::clone(&live);
        let prompt_type = wire::prompt_type_of(&asked.prompt_type).map_err(ApiError::from)?;
        let stored = find(&live, &prompt_type)?;
        let prompt_value = self.text(&live, stored.value.text).await?.to_string();
        Ok(Response::new(v1::GetGlobalPromptResponse {
            global_prompt: Some(v1::GlobalPrompt {
                prompt_value,
                ..shown(&live.snapshot, stored)
            }),
        }))
    }

    async fn list_global_prompts(
        &self,
        request: Request<v1::ListGlobalPromptsRequest>,
    ) -> Result<Response<v1::ListGlobalPromptsResponse>, Status> {
        let asked = request.get_ref();
        let live = self.0.read(&request, asked.min_revision).await?;
        let live = Arc::clone(&live);
        let matches = read_filter(&asked.filter)?;
        let backwards = descending(&asked.order_by, "prompt_type", false)?;
        let prompts = live.snapshot.global_prompts();
        let prompts: Vec<_> = prompts.filter(|stored| matches(&stored.value)).collect();
        let hashes = prompts.iter().map(|stored| stored.value.text);
        let hashes = hashes.filter(|_| asked.include_prompt_values);
        let texts = self.found(&live, hashes).await.whole()?;
        let query = ListQuery {
            order_by: &asked.order_by,
            parent: &asked.include_prompt_values.to_string(),
            ..ListQuery::new("ListGlobalPrompts", &asked.filter)
        };
        let page = Paging::new(asked.page_size, &asked.page_token, query)?.page_by(
            prompts.into_iter(),
            |stored| stored.value.prompt_type.to_string(),
            backwards,
            |stored| {
                let text = texts.get(&stored.value.text);
                v1::GlobalPrompt {
                    prompt_value: text.map(ToString::to_string).unwrap_or_default(),
                    ..shown(&live.snapshot, stored)
                }
            },
        );
        Ok(Response::new(v1::ListGlobalPromptsResponse {
            global_prompts: page.items,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
            revision: live.snapshot.revision(),
        }))
    }

    async fn update_global_prompt(
        &self,
        request: Request<v1::UpdateGlobalPromptRequest>,
    ) -> Result<Response<v1::UpdateGlobalPromptResponse>, Status> {
        let given = given_text(request.get_ref().global_prompt.as_ref());
        let prepare = |body| async move {
            let wire::PromptChange {
                prompt_type,
                description,
                text,
                variables,
                active,
                note,
                strictness,
                expected_etag,
            } = wire::update_global_prompt(body)?;
            let live = Arc::clone(&self.0.app.live());
            let present = find(&live, &prompt_type)?.value.text;
            let command = Command::UpdateGlobalPrompt(UpdateGlobalPrompt {
                present: self.0.app.prompt_text(&live, present).await?,
                prompt_type,
                description,
                text,
                variables,
                active,
                note,
                strictness,
                expected_etag,
            });
            Ok((command, Sidecar::None))
        };
        let written =
            self.0
                .write_prepared(request, prepare, |applied| v1::UpdateGlobalPromptResponse {
                    global_prompt: written(applied),
                    warnings: applied.decision.warnings.clone(),
                    changed: applied.changed,
                    revision: applied.snapshot.revision(),
                });
        let mut response = written.await?;
        let prompt = &mut response.get_mut().global_prompt;
        self.fill_global(prompt, given).await?;
        Ok(response)
    }

    async fn delete_global_prompt(
        &self,
        request: Request<v1::DeleteGlobalPromptRequest>,
    ) -> Result<Response<v1::DeleteGlobalPromptResponse>, Status> {
        let parse = |body| {
            let command = wire::delete_global_prompt(body)?;
            Ok(Command::DeleteGlobalPrompt(command))
        };
        self.0
            .write(request, parse, |applied| v1::DeleteGlobalPromptResponse {
                revision: applied.snapshot.revision(),
            })
            .await
    }

    async fn list_global_prompt_versions(
        &self,
        request: Request<v1::ListGlobalPromptVersionsRequest>,
    ) -> Result<Response<v1::ListGlobalPromptVersionsResponse>, Status> {
        self.list_versions(request).await
    }

    async fn diff_global_prompt_versions(
        &self,
        request: Request<v1::DiffGlobalPromptVersionsRequest>,
    ) -> Result<Response<v1::DiffGlobalPromptVersionsResponse>, Status> {
        self.diff_versions(request).await
    }

    async fn restore_global_prompt_version(
        &self,
        request: Request<v1::RestoreGlobalPromptVersionRequest>,
    ) -> Result<Response<v1::RestoreGlobalPromptVersionResponse>, Status> {
        let prepare = |body| self.restored_version(body);
        let written = self.0.write_prepared(request, prepare, |applied| {
            v1::RestoreGlobalPromptVersionResponse {
                global_prompt: written(applied),
                changed: applied.changed,
                revision: applied.snapshot.revision(),
            }
        });
        let mut response = written.await?;
        let prompt = &mut response.get_mut().global_prompt;
        self.fill_global(prompt, None).await?;
        Ok(response)
    }

    async fn batch_increment_version(
        &self,
        request: Request<v1::BatchIncrementVersionRequest>,
    ) -> Result<Response<v1::BatchIncrementVersionResponse>, Status> {
        let types = request.get_ref().prompt_types.clone();
        let parse = |body| {
            let command = wire::increment_versions(body)?;
            Ok(Command::IncrementPromptVersions(command))
        };
        self.0
            .write(request, parse, |applied| {
                use v1::batch_increment_version_response::Result as Row;
                v1::BatchIncrementVersionResponse {
                    global_prompts: named(applied, &types),
                    changed: applied.changed,
                    revision: applied.snapshot.revision(),
                    results: rows(applied, &types, |prompt_type, changed, error| Row {
                        prompt_type,
                        changed,
                        error,
                    }),
                }
            })
            .await
    }

    async fn batch_set_active(
        &self,
        request: Request<v1::GlobalPromptServiceBatchSetActiveRequest>,
    ) -> Result<Response<v1::GlobalPromptServiceBatchSetActiveResponse>, Status> {
        let types = request.get_ref().prompt_types.clone();
        let parse = |body| {
            let command = wire::set_prompts_active(body)?;
            Ok(Command::SetPromptsActive(command))
        };
        self.0
            .write(request, parse, |applied| {
                use v1::global_prompt_service_batch_set_active_response::Result as Row;
                v1::GlobalPromptServiceBatchSetActiveResponse {
                    global_prompts: named(applied, &types),
                    changed: applied.changed,
                    revision: applied.snapshot.revision(),
                    results: rows(applied, &types, |prompt_type, changed, error| Row {
                        prompt_type,
                        changed,
                        error,
                    }),
                }
            })
            .await
    }
}
