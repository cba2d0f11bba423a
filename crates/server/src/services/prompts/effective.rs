//! The prompt that holds, with its texts: for one call, and for many at once.

use aiconfig_application::{Caller, Live};
use aiconfig_domain::{AccountId, PromptRow, PromptType, Snapshot, TextHash};
use aiconfig_proto::v1::{self, ErrorReason};
use aiconfig_resolution::{EffectivePrompt, effective_prompt};
use prost::Message as _;

use super::Services;
use super::texts::Found;
use crate::call::covered;
use crate::errors::ApiError;
use crate::wire;

/// Items of a batch whose texts are looked up together: of the largest size they are 16 MiB, of
/// which no more is kept than the answer takes.
const TOGETHER: usize = 64;
/// Bytes of prompts that one batch of reads answers with: errors of the other items fit beside them
/// into the 4 MiB that clients take by default.
const BATCH_BYTES: usize = 3 << 20;

/// An account and a prompt type that the caller may see.
pub(super) fn checked(
    caller: &Caller,
    account: i64,
    prompt_type: &str,
) -> Result<(AccountId, PromptType), ApiError> {
    let name = wire::prompt_name(account, prompt_type)?;
    covered(caller, name.0)?;
    Ok(name)
}

/// What a call asks for, before its texts are looked up.
struct Held<'a> {
    prompt: EffectivePrompt<'a>,
    /// The text that the row is based on, where it is asked for.
    default: Option<TextHash>,
}

impl<'a> Held<'a> {
    fn find(
        live: &'a Live,
        caller: &Caller,
        request: &v1::GetEffectivePromptRequest,
    ) -> Result<Self, ApiError> {
        let (account, prompt_type) = checked(caller, request.account_id, &request.prompt_type)?;
        let prompt = effective_prompt(&live.snapshot, account, &prompt_type)?;
        let row = prompt.row.filter(|_| request.include_default_prompt);
        Ok(Self {
            default: row.map(PromptRow::default_text),
            prompt,
        })
    }

    fn hashes(&self) -> impl Iterator<Item = TextHash> {
        std::iter::once(self.prompt.text).chain(self.default)
    }

    fn told(&self, snapshot: &Snapshot, found: &Found) -> Result<v1::EffectivePrompt, ApiError> {
        let text = |hash| found.text(hash).map(ToString::to_string);
        Ok(v1::EffectivePrompt {
            prompt_value: text(self.prompt.text)?,
            default_prompt: self.default.map_or(Ok(String::new()), text)?,
            ..wire::effective_prompt(snapshot, &self.prompt)
        })
    }
}

impl Services {
    /// The prompt that holds for one call.
    pub(super) async fn effective(
        &self,
        live: &Live,
        caller: &Caller,
        request: &v1::GetEffectivePromptRequest,
    ) -> Result<v1::EffectivePrompt, ApiError> {
        let held = Held::find(live, caller, request)?;
        let mut prompt = wire::effective_prompt(&live.snapshot, &held.prompt);
        prompt.prompt_value = self.text(live, held.prompt.text).await?.to_string();
        if let Some(hash) = held.default {
            prompt.default_prompt = self.text(live, hash).await?.to_string();
        }
        Ok(prompt)
    }

    /// The prompts that hold for many calls, in their order, from one state. Once they fill an
    /// answer, the others are refused.
    pub(in crate::services) async fn effective_batch(
        &self,
        live: &Live,
        caller: &Caller,
        requests: &[v1::GetEffectivePromptRequest],
    ) -> Vec<Result<v1::EffectivePrompt, ApiError>> {
        let mut answers = Vec::with_capacity(requests.len());
        let mut bytes = 0;
        for some in requests.chunks(TOGETHER) {
            if bytes >= BATCH_BYTES {
                answers.extend(some.iter().map(|_| Err(full())));
                continue;
            }
            let held = some.iter().map(|request| Held::find(live, caller, request));
            let held: Vec<Result<Held<'_>, ApiError>> = held.collect();
            let hashes = held.iter().flatten().flat_map(Held::hashes);
            let found = self.found(live, hashes).await;
            for held in held {
                if bytes >= BATCH_BYTES {
                    answers.push(Err(full()));
                    continue;
                }
                let prompt = held.and_then(|held| held.told(&live.snapshot, &found));
                answers.push(prompt.and_then(|prompt| {
                    // One that does not fit is the last that was looked up.
                    bytes += prompt.encoded_len();
                    (bytes <= BATCH_BYTES).then_some(prompt).ok_or_else(full)
                }));
            }
        }
        answers
    }
}

/// Why an item of a batch has no answer any more.
fn full() -> ApiError {
    let message = "the prompts before it fill 3 MiB; ask for it in another call";
    ApiError::new(ErrorReason::MessageTooLarge, message)
}
