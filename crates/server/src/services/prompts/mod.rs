//! `PromptService`.

mod filter;
mod resets;

use std::collections::HashMap;
use std::sync::Arc;

use aiconfig_application::{Applied, Caller, Live, Sidecar};
use aiconfig_domain::merge::three_way;
use aiconfig_domain::template::{RenderFault, Variables, render};
use aiconfig_domain::{
    AccountId, Command, MergePrompt, PromptType, Rejection, ResetPrompts, ResourceKey, TextHash,
    Violation,
};
use aiconfig_proto::v1::{self, ErrorReason, prompt_service_server::PromptService};
use aiconfig_resolution::{
    EffectivePrompt, account_prompts, effective_prompt, mergeable, shown_prompt,
};
use prost::Message as _;
use tonic::{Request, Response, Status};

use self::filter::read_filter;
use self::resets::{reset_results, reset_rows};
use super::Services;
use crate::call::{covered, info};
use crate::errors::ApiError;
use crate::lists::{ListQuery, Paging};
use crate::wire;

/// Items of a batch.
const BATCH: usize = 1_000;
/// Bytes of prompts that one batch of reads answers with: errors of the other items fit beside them
/// into the 4 MiB that clients take by default.
const BATCH_BYTES: usize = 3 << 20;

/// The prompt that holds after a write, without its text but where only a check was asked for:
/// then the text may be stored nowhere.
fn written(applied: &Applied<'_>, validate_only: bool) -> Option<v1::EffectivePrompt> {
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

fn checked(
    caller: &Caller,
    account: i64,
    prompt_type: &str,
) -> Result<(AccountId, PromptType), ApiError> {
    let name = wire::prompt_name(account, prompt_type)?;
    covered(caller, name.0)?;
    Ok(name)
}

/// Why an item of a batch has no answer any more.
fn full() -> ApiError {
    let message = "the prompts before it fill 3 MiB; ask for it in another call";
    ApiError::new(ErrorReason::MessageTooLarge, message)
}

/// Each value at fault.
fn render_refused(faults: Vec<RenderFault>) -> Rejection {
    let violation = |fault: RenderFault| {
        let field = match &fault {
            RenderFault::Missing { name }
            | RenderFault::Unknown { name }
            | RenderFault::TooLong { name, .. }
            | RenderFault::Nul { name } => format!("values.{name}"),
            RenderFault::TooLarge { .. } => "values".to_owned(),
        };
        Violation::new(field, fault.to_string())
    };
    Rejection::invalid(faults.into_iter().map(violation).collect())
}

impl Services {
    async fn text(&self, live: &Live, hash: TextHash) -> Result<Arc<str>, ApiError> {
        Ok(self.0.app.text(live, hash).await?)
    }

    /// The text of an answer that has its hash.
    async fn filled(
        &self,
        prompt: Option<v1::EffectivePrompt>,
    ) -> Result<Option<v1::EffectivePrompt>, ApiError> {
        let Some(mut prompt) = prompt.filter(|prompt| prompt.prompt_value.is_empty()) else {
            return Ok(None);
        };
        let stored = TextHash::parse(&prompt.prompt_hash).filter(|hash| *hash != TextHash::of(""));
        if let Some(hash) = stored {
            let live = Arc::clone(&self.0.app.live());
            prompt.prompt_value = self.text(&live, hash).await?.to_string();
        }
        Ok(Some(prompt))
    }

    pub(super) async fn effective(
        &self,
        live: &Live,
        caller: &Caller,
        request: &v1::GetEffectivePromptRequest,
    ) -> Result<v1::EffectivePrompt, ApiError> {
        let (account, prompt_type) = checked(caller, request.account_id, &request.prompt_type)?;
        let held = effective_prompt(&live.snapshot, account, &prompt_type)?;
        let mut prompt = wire::effective_prompt(&live.snapshot, &held);
        prompt.prompt_value = self.text(live, held.text).await?.to_string();
        if let Some(row) = held.row.filter(|_| request.include_default_prompt) {
            prompt.default_prompt = self.text(live, row.default_text).await?.to_string();
        }
        Ok(prompt)
    }
}

/// Puts the text of a finished write into its answer.
macro_rules! with_text {
    ($services:ident, $written:expr) => {{
        let mut response = $written?;
        let answer = response.get_mut();
        if let Some(filled) = $services.filled(answer.effective_prompt.clone()).await? {
            answer.effective_prompt = Some(filled);
        }
        Ok(response)
    }};
}

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
        let mut results = Vec::with_capacity(items.len());
        let mut bytes = 0;
        for item in items {
            let prompt = if bytes < BATCH_BYTES {
                self.effective(&live, &caller, item).await
            } else {
                Err(full())
            };
            // Once one did not fit, none after it is looked up.
            let prompt = prompt.and_then(|prompt| {
                bytes += prompt.encoded_len();
                if bytes <= BATCH_BYTES {
                    Ok(prompt)
                } else {
                    Err(full())
                }
            });
            results.push(Item {
                result: Some(match prompt {
                    Ok(prompt) => result::Result::EffectivePrompt(prompt),
                    Err(error) => result::Result::Error(error.into_rpc()),
                }),
            });
        }
        Ok(Response::new(v1::BatchGetEffectivePromptsResponse {
            results,
        }))
    }

    async fn render_prompt(
        &self,
        request: Request<v1::RenderPromptRequest>,
    ) -> Result<Response<v1::RenderPromptResponse>, Status> {
        let caller = info(&request)?.caller;
        let asked = request.get_ref();
        let live = self.0.read(&request, asked.min_revision).await?;
        let live = Arc::clone(&live);
        let (account, prompt_type) = checked(&caller, asked.account_id, &asked.prompt_type)?;
        let held =
            effective_prompt(&live.snapshot, account, &prompt_type).map_err(ApiError::from)?;
        let text = self.text(&live, held.text).await?;
        let none = Variables::default();
        let done = render(&text, held.variables.unwrap_or(&none), &asked.values)
            .map_err(|faults| ApiError::from(render_refused(faults)))?;
        let prompt = wire::effective_prompt(&live.snapshot, &held);
        Ok(Response::new(wire::rendered(done, prompt)))
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
        with_text!(self, written.await)
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
        with_text!(self, written.await)
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
        let caller = info(&request)?.caller;
        let asked = request.get_ref();
        let live = self.0.read(&request, asked.min_revision).await?;
        let live = Arc::clone(&live);
        let account = wire::account_id(asked.account_id).map_err(ApiError::from)?;
        covered(&caller, account).map_err(ApiError::from)?;
        let matches = read_filter(&asked.filter)?;
        let held = account_prompts(&live.snapshot, account).map_err(ApiError::from)?;
        let mut texts: HashMap<TextHash, Arc<str>> = HashMap::new();
        if asked.include_prompt_values {
            let based = |held: &EffectivePrompt<'_>| held.row.map(|row| row.default_text);
            let own = held.iter().flat_map(|held| [Some(held.text), based(held)]);
            let hashes: Vec<TextHash> = own.flatten().collect();
            let found = self.0.app.all_texts(&live, hashes.iter().copied()).await;
            texts.extend(hashes.iter().copied().zip(found.map_err(ApiError::from)?));
        }
        let text = |hash: TextHash| {
            texts
                .get(&hash)
                .map(ToString::to_string)
                .unwrap_or_default()
        };
        let prompts = held.iter().map(|held| v1::EffectivePrompt {
            prompt_value: text(held.text),
            default_prompt: held
                .row
                .map(|row| text(row.default_text))
                .unwrap_or_default(),
            ..wire::effective_prompt(&live.snapshot, held)
        });
        let query = ListQuery {
            parent: &format!("{account}/{}", asked.include_prompt_values),
            ..ListQuery::new("ListAccountPrompts", &asked.filter)
        };
        let page = Paging::new(asked.page_size, &asked.page_token, query)?.page_by(
            prompts.filter(|prompt| matches(prompt)),
            |prompt| prompt.prompt_type.clone(),
            false,
            |prompt| prompt,
        );
        Ok(Response::new(v1::ListAccountPromptsResponse {
            effective_prompts: page.items,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
            revision: live.snapshot.revision(),
        }))
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
        with_text!(self, written.await)
    }

    async fn preview_prompt_merge(
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
        // Texts at the limit of lines take a tenth of a second: other calls go on meanwhile.
        let (merged_prompt, conflicts) = tokio::task::block_in_place(|| {
            let merge = three_way(
                texts.base.as_str(),
                texts.ours.as_str(),
                texts.theirs.as_str(),
            );
            (merge.text().unwrap_or_default(), wire::conflicts(&merge))
        });
        let key = ResourceKey::AccountPrompt(account, prompt_type);
        Ok(Response::new(v1::PreviewPromptMergeResponse {
            merged_prompt,
            conflicts,
            base_version: row.based_on_version,
            global_version: global.version,
            etag: live.snapshot.etag(&key),
            revision: live.snapshot.revision(),
        }))
    }

    async fn apply_prompt_merge(
        &self,
        request: Request<v1::ApplyPromptMergeRequest>,
    ) -> Result<Response<v1::ApplyPromptMergeResponse>, Status> {
        let caller = info(&request)?.caller;
        let validate_only = request.get_ref().validate_only;
        let prepare = |body| async move {
            let wire::MergeRequest {
                account_id,
                prompt_type,
                resolutions,
                strictness,
                expected_etag,
            } = wire::apply_merge(body)?;
            covered(&caller, account_id)?;
            let live = Arc::clone(&self.0.app.live());
            let etag = expected_etag.as_deref();
            MergePrompt::allowed(&live.snapshot, account_id, &prompt_type, etag)?;
            let texts = self
                .0
                .app
                .merge_texts(&live, account_id, &prompt_type)
                .await?;
            let command = Command::MergePrompt(MergePrompt {
                account_id,
                prompt_type,
                texts,
                resolutions,
                strictness,
                expected_etag,
            });
            Ok((command, Sidecar::None))
        };
        let written =
            self.0
                .write_prepared(request, prepare, |applied| v1::ApplyPromptMergeResponse {
                    effective_prompt: written(applied, validate_only),
                    warnings: applied.decision.warnings.clone(),
                    changed: applied.changed,
                    revision: applied.snapshot.revision(),
                });
        with_text!(self, written.await)
    }
}
