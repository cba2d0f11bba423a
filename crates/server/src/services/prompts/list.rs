//! The list of the prompts that hold for an account.

use std::sync::Arc;

use aiconfig_application::Live;
use aiconfig_domain::{PromptRow, TextHash};
use aiconfig_proto::v1;
use aiconfig_resolution::{EffectivePrompt, account_prompts};
use tonic::{Request, Response, Status};

use super::Services;
use super::texts::Found;
use crate::call::{covered, info};
use crate::errors::ApiError;
use crate::lists::filter::{Name, Test, tests};
use crate::lists::{ListQuery, PAGE_BYTES, Paging};
use crate::wire;

/// Prompts of a page whose texts are looked up together.
const TOGETHER: usize = 32;

impl Services {
    /// A page of them.
    pub(super) async fn list_prompts(
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
        let query = ListQuery {
            parent: &format!("{account}/{}", asked.include_prompt_values),
            ..ListQuery::new("ListAccountPrompts", &asked.filter)
        };
        let paging = Paging::new(asked.page_size, &asked.page_token, query)?;
        let mut held = account_prompts(&live.snapshot, account).map_err(ApiError::from)?;
        held.retain(|held| matches(&wire::effective_prompt(&live.snapshot, held)));
        let mut texts = Found::default();
        if asked.include_prompt_values {
            let after = paging.after().unwrap_or_default();
            let from = held.partition_point(|held| held.prompt_type.as_str() <= after);
            let end = held.len().min(from + paging.size() + 1);
            texts = self.page_texts(&live, &held[from..end]).await?;
        }
        let text = |hash: TextHash| {
            texts
                .text(hash)
                .map_or_else(|_| String::new(), ToString::to_string)
        };
        let page = paging.page_by(
            held.iter(),
            |held| held.prompt_type.to_string(),
            false,
            |held| v1::EffectivePrompt {
                prompt_value: text(held.text),
                default_prompt: held
                    .row
                    .map(|row| text(row.default_text()))
                    .unwrap_or_default(),
                ..wire::effective_prompt(&live.snapshot, held)
            },
        );
        Ok(Response::new(v1::ListAccountPromptsResponse {
            effective_prompts: page.items,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
            revision: live.snapshot.revision(),
        }))
    }

    /// The texts that a page has room for, and of the one that shows that it is full.
    async fn page_texts(
        &self,
        live: &Live,
        held: &[EffectivePrompt<'_>],
    ) -> Result<Found, ApiError> {
        let mut texts = Found::default();
        let mut bytes = 0;
        for some in held.chunks(TOGETHER) {
            let hashes: Vec<TextHash> = some.iter().flat_map(shown_texts).collect();
            let found = self.found(live, hashes.iter().copied()).await;
            for hash in hashes {
                bytes += found.text(hash)?.len();
            }
            texts.join(found);
            if bytes > PAGE_BYTES {
                break;
            }
        }
        Ok(texts)
    }
}

/// The texts that a list shows of a prompt.
fn shown_texts(held: &EffectivePrompt<'_>) -> impl Iterator<Item = TextHash> {
    let based = held.row.map(PromptRow::default_text);
    std::iter::once(held.text).chain(based)
}

fn read_filter(text: &str) -> Result<Test<v1::EffectivePrompt>, ApiError> {
    use v1::{PromptSource as S, UpstreamState as U};
    const NAMES: &[Name] = &[
        Name::Exact("customized"),
        Name::Exact("source"),
        Name::Exact("upstream_state"),
    ];
    const SOURCES: [S; 3] = [S::AccountCustom, S::AccountDefault, S::Global];
    const STATES: [U; 4] = [
        U::Following,
        U::CustomCurrent,
        U::CustomBehind,
        U::UpstreamRetired,
    ];
    let source = |source: S| source.as_str_name().trim_start_matches("PROMPT_SOURCE_");
    let state = |state: U| state.as_str_name().trim_start_matches("UPSTREAM_STATE_");
    tests(text, NAMES, |condition| {
        Ok(match condition.name {
            "customized" => {
                let wanted = condition.flag()?;
                Box::new(move |prompt: &v1::EffectivePrompt| prompt.customized == wanted) as Test<_>
            }
            "source" => {
                let wanted = condition.one_of("PROMPT_SOURCE_", &SOURCES, source)?;
                Box::new(move |prompt: &v1::EffectivePrompt| prompt.source() == wanted)
            }
            _ => {
                let wanted = condition.one_of("UPSTREAM_STATE_", &STATES, state)?;
                Box::new(move |prompt: &v1::EffectivePrompt| prompt.upstream_state() == wanted)
            }
        })
    })
}
