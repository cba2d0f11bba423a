//! `AccountService`.

use aiconfig_application::{Applied, Caller};
use aiconfig_domain::{
    Account, AccountEntry, AccountId, Command, Plan, PushOutcome, Rejection, ResourceKey, Snapshot,
    UpsertAccounts,
};
use aiconfig_proto::v1::{self, account_service_server::AccountService};
use tonic::{Request, Response, Status};

use super::Services;
use crate::call::{covered, info};
use crate::errors::ApiError;
use crate::lists::filter::{Name, Test, tests};
use crate::lists::order::descending;
use crate::lists::{ListQuery, Paging};
use crate::wire;

fn account(snapshot: &Snapshot, entry: &AccountEntry) -> Option<v1::Account> {
    let id = entry.live()?.account_id;
    wire::stored_account(&entry.state, snapshot.etag(&ResourceKey::Account(id)))
}

fn pushed(applied: &Applied<'_>, id: AccountId) -> Option<v1::Account> {
    account(applied.snapshot, applied.snapshot.account(id)?)
}

/// A push of an account that the caller may see.
fn checked(caller: &Caller, push: Result<Account, Rejection>) -> Result<Account, Rejection> {
    let account = push?;
    covered(caller, account.account_id)?;
    Ok(account)
}

/// One item of a batch's answer.
fn item(
    applied: &Applied<'_>,
    push: &Result<PushOutcome, Rejection>,
) -> v1::batch_upsert_accounts_response::Result {
    use v1::batch_upsert_accounts_response::{Result as Item, result};
    match push {
        Ok(push) => Item {
            result: pushed(applied, push.account_id).map(result::Result::Account),
            applied: push.applied,
            changed: push.changed,
        },
        Err(rejection) => Item {
            result: Some(result::Result::Error(
                ApiError::from(rejection.clone()).into_rpc(),
            )),
            applied: false,
            changed: false,
        },
    }
}

fn read_filter(text: &str) -> Result<Test<Account>, ApiError> {
    const NAMES: &[Name] = &[Name::Exact("plan"), Name::Exact("active")];
    tests(text, NAMES, |condition| {
        Ok(if condition.name == "plan" {
            let wanted = condition.one_of("PLAN_", &Plan::ALL, Plan::as_str)?;
            Box::new(move |account: &Account| account.plan == wanted) as Test<Account>
        } else {
            let wanted = condition.flag()?;
            Box::new(move |account| account.active == wanted)
        })
    })
}

/// What a caller may see of the accounts, in the order of their ids.
fn seen<'a>(
    snapshot: &'a Snapshot,
    caller: &'a Caller,
    backwards: bool,
) -> Box<dyn Iterator<Item = &'a AccountEntry> + Send + 'a> {
    if !caller.account_ids.is_empty() {
        let mut ids = caller.account_ids.clone();
        ids.sort_unstable();
        if backwards {
            ids.reverse();
        }
        return Box::new(ids.into_iter().filter_map(|id| snapshot.account(id)));
    }
    let all = snapshot.accounts_after(None);
    if backwards {
        Box::new(all.rev())
    } else {
        Box::new(all)
    }
}

#[tonic::async_trait]
impl AccountService for Services {
    async fn upsert_account(
        &self,
        request: Request<v1::UpsertAccountRequest>,
    ) -> Result<Response<v1::UpsertAccountResponse>, Status> {
        let caller = info(&request)?.caller;
        let parse = |body: v1::UpsertAccountRequest| {
            let account = checked(&caller, wire::account_push("account", body.account))?;
            Ok(Command::UpsertAccounts(UpsertAccounts {
                pushes: vec![Ok(account)],
                partial: false,
                expected_etag: wire::expected_etag(body.expected_etag),
            }))
        };
        self.0
            .write(request, parse, |applied| {
                let push = applied.decision.pushes.first();
                let push = push.and_then(|push| push.as_ref().ok());
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
        let caller = info(&request)?.caller;
        let parse = |body: v1::BatchUpsertAccountsRequest| {
            let pushes = wire::account_pushes(body.accounts, body.partial)?;
            let checked = pushes.into_iter().map(|push| checked(&caller, push));
            Ok(Command::UpsertAccounts(UpsertAccounts {
                pushes: checked.collect(),
                partial: body.partial,
                expected_etag: None,
            }))
        };
        self.0
            .write(request, parse, |applied| v1::BatchUpsertAccountsResponse {
                results: applied
                    .decision
                    .pushes
                    .iter()
                    .map(|push| item(applied, push))
                    .collect(),
                changed: applied.changed,
                revision: applied.snapshot.revision(),
            })
            .await
    }

    async fn get_account(
        &self,
        request: Request<v1::GetAccountRequest>,
    ) -> Result<Response<v1::GetAccountResponse>, Status> {
        let asked = request.get_ref();
        let live = self.0.read(&request, asked.min_revision).await?;
        let id = wire::account_id(asked.account_id).map_err(ApiError::from)?;
        covered(&info(&request)?.caller, id).map_err(ApiError::from)?;
        let entry = live.snapshot.account(id);
        let account = entry.and_then(|entry| account(&live.snapshot, entry));
        let missing = || ApiError::from(Rejection::account_not_registered(id));
        Ok(Response::new(v1::GetAccountResponse {
            account: Some(account.ok_or_else(missing)?),
        }))
    }

    async fn list_accounts(
        &self,
        request: Request<v1::ListAccountsRequest>,
    ) -> Result<Response<v1::ListAccountsResponse>, Status> {
        let caller = info(&request)?.caller;
        let asked = request.get_ref();
        let live = self.0.read(&request, asked.min_revision).await?;
        let snapshot = &live.snapshot;
        let matches = read_filter(&asked.filter)?;
        let backwards = descending(&asked.order_by, "account_id", false)?;
        let query = ListQuery {
            order_by: &asked.order_by,
            ..ListQuery::new("ListAccounts", &asked.filter)
        };
        let paging = Paging::new(asked.page_size, &asked.page_token, query)?;
        let last = paging.after_key(|key| key.parse().ok().and_then(AccountId::new))?;
        let entries = seen(snapshot, &caller, backwards)
            .filter_map(|entry| Some((entry.live()?, entry)))
            .filter(|(account, _)| matches(account));
        let page = paging.page(
            entries,
            |(account, _)| account.account_id.to_string(),
            |(account, _)| {
                last.is_none_or(|last| {
                    if backwards {
                        account.account_id < last
                    } else {
                        account.account_id > last
                    }
                })
            },
            |(_, entry)| account(snapshot, entry).unwrap_or_default(),
        );
        Ok(Response::new(v1::ListAccountsResponse {
            accounts: page.items,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
            revision: snapshot.revision(),
        }))
    }

    async fn delete_account(
        &self,
        request: Request<v1::DeleteAccountRequest>,
    ) -> Result<Response<v1::DeleteAccountResponse>, Status> {
        let caller = info(&request)?.caller;
        let parse = |body| {
            let delete = wire::delete_account(body)?;
            covered(&caller, delete.account_id)?;
            Ok(Command::DeleteAccount(delete))
        };
        self.0
            .write(request, parse, |applied| v1::DeleteAccountResponse {
                applied: applied.changed,
                changed: applied.changed,
                revision: applied.snapshot.revision(),
            })
            .await
    }

    async fn list_plans(
        &self,
        request: Request<v1::ListPlansRequest>,
    ) -> Result<Response<v1::ListPlansResponse>, Status> {
        let asked = request.get_ref();
        let live = self.0.read(&request, asked.min_revision).await?;
        let matches = tests(&asked.filter, &[Name::Exact("may_override")], |condition| {
            let wanted = condition.flag()?;
            Ok(Box::new(move |plan: &Plan| plan.rules().may_override == wanted) as Test<Plan>)
        })?;
        let query = ListQuery::new("ListPlans", &asked.filter);
        let page = Paging::new(asked.page_size, &asked.page_token, query)?.page_by(
            Plan::ALL.into_iter().filter(|plan| matches(plan)),
            |plan| (*plan as u8).to_string(),
            false,
            wire::plan_info,
        );
        Ok(Response::new(v1::ListPlansResponse {
            plans: page.items,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
            revision: live.snapshot.revision(),
        }))
    }
}
