//! `ModelConfigService`: the main call.

use aiconfig_application::{Caller, Live, ModelConfigQuery};
use aiconfig_domain::{FunctionName, Reason, Rejection, Timestamp, Violation};
use aiconfig_proto::v1::{self, ErrorReason, model_config_service_server::ModelConfigService};
use aiconfig_resolution::Query;
use tonic::{Request, Response, Status};

use super::Services;
use crate::call::info;
use crate::errors::ApiError;
use crate::wire;

/// Items of a batch.
const BATCH: usize = 1_000;

impl Services {
    fn config(
        &self,
        live: &Live,
        caller: &Caller,
        request: v1::GetModelConfigRequest,
        now: Timestamp,
    ) -> Result<v1::ModelConfig, ApiError> {
        let v1::GetModelConfigRequest {
            account_id,
            function_name,
            overrides,
            include_api_key,
            include_explanation,
            min_revision: _,
        } = request;
        if include_api_key && !caller.role.may_read_keys() {
            let message = "only BACKEND tokens read keys; leave include_api_key out";
            return Err(ApiError::new(ErrorReason::KeyReadForbidden, message));
        }
        let mut violations = Vec::new();
        let overrides =
            wire::fields_in(overrides.unwrap_or_default(), "overrides.", &mut violations);
        let account = wire::account_id(account_id);
        if let Err(rejection) = &account {
            violations.extend(rejection.violations.clone());
        }
        let function = FunctionName::parse(&function_name);
        if function.is_none() {
            violations.push(Violation::new("function_name", FunctionName::RULE));
        }
        let (Ok(account), Some(function), true) = (account, function, violations.is_empty()) else {
            return Err(Rejection::invalid(violations).into());
        };
        if !caller.covers(account) {
            let message = format!("account {account_id} is not one of this token's");
            return Err(Rejection::new(Reason::AccountNotFound, message).into());
        }
        let asked = ModelConfigQuery {
            query: Query {
                function,
                account,
                overrides,
                explain: include_explanation,
            },
            include_api_key,
        };
        let answer = self.0.app.model_config(live, caller, &asked, now)?;
        Ok(wire::model_config(&asked.query, answer))
    }
}

#[tonic::async_trait]
impl ModelConfigService for Services {
    async fn get_model_config(
        &self,
        request: Request<v1::GetModelConfigRequest>,
    ) -> Result<Response<v1::GetModelConfigResponse>, Status> {
        let live = self
            .0
            .read(&request, request.get_ref().min_revision)
            .await?;
        let caller = info(&request)?.caller;
        let model_config = self.config(&live, &caller, request.into_inner(), self.0.app.now())?;
        Ok(Response::new(v1::GetModelConfigResponse {
            model_config: Some(model_config),
        }))
    }

    async fn batch_get_model_configs(
        &self,
        request: Request<v1::BatchGetModelConfigsRequest>,
    ) -> Result<Response<v1::BatchGetModelConfigsResponse>, Status> {
        use v1::batch_get_model_configs_response::{Result as Item, result};
        let wanted = request
            .get_ref()
            .requests
            .iter()
            .map(|item| item.min_revision)
            .max()
            .unwrap_or(0);
        if request.get_ref().requests.len() > BATCH {
            return Err(
                ApiError::from(Rejection::invalid_field("requests", "at most 1000 items")).into(),
            );
        }
        let live = self.0.read(&request, wanted).await?;
        let caller = info(&request)?.caller;
        let now = self.0.app.now();
        let answer = |item| {
            let result = match self.config(&live, &caller, item, now) {
                Ok(config) => result::Result::ModelConfig(config),
                Err(error) => result::Result::Error(error.into_rpc()),
            };
            Item {
                result: Some(result),
            }
        };
        let results = request
            .into_inner()
            .requests
            .into_iter()
            .map(answer)
            .collect();
        Ok(Response::new(v1::BatchGetModelConfigsResponse { results }))
    }
}
