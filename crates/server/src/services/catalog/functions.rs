//! Functions of the product.

use aiconfig_application::Applied;
use aiconfig_domain::{Command, Function, FunctionName, Modality, ResourceKey, Snapshot, Stored};
use aiconfig_proto::v1;
use aiconfig_resolution::unknown_function;
use tonic::{Request, Response, Status};

use crate::call::Gateway;
use crate::errors::ApiError;
use crate::lists::filter::{Name, Test, tests};
use crate::lists::{ListQuery, Paging};
use crate::wire;

fn function(snapshot: &Snapshot, stored: &Stored<Function>) -> v1::Function {
    let etag = snapshot.etag(&ResourceKey::Function(stored.value.name.clone()));
    wire::function(stored, etag)
}

/// The function that a write was about.
fn subject(applied: &Applied<'_>) -> Option<v1::Function> {
    let Some(ResourceKey::Function(name)) = &applied.decision.subject else {
        return None;
    };
    let stored = applied.snapshot.function(name.as_str())?;
    Some(function(applied.snapshot, stored))
}

pub(super) async fn create(
    gateway: &Gateway,
    request: Request<v1::CreateFunctionRequest>,
) -> Result<Response<v1::CreateFunctionResponse>, Status> {
    let parse = |body| Ok(Command::CreateFunction(wire::new_function(body)?));
    gateway
        .write(request, parse, |applied| v1::CreateFunctionResponse {
            function: subject(applied),
            warnings: applied.decision.warnings.clone(),
            revision: applied.snapshot.revision(),
        })
        .await
}

pub(super) async fn get(
    gateway: &Gateway,
    request: Request<v1::GetFunctionRequest>,
) -> Result<Response<v1::GetFunctionResponse>, Status> {
    let asked = request.get_ref();
    let live = gateway.read(&request, asked.min_revision).await?;
    let name = wire::name("name", &asked.name, FunctionName::parse, FunctionName::RULE)
        .map_err(ApiError::from)?;
    let found = live.snapshot.function(name.as_str());
    let found = found.ok_or_else(|| ApiError::from(unknown_function(&live.snapshot, &name)))?;
    Ok(Response::new(v1::GetFunctionResponse {
        function: Some(function(&live.snapshot, found)),
    }))
}

fn read_filter(text: &str) -> Result<Test<Function>, ApiError> {
    const NAMES: &[Name] = &[Name::Exact("modality"), Name::Exact("module")];
    tests(text, NAMES, |condition| {
        Ok(if condition.name == "modality" {
            let wanted = condition.one_of("MODALITY_", &Modality::ALL, Modality::as_str)?;
            Box::new(move |function: &Function| function.modality == wanted) as Test<Function>
        } else {
            let wanted = condition.value.clone();
            Box::new(move |function| function.module == wanted)
        })
    })
}

pub(super) async fn list(
    gateway: &Gateway,
    request: Request<v1::ListFunctionsRequest>,
) -> Result<Response<v1::ListFunctionsResponse>, Status> {
    let asked = request.get_ref();
    let live = gateway.read(&request, asked.min_revision).await?;
    let matches = read_filter(&asked.filter)?;
    let functions = live.snapshot.functions();
    let query = ListQuery::new("ListFunctions", &asked.filter);
    let page = Paging::new(asked.page_size, &asked.page_token, query)?.page_by(
        functions.filter(|stored| matches(&stored.value)),
        |stored| stored.value.name.to_string(),
        false,
        |stored| function(&live.snapshot, stored),
    );
    Ok(Response::new(v1::ListFunctionsResponse {
        functions: page.items,
        next_page_token: page.next_page_token,
        total_size: page.total_size,
        revision: live.snapshot.revision(),
    }))
}

pub(super) async fn update(
    gateway: &Gateway,
    request: Request<v1::UpdateFunctionRequest>,
) -> Result<Response<v1::UpdateFunctionResponse>, Status> {
    let parse = |body| Ok(Command::UpdateFunction(wire::update_function(body)?));
    gateway
        .write(request, parse, |applied| v1::UpdateFunctionResponse {
            function: subject(applied),
            warnings: applied.decision.warnings.clone(),
            changed: applied.changed,
            revision: applied.snapshot.revision(),
        })
        .await
}

pub(super) async fn delete(
    gateway: &Gateway,
    request: Request<v1::DeleteFunctionRequest>,
) -> Result<Response<v1::DeleteFunctionResponse>, Status> {
    let parse = |body| Ok(Command::DeleteFunction(wire::delete_function(body)?));
    gateway
        .write(request, parse, |applied| v1::DeleteFunctionResponse {
            revision: applied.snapshot.revision(),
        })
        .await
}
