//! Credit operations and quotes.

use aiconfig_application::Applied;
use aiconfig_domain::{Command, CreditOperation, CreditUnit, ResourceKey, Snapshot, Stored};
use aiconfig_proto::v1;
use aiconfig_resolution::quote as quoted;
use tonic::{Request, Response, Status};

use crate::call::{Gateway, covered, info};
use crate::errors::ApiError;
use crate::lists::filter::{Name, Test, tests};
use crate::lists::{ListQuery, Paging};
use crate::wire;

fn operation(snapshot: &Snapshot, stored: &Stored<CreditOperation>) -> v1::CreditOperation {
    let key = ResourceKey::CreditOperation(stored.value.operation_type.clone());
    wire::credit_operation(stored, snapshot.etag(&key))
}

/// The operation that a write was about.
fn subject(applied: &Applied<'_>) -> Option<v1::CreditOperation> {
    let Some(ResourceKey::CreditOperation(name)) = &applied.decision.subject else {
        return None;
    };
    let stored = applied.snapshot.credit_operation(name.as_str())?;
    Some(operation(applied.snapshot, stored))
}

pub(super) async fn create(
    gateway: &Gateway,
    request: Request<v1::CreateCreditOperationRequest>,
) -> Result<Response<v1::CreateCreditOperationResponse>, Status> {
    let parse = |body| {
        let command = wire::new_credit_operation(body)?;
        Ok(Command::CreateCreditOperation(command))
    };
    gateway
        .write(request, parse, |applied| {
            v1::CreateCreditOperationResponse {
                credit_operation: subject(applied),
                revision: applied.snapshot.revision(),
            }
        })
        .await
}

fn read_filter(text: &str) -> Result<Test<CreditOperation>, ApiError> {
    tests(text, &[Name::Exact("unit")], |condition| {
        let wanted = condition.one_of("CREDIT_UNIT_", &CreditUnit::ALL, CreditUnit::as_str)?;
        Ok(Box::new(move |operation: &CreditOperation| operation.unit == wanted) as Test<_>)
    })
}

pub(super) async fn list(
    gateway: &Gateway,
    request: Request<v1::ListCreditOperationsRequest>,
) -> Result<Response<v1::ListCreditOperationsResponse>, Status> {
    let asked = request.get_ref();
    let live = gateway.read(&request, asked.min_revision).await?;
    let matches = read_filter(&asked.filter)?;
    let operations = live.snapshot.credit_operations();
    let query = ListQuery::new("ListCreditOperations", &asked.filter);
    let page = Paging::new(asked.page_size, &asked.page_token, query)?.page_by(
        operations.filter(|stored| matches(&stored.value)),
        |stored| stored.value.operation_type.to_string(),
        false,
        |stored| operation(&live.snapshot, stored),
    );
    Ok(Response::new(v1::ListCreditOperationsResponse {
        credit_operations: page.items,
        next_page_token: page.next_page_token,
        total_size: page.total_size,
        revision: live.snapshot.revision(),
    }))
}

pub(super) async fn update(
    gateway: &Gateway,
    request: Request<v1::UpdateCreditOperationRequest>,
) -> Result<Response<v1::UpdateCreditOperationResponse>, Status> {
    let parse = |body| {
        let command = wire::update_credit_operation(body)?;
        Ok(Command::UpdateCreditOperation(command))
    };
    gateway
        .write(request, parse, |applied| {
            v1::UpdateCreditOperationResponse {
                credit_operation: subject(applied),
                changed: applied.changed,
                revision: applied.snapshot.revision(),
            }
        })
        .await
}

pub(super) async fn delete(
    gateway: &Gateway,
    request: Request<v1::DeleteCreditOperationRequest>,
) -> Result<Response<v1::DeleteCreditOperationResponse>, Status> {
    let parse = |body| {
        let command = wire::delete_credit_operation(body)?;
        Ok(Command::DeleteCreditOperation(command))
    };
    gateway
        .write(request, parse, |applied| {
            v1::DeleteCreditOperationResponse {
                revision: applied.snapshot.revision(),
            }
        })
        .await
}

pub(super) async fn quote(
    gateway: &Gateway,
    request: Request<v1::QuoteCreditsRequest>,
) -> Result<Response<v1::QuoteCreditsResponse>, Status> {
    let caller = info(&request)?.caller;
    let live = gateway
        .read(&request, request.get_ref().min_revision)
        .await?;
    let query = wire::quote_query(request.into_inner()).map_err(ApiError::from)?;
    covered(&caller, query.account).map_err(ApiError::from)?;
    let now = gateway.app.now();
    let answer = quoted(&live.snapshot, &query, now).map_err(ApiError::from)?;
    let revision = live.snapshot.revision();
    Ok(Response::new(wire::quote(&answer, now, revision)))
}
