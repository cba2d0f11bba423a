//! Accounts and plans.

use std::collections::BTreeSet;

use aiconfig_domain::{Account, DeleteAccount, Meta, Plan, Rejection, Stored};
use aiconfig_proto::v1;

use super::common::{Faults, expected_etag, time};
use super::enums::{plan, read_plan};

/// Accounts in one batch.
const BATCH_LIMIT: usize = 1_000;

/// An account on the wire.
pub(crate) fn account(account: &Account, meta: &Meta, etag: String) -> v1::Account {
    let Account {
        account_id,
        plan: booked,
        display_name,
        active,
        source_version,
    } = account;
    v1::Account {
        account_id: account_id.get(),
        plan: plan(*booked),
        display_name: display_name.clone(),
        active: *active,
        source_version: *source_version,
        etag,
        revision: meta.revision,
        create_time: Some(time(meta.create_time)),
        update_time: Some(time(meta.update_time)),
        updated_by: meta.updated_by.to_string(),
    }
}

/// A plan with what it may do.
pub(crate) fn plan_info(of: Plan) -> v1::PlanInfo {
    let rules = of.rules();
    let display_name = match of {
        Plan::Free => "Free",
        Plan::Starter => "Starter",
        Plan::Growth => "Growth",
        Plan::Scale => "Scale",
    };
    v1::PlanInfo {
        plan: plan(of),
        display_name: display_name.to_owned(),
        may_override: rules.may_override,
        description: rules.summary.to_owned(),
    }
}

/// Reads a pushed account; `path` is its place in the request.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn account_push(path: &str, pushed: Option<v1::Account>) -> Result<Account, Rejection> {
    let mut faults = Faults::default();
    let Some(pushed) = faults.need(path, pushed, "must be given") else {
        return faults.finish(None);
    };
    let v1::Account {
        account_id,
        plan: booked,
        display_name,
        active,
        source_version,
        etag: _,
        revision: _,
        create_time: _,
        update_time: _,
        updated_by: _,
    } = pushed;
    let id = faults.account_id(&format!("{path}.account_id"), account_id);
    let booked = read_plan(&mut faults, &format!("{path}.plan"), booked);
    faults.name(&format!("{path}.display_name"), &display_name);
    if source_version < 1 {
        faults.add(format!("{path}.source_version"), "must be 1 or more");
    }
    let account = id.zip(booked).map(|(account_id, plan)| Account {
        account_id,
        plan,
        display_name,
        active,
        source_version,
    });
    faults.finish(account)
}

/// Reads a batch of accounts, each id once. Without `partial` one fault refuses all, and all
/// faults are told.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn account_pushes(
    pushed: Vec<v1::Account>,
    partial: bool,
) -> Result<Vec<Result<Account, Rejection>>, Rejection> {
    if pushed.is_empty() || pushed.len() > BATCH_LIMIT {
        return Err(Rejection::invalid_field("accounts", "1 to 1000 accounts"));
    }
    let mut seen = BTreeSet::new();
    let mut violations = Vec::new();
    let mut checked = Vec::with_capacity(pushed.len());
    for (at, account) in pushed.into_iter().enumerate() {
        let path = format!("accounts[{at}]");
        let id = account.account_id;
        let mut push = account_push(&path, Some(account));
        if push.is_ok() && !seen.insert(id) {
            push = Err(Rejection::invalid_field(
                format!("{path}.account_id"),
                "each account once in a batch",
            ));
        }
        if let Err(rejection) = &push {
            violations.extend(rejection.violations.iter().cloned());
        }
        checked.push(push);
    }
    if partial || violations.is_empty() {
        Ok(checked)
    } else {
        Err(Rejection::invalid(violations))
    }
}

/// Reads a deletion.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn delete_account(
    request: v1::DeleteAccountRequest,
) -> Result<DeleteAccount, Rejection> {
    let v1::DeleteAccountRequest {
        account_id,
        source_version,
        expected_etag: etag,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mut faults = Faults::default();
    let id = faults.account_id("account_id", account_id);
    if source_version < 1 {
        faults.add("source_version", "must be 1 or more");
    }
    let expected_etag = expected_etag(etag);
    faults.finish(id.map(|account_id| DeleteAccount {
        account_id,
        source_version,
        expected_etag,
    }))
}

/// The live account of a stored state, with its meta data.
pub(crate) fn stored_account(
    state: &Stored<aiconfig_domain::AccountState>,
    etag: String,
) -> Option<v1::Account> {
    match &state.value {
        aiconfig_domain::AccountState::Live(live) => Some(account(live, &state.meta, etag)),
        aiconfig_domain::AccountState::Deleted { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed(account_id: i64) -> v1::Account {
        v1::Account {
            account_id,
            plan: v1::Plan::Growth as i32,
            source_version: 1,
            ..v1::Account::default()
        }
    }

    #[test]
    fn all_faults_of_an_account_are_told() {
        let account = v1::Account {
            display_name: "x".repeat(256),
            ..v1::Account::default()
        };
        let refused = account_push("account", Some(account)).unwrap_err();
        let paths: Vec<&str> = refused
            .violations
            .iter()
            .map(|v| v.field.as_str())
            .collect();
        assert_eq!(
            paths,
            [
                "account.account_id",
                "account.plan",
                "account.display_name",
                "account.source_version"
            ]
        );
        assert_eq!(
            account_push("account", None).unwrap_err().violations[0].field,
            "account"
        );
    }

    #[test]
    fn a_batch_has_each_account_once() {
        let refused = account_pushes(vec![pushed(1), pushed(1), pushed(0)], false).unwrap_err();
        let paths: Vec<&str> = refused
            .violations
            .iter()
            .map(|v| v.field.as_str())
            .collect();
        assert_eq!(paths, ["accounts[1].account_id", "accounts[2].account_id"]);
        let partial = account_pushes(vec![pushed(1), pushed(1), pushed(2)], true).unwrap();
        assert_eq!(
            partial.iter().map(Result::is_ok).collect::<Vec<_>>(),
            [true, false, true]
        );
        assert!(account_pushes(Vec::new(), true).is_err());
    }
}
