//! `AccountService`.

use aiconfig_application::Applied;
use aiconfig_domain::{AccountId, Command, DeleteAccount, Plan, Rejection, UpsertAccounts};
use aiconfig_proto::v1::{self, ErrorReason, account_service_server::AccountService};
use tonic::{Request, Response, Status};

use super::Services;
use crate::call::info;
use crate::errors::ApiError;
use crate::wire;

/// Accounts of a batch.
const BATCH: usize = 1_000;

fn not_found(id: i64) -> ApiError {
    ApiError::new(
        ErrorReason::AccountNotFound,
        format!("account {id} is not registered; push it with UpsertAccount"),
    )
}

fn pushed(applied: &Applied<'_>, id: AccountId) -> Option<v1::Account> {
    wire::account(applied.snapshot, &applied.snapshot.account(id)?.state)
}

#[tonic::async_trait]
impl AccountService for Services {
    async fn upsert_account(
        &self,
        request: Request<v1::UpsertAccountRequest>,
    ) -> Result<Response<v1::UpsertAccountResponse>, Status> {
        let bound = info(&request)?.caller;
        let parse = |body: v1::UpsertAccountRequest| {
            let account = wire::account_push(body.account.unwrap_or_default(), "account.")?;
            if !bound.covers(account.account_id) {
                return Err(not_found(account.account_id.get()));
            }
            let expected_etag = wire::etag(body.expected_etag);
            Ok(Command::UpsertAccounts(UpsertAccounts {
                pushes: vec![Ok(account)],
                partial: false,
                expected_etag,
            }))
        };
        self.0
            .write(request, "AccountService/UpsertAccount", parse, |applied| {
                let push = applied
                    .decision
                    .pushes
                    .first()
                    .and_then(|push| push.as_ref().ok());
                v1::UpsertAccountResponse {
                    account: push.and_then(|push| pushed(applied, push.account_id)),
                    applied: push.is_some_and(|push| push.applied),
                    changed: applied.changed,
                    revision: applied.snapshot.revision(),
                }
            })
            .await
    }

    async fn batch_upsert_accounts(
        &self,
        request: Request<v1::BatchUpsertAccountsRequest>,
    ) -> Result<Response<v1::BatchUpsertAccountsResponse>, Status> {
        let bound = info(&request)?.caller;
        let parse = |body: v1::BatchUpsertAccountsRequest| {
            if body.accounts.len() > BATCH {
                return Err(Rejection::invalid_field("accounts", "at most 1000 items").into());
            }
            let read = |(at, account): (usize, v1::Account)| {
                let account = wire::account_push(account, &format!("accounts[{at}]."))?;
                if bound.covers(account.account_id) {
                    Ok(account)
                } else {
                    let message = "the token is not bound to this account";
                    Err(Rejection::new(
                        aiconfig_domain::Reason::AccountNotFound,
                        message,
                    ))
                }
            };
            let pushes = body.accounts.into_iter().enumerate().map(read).collect();
            Ok(Command::UpsertAccounts(UpsertAccounts {
                pushes,
                partial: body.partial,
                expected_etag: None,
            }))
        };
        self.0
            .write(
                request,
                "AccountService/BatchUpsertAccounts",
                parse,
                |applied| {
                    use v1::batch_upsert_accounts_response::{Result as Item, result};
                    let item = |push: &Result<aiconfig_domain::PushOutcome, Rejection>| match push {
                        Ok(push) => Item {
                            result: pushed(applied, push.account_id).map(result::Result::Account),
                            applied: push.applied,
                            changed: push.changed,
                        },
                        Err(rejection) => {
                            let error =
                                result::Result::Error(ApiError::from(rejection.clone()).into_rpc());
                            Item {
                                result: Some(error),
                                applied: false,
                                changed: false,
                            }
                        }
                    };
                    v1::BatchUpsertAccountsResponse {
                        results: applied.decision.pushes.iter().map(item).collect(),
                        changed: applied.changed,
                        revision: applied.snapshot.revision(),
                    }
                },
            )
            .await
    }

    async fn get_account(
        &self,
        request: Request<v1::GetAccountRequest>,
    ) -> Result<Response<v1::GetAccountResponse>, Status> {
        let v1::GetAccountRequest {
            account_id,
            min_revision,
        } = *request.get_ref();
        let live = self.0.read(&request, min_revision).await?;
        let id = wire::account_id(account_id).map_err(ApiError::from)?;
        let entry = live
            .snapshot
            .account(id)
            .filter(|_| info(&request).is_ok_and(|info| info.caller.covers(id)));
        let account = entry.and_then(|entry| wire::account(&live.snapshot, &entry.state));
        Ok(Response::new(v1::GetAccountResponse {
            account: Some(account.ok_or_else(|| not_found(account_id))?),
        }))
    }

    async fn list_accounts(
        &self,
        request: Request<v1::ListAccountsRequest>,
    ) -> Result<Response<v1::ListAccountsResponse>, Status> {
        let info = info(&request)?;
        let v1::ListAccountsRequest {
            page_size,
            page_token,
            filter,
            order_by,
            min_revision,
        } = request.get_ref();
        let live = self.0.read(&request, *min_revision).await?;
        if !filter.is_empty() {
            return Err(ApiError::field(
                ErrorReason::FilterInvalid,
                "filter",
                "this server takes none yet",
            )
            .into());
        }
        if !order_by.is_empty() && order_by != "account_id" {
            return Err(
                ApiError::field(ErrorReason::OrderByInvalid, "order_by", "account_id").into(),
            );
        }
        let size = match page_size {
            0 => 50,
            1.. => usize::try_from(*page_size).unwrap_or(0).min(1_000),
            _ => {
                return Err(ApiError::field(
                    ErrorReason::PageSizeInvalid,
                    "page_size",
                    "0 to 1000",
                )
                .into());
            }
        };
        let after = match page_token
            .strip_prefix("accounts:")
            .and_then(|id| id.parse().ok())
            .and_then(AccountId::new)
        {
            None if !page_token.is_empty() => {
                let right = "a next_page_token of this list";
                return Err(
                    ApiError::field(ErrorReason::PageTokenInvalid, "page_token", right).into(),
                );
            }
            after => after,
        };
        let seen = |entry: &&aiconfig_domain::AccountEntry| {
            entry
                .live()
                .is_some_and(|account| info.caller.covers(account.account_id))
        };
        let snapshot = &live.snapshot;
        let mut accounts: Vec<v1::Account> = snapshot
            .accounts_after(after)
            .filter(seen)
            .take(size + 1)
            .filter_map(|entry| wire::account(snapshot, &entry.state))
            .collect();
        let more = accounts.len() > size;
        accounts.truncate(size);
        let last = accounts.last().filter(|_| more);
        Ok(Response::new(v1::ListAccountsResponse {
            next_page_token: last
                .map(|account| format!("accounts:{}", account.account_id))
                .unwrap_or_default(),
            total_size: i32::try_from(snapshot.accounts_after(None).filter(seen).count())
                .unwrap_or(i32::MAX),
            revision: snapshot.revision(),
            accounts,
        }))
    }

    async fn delete_account(
        &self,
        request: Request<v1::DeleteAccountRequest>,
    ) -> Result<Response<v1::DeleteAccountResponse>, Status> {
        let bound = info(&request)?.caller;
        let parse = |body: v1::DeleteAccountRequest| {
            let account_id = wire::account_id(body.account_id)?;
            if !bound.covers(account_id) {
                return Err(not_found(body.account_id));
            }
            let expected_etag = wire::etag(body.expected_etag);
            Ok(Command::DeleteAccount(DeleteAccount {
                account_id,
                source_version: body.source_version,
                expected_etag,
            }))
        };
        self.0
            .write(request, "AccountService/DeleteAccount", parse, |applied| {
                v1::DeleteAccountResponse {
                    applied: applied.changed,
                    changed: applied.changed,
                    revision: applied.snapshot.revision(),
                }
            })
            .await
    }

    async fn list_plans(
        &self,
        request: Request<v1::ListPlansRequest>,
    ) -> Result<Response<v1::ListPlansResponse>, Status> {
        let live = self
            .0
            .read(&request, request.get_ref().min_revision)
            .await?;
        let plans = Plan::ALL.map(|plan| v1::PlanInfo {
            plan: wire::plan(plan).into(),
            display_name: plan.as_str().to_owned(),
            may_override: plan.rules().may_override,
            description: plan.rules().summary.to_owned(),
        });
        Ok(Response::new(v1::ListPlansResponse {
            plans: plans.to_vec(),
            next_page_token: String::new(),
            total_size: 4,
            revision: live.snapshot.revision(),
        }))
    }
}
