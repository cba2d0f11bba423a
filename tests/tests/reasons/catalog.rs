//! Models, functions, credit operations and tokens.

use aiconfig_proto::v1;
use tonic::Code;

use crate::{Seen, Stage};

pub(crate) async fn reach(stage: &mut Stage, seen: &mut Seen) {
    let catalog = &mut stage.admin.catalog;
    let get = |id: &str| v1::GetModelRequest {
        model_id: id.to_owned(),
        ..Default::default()
    };
    let unknown = catalog.get_model(get("gpt-99")).await;
    seen.refused(unknown, (Code::NotFound, "MODEL_NOT_FOUND"));
    let known = catalog.get_model(get("gpt-4o-mini")).await.unwrap();
    let again = v1::CreateModelRequest {
        model: known.into_inner().model,
        ..Default::default()
    };
    let again = catalog.create_model(again).await;
    seen.refused(again, (Code::AlreadyExists, "ALREADY_EXISTS"));
    let used = v1::DeleteModelRequest {
        model_id: "gpt-4o-mini".to_owned(),
        ..Default::default()
    };
    let used = catalog.delete_model(used).await;
    seen.refused(used, (Code::FailedPrecondition, "MODEL_IN_USE"));
    let retired = v1::SetDefaultModelRequest {
        model_id: "gpt-4".to_owned(),
        ..Default::default()
    };
    let retired = catalog.set_default_model(retired).await;
    seen.refused(retired, (Code::FailedPrecondition, "MODEL_NOT_USABLE"));
    let part = |part| v1::ImportPricesRequest { part: Some(part) };
    let options = v1::import_prices_request::Part::Options(v1::ImportPricesOptions::default());
    let chunk = v1::import_prices_request::Part::Chunk(b"{}".to_vec());
    let short = tonic::codegen::tokio_stream::iter([part(options), part(chunk)]);
    let short = catalog.import_prices(short).await;
    seen.refused(short, (Code::InvalidArgument, "PRICE_FILE_IMPLAUSIBLE"));
    let delete = |name: &str| v1::DeleteCreditOperationRequest {
        operation_type: name.to_owned(),
        ..Default::default()
    };
    let unknown = catalog.delete_credit_operation(delete("painting")).await;
    seen.refused(unknown, (Code::NotFound, "CREDIT_OPERATION_NOT_FOUND"));
    let used = catalog.delete_credit_operation(delete("clustering")).await;
    seen.refused(used, (Code::FailedPrecondition, "RESOURCE_IN_USE"));

    // A function without any level that gives it a model.
    let function = v1::Function {
        name: "embed".to_owned(),
        modality: v1::Modality::Embedding.into(),
        ..Default::default()
    };
    let create = v1::CreateFunctionRequest {
        function: Some(function),
        ..Default::default()
    };
    catalog.create_function(create).await.unwrap();
    let asked = v1::GetModelConfigRequest {
        function_name: "embed".to_owned(),
        ..aiconfig_tests::query(2)
    };
    let asked = stage.backend.configs.get_model_config(asked).await;
    seen.refused(asked, (Code::FailedPrecondition, "NO_MODEL_CONFIGURED"));

    let tokens = &mut stage.admin.tokens;
    let unknown = v1::RevokeTokenRequest {
        token_id: "aaaaaaaaaaaaaaaa".to_owned(),
        ..Default::default()
    };
    let unknown = tokens.revoke_token(unknown).await;
    seen.refused(unknown, (Code::NotFound, "TOKEN_NOT_FOUND"));
}
