//! A strategy of an account with its prompts.

use std::sync::Arc;

use aiconfig_application::{Caller, Live};
use aiconfig_domain::{AccountEntry, AccountId, Plan, Rejection, Strategy};
use aiconfig_proto::v1::get_resolved_strategy_response::{Prompt, prompt};
use aiconfig_proto::v1::{self, ErrorReason};
use tonic::{Request, Response, Status};

use super::own;
use crate::call::{covered, info};
use crate::errors::ApiError;
use crate::services::Services;
use crate::wire;

impl Services {
    /// A strategy in force, with the prompts that hold for its account, from one state.
    pub(super) async fn resolved_strategy(
        &self,
        request: Request<v1::GetResolvedStrategyRequest>,
    ) -> Result<Response<v1::GetResolvedStrategyResponse>, Status> {
        let caller = info(&request)?.caller;
        let asked = request.get_ref();
        let live = self.0.read(&request, asked.min_revision).await?;
        let live = Arc::clone(&live);
        let named = wire::own_id::<Strategy>(asked.account_id, asked.strategy_id);
        let (account, id) = named.map_err(ApiError::from)?;
        let plan = active(&live, &caller, account).map_err(ApiError::from)?;
        let stored = live.snapshot.own_strategy(account, id);
        let stored = stored.ok_or_else(|| {
            ApiError::from(Rejection::own_item_not_found::<Strategy>(account, id))
        })?;
        if !plan.rules().may_override {
            let message = "the plan keeps the account's strategies out of force; upgrade it";
            let refused = ApiError::new(ErrorReason::PlanForbidsOverrides, message)
                .with("account_id", account.to_string())
                .with("plan", plan.as_str());
            return Err(refused.into());
        }
        let prompt_types = &stored.value.content.prompt_types;
        let wanted = prompt_types
            .iter()
            .map(|prompt_type| v1::GetEffectivePromptRequest {
                account_id: asked.account_id,
                prompt_type: prompt_type.to_string(),
                ..v1::GetEffectivePromptRequest::default()
            });
        let wanted: Vec<_> = wanted.collect();
        let found = self.effective_batch(&live, &caller, &wanted).await;
        let prompts = prompt_types.iter().zip(found).map(|(named, found)| Prompt {
            prompt_type: named.to_string(),
            result: Some(match found {
                Ok(found) => prompt::Result::EffectivePrompt(found),
                Err(error) => prompt::Result::Error(error.into_rpc()),
            }),
        });
        let prompts = prompts.collect();
        Ok(Response::new(v1::GetResolvedStrategyResponse {
            strategy: Some(own(&live.snapshot, stored)),
            prompts,
            revision: live.snapshot.revision(),
        }))
    }
}

/// The plan of an account that the caller may see and that is answered.
fn active(live: &Live, caller: &Caller, id: AccountId) -> Result<Plan, Rejection> {
    covered(caller, id)?;
    let entry = live.snapshot.account(id);
    let entry = entry.ok_or_else(|| Rejection::account_not_registered(id))?;
    let account = AccountEntry::live(entry).filter(|account| account.active);
    account
        .map(|account| account.plan)
        .ok_or_else(|| Rejection::account_inactive(id))
}
