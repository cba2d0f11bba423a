//! `ModelCatalogService`: models, functions, credit operations, quotes and findings.

mod credits;
mod functions;
mod models;
mod prices;

use aiconfig_proto::v1::{self, model_catalog_service_server::ModelCatalogService};
use tonic::{Request, Response, Status, Streaming};

use super::Services;

/// The trait wants all methods in one block; each area has its own file.
macro_rules! delegate {
    ($($rpc:ident($request:ident) -> $response:ident by $to:path;)*) => {
        #[tonic::async_trait]
        impl ModelCatalogService for Services {
            $(async fn $rpc(
                &self,
                request: Request<v1::$request>,
            ) -> Result<Response<v1::$response>, Status> {
                $to(&self.0, request).await
            })*

            async fn import_prices(
                &self,
                request: Request<Streaming<v1::ImportPricesRequest>>,
            ) -> Result<Response<v1::ImportPricesResponse>, Status> {
                prices::import(&self.0, request).await
            }
        }
    };
}

delegate! {
    create_model(CreateModelRequest) -> CreateModelResponse by models::create;
    get_model(GetModelRequest) -> GetModelResponse by models::get;
    list_models(ListModelsRequest) -> ListModelsResponse by models::list;
    update_model(UpdateModelRequest) -> UpdateModelResponse by models::update;
    delete_model(DeleteModelRequest) -> DeleteModelResponse by models::delete;
    set_default_model(SetDefaultModelRequest) -> SetDefaultModelResponse by models::set_default;
    list_findings(ListFindingsRequest) -> ListFindingsResponse by models::findings;
    create_function(CreateFunctionRequest) -> CreateFunctionResponse by functions::create;
    get_function(GetFunctionRequest) -> GetFunctionResponse by functions::get;
    list_functions(ListFunctionsRequest) -> ListFunctionsResponse by functions::list;
    update_function(UpdateFunctionRequest) -> UpdateFunctionResponse by functions::update;
    delete_function(DeleteFunctionRequest) -> DeleteFunctionResponse by functions::delete;
    create_credit_operation(CreateCreditOperationRequest) -> CreateCreditOperationResponse by credits::create;
    list_credit_operations(ListCreditOperationsRequest) -> ListCreditOperationsResponse by credits::list;
    update_credit_operation(UpdateCreditOperationRequest) -> UpdateCreditOperationResponse by credits::update;
    delete_credit_operation(DeleteCreditOperationRequest) -> DeleteCreditOperationResponse by credits::delete;
    quote_credits(QuoteCreditsRequest) -> QuoteCreditsResponse by credits::quote;
}
