//! `ModelConfigService`: the main call.

use aiconfig_application::{Caller, Live};
use aiconfig_domain::{Rejection, Timestamp};
use aiconfig_proto::v1::{self, ErrorReason, model_config_service_server::ModelConfigService};
use tonic::{Request, Response, Status};

use super::Services;
use crate::call::{covered, info};
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
        if request.include_api_key && !caller.role.may_read_keys() {
            let message = "only BACKEND tokens read keys; leave include_api_key out";
            let error = ApiError::new(ErrorReason::KeyReadForbidden, message);
            return Err(error.with("role", caller.role.as_str()));
        }
        let asked = wire::model_config_query(request)?;
        covered(caller, asked.query.account)?;
        let answer = self.0.app.model_config(live, caller, &asked, now)?;
        Ok(wire::model_config(&asked.query, &answer))
    }
}

#[tonic::async_trait]
impl ModelConfigService for Services {
    async fn get_model_config(
        &self,
        request: Request<v1::GetModelConfigRequest>,
    ) -> Result<Response<v1::GetModelConfigResponse>, Status> {
        let info = info(&request)?;
        let asked = request.get_ref();
        let live = self.0.read(&request, asked.min_revision).await?;
        let now = self.0.app.now();
        let config = self.config(&live, &info.caller, request.into_inner(), now);
        Ok(Response::new(v1::GetModelConfigResponse {
            model_config: Some(self.0.noting_read(&info, config)?),
        }))
    }

    async fn batch_get_model_configs(
        &self,
        request: Request<v1::BatchGetModelConfigsRequest>,
    ) -> Result<Response<v1::BatchGetModelConfigsResponse>, Status> {
        use v1::batch_get_model_configs_response::{Result as Item, result};
        let info = info(&request)?;
        let items = &request.get_ref().requests;
        if items.len() > BATCH {
            let refused = Rejection::invalid_field("requests", "at most 1000 items");
            return Err(ApiError::from(refused).into());
        }
        let wanted = items.iter().map(|item| item.min_revision).max();
        let live = self.0.read(&request, wanted.unwrap_or(0)).await?;
        let now = self.0.app.now();
        let answer = |item| match self.config(&live, &info.caller, item, now) {
            Ok(config) => result::Result::ModelConfig(config),
            Err(error) => result::Result::Error(error.into_rpc()),
        };
        let requests = request.into_inner().requests;
        let results = requests.into_iter().map(|item| Item {
            result: Some(answer(item)),
        });
        Ok(Response::new(v1::BatchGetModelConfigsResponse {
            results: results.collect(),
        }))
    }
}
