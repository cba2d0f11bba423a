//! Accounts.

use aiconfig_domain::{
    Account, AccountState, Plan, Rejection, ResourceKey, Snapshot, Stored, Violation,
};
use aiconfig_proto::v1;

use super::{account_id, time};

pub(crate) const fn plan(plan: Plan) -> v1::Plan {
    match plan {
        Plan::Free => v1::Plan::Free,
        Plan::Starter => v1::Plan::Starter,
        Plan::Growth => v1::Plan::Growth,
        Plan::Scale => v1::Plan::Scale,
    }
}

pub(crate) fn account(snapshot: &Snapshot, stored: &Stored<AccountState>) -> Option<v1::Account> {
    let AccountState::Live(account) = &stored.value else {
        return None;
    };
    Some(v1::Account {
        account_id: account.account_id.get(),
        plan: plan(account.plan).into(),
        display_name: account.display_name.clone(),
        active: account.active,
        source_version: account.source_version,
        etag: snapshot.etag(&ResourceKey::Account(account.account_id)),
        revision: stored.meta.revision,
        create_time: time(stored.meta.create_time),
        update_time: time(stored.meta.update_time),
        updated_by: stored.meta.updated_by.to_string(),
    })
}

/// A pushed account; what the service sets itself is ignored.
pub(crate) fn account_push(message: v1::Account, path: &str) -> Result<Account, Rejection> {
    let v1::Account {
        account_id: id,
        plan: plan_number,
        display_name,
        active,
        source_version,
        etag: _,
        revision: _,
        create_time: _,
        update_time: _,
        updated_by: _,
    } = message;
    let mut violations = Vec::new();
    let mut refuse =
        |field: &str, right: &str| violations.push(Violation::new(format!("{path}{field}"), right));
    let id = account_id(id).ok();
    if id.is_none() {
        refuse("account_id", "greater than 0");
    }
    let plan = Plan::ALL
        .into_iter()
        .find(|known| plan(*known) as i32 == plan_number);
    if plan.is_none() {
        refuse("plan", "one of FREE, STARTER, GROWTH and SCALE");
    }
    if display_name.chars().count() > 255 {
        refuse("display_name", "at most 255 characters");
    }
    if source_version < 1 {
        refuse("source_version", "at least 1, and higher with every push");
    }
    match (id, plan) {
        (Some(account_id), Some(plan)) if violations.is_empty() => Ok(Account {
            account_id,
            plan,
            display_name,
            active,
            source_version,
        }),
        _ => Err(Rejection::invalid(violations)),
    }
}
