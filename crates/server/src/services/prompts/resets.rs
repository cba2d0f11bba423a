//! Resets of many prompts at once.

use aiconfig_application::{Applied, Caller};
use aiconfig_domain::{AccountId, PromptType, Rejection};
use aiconfig_proto::v1;
use aiconfig_resolution::shown_prompt;

use super::BATCH;
use crate::call::covered;
use crate::errors::ApiError;
use crate::wire;

/// A row of a batch, or why it cannot be one.
type ResetRow = Result<(AccountId, PromptType), Rejection>;

/// Every pair of a batch; those that cannot be read or seen are refused one by one.
pub(super) fn reset_rows(
    caller: &Caller,
    body: &v1::BatchResetPromptsRequest,
) -> Result<Vec<ResetRow>, ApiError> {
    let rows = body
        .account_ids
        .len()
        .saturating_mul(body.prompt_types.len());
    if rows == 0 || rows > BATCH {
        let right = "1 to 1000 pairs of an account and a prompt type";
        return Err(Rejection::invalid_field("account_ids", right).into());
    }
    let row = |account: i64, prompt_type: &String| {
        let name = wire::prompt_name(account, prompt_type)?;
        covered(caller, name.0)?;
        Ok(name)
    };
    let pairs = body.account_ids.iter().flat_map(|account| {
        let types = body.prompt_types.iter();
        types.map(move |prompt_type| row(*account, prompt_type))
    });
    Ok(pairs.collect())
}

/// What became of the rows of a batch.
pub(super) fn reset_results(
    applied: &Applied<'_>,
    pairs: &[(i64, String)],
) -> Vec<v1::batch_reset_prompts_response::Result> {
    let results = pairs.iter().zip(&applied.decision.prompts);
    let result =
        |((account_id, prompt_type), outcome): (&(i64, String), &Result<bool, Rejection>)| {
            let name = wire::prompt_name(*account_id, prompt_type).ok();
            let held = name.and_then(|(account, prompt_type)| {
                let held = shown_prompt(applied.snapshot, account, &prompt_type).ok();
                held.map(|held| held.behind_by)
            });
            let error = outcome.as_ref().err();
            v1::batch_reset_prompts_response::Result {
                account_id: *account_id,
                prompt_type: prompt_type.clone(),
                changed: outcome.as_ref().is_ok_and(|changed| *changed),
                behind_by: held.unwrap_or(0),
                error: error.map(|error| ApiError::from(error.clone()).into_rpc()),
            }
        };
    results.map(result).collect()
}
