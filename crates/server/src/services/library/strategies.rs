//! `StrategyService`.

use aiconfig_domain::Strategy;
use aiconfig_proto::v1;
use tonic::{Request, Response, Status};

use super::clone::{CloneAnswer, Progress, Progresses, begin};
use super::lists::{Asked, globals, owned};
use super::service::library_service;
use super::{global_written, of_account, own_written, read_global, read_own, registered, switched};
use crate::call::info;
use crate::errors::ApiError;
use crate::services::Services;
use crate::wire;

library_service! {
    strategy_service_server::StrategyService of Strategy;
    fields { global_strategy global_strategies strategy strategies strategy_id strategy_ids }
    batch { strategy_service_batch_set_active_response GlobalStrategy }
    create_global_strategy CreateGlobalStrategyRequest CreateGlobalStrategyResponse;
    get_global_strategy GetGlobalStrategyRequest GetGlobalStrategyResponse;
    list_global_strategies ListGlobalStrategiesRequest ListGlobalStrategiesResponse;
    update_global_strategy UpdateGlobalStrategyRequest UpdateGlobalStrategyResponse;
    delete_global_strategy DeleteGlobalStrategyRequest DeleteGlobalStrategyResponse;
    batch_set_active StrategyServiceBatchSetActiveRequest StrategyServiceBatchSetActiveResponse;
    clone_strategies CloneStrategiesRequest CloneStrategiesResponse CloneStrategiesStream;
    create_strategy CreateStrategyRequest CreateStrategyResponse;
    get_strategy GetStrategyRequest GetStrategyResponse;
    list_strategies ListStrategiesRequest ListStrategiesResponse;
    update_strategy UpdateStrategyRequest UpdateStrategyResponse;
    delete_strategy DeleteStrategyRequest DeleteStrategyResponse;

    async fn get_resolved_strategy(
        &self,
        request: Request<v1::GetResolvedStrategyRequest>,
    ) -> Result<Response<v1::GetResolvedStrategyResponse>, Status> {
        self.resolved_strategy(request).await
    }
}
