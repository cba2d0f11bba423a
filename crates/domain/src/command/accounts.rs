//! Pushes of accounts from Django (section 1).

use super::{Decision, check_etag};

use crate::{
    Account, AccountId, AccountState, Change, Reason, Rejection, Resource, ResourceKey, Snapshot,
};

/// Accounts as Django has them.
#[derive(Clone, Debug)]
pub struct UpsertAccounts {
    /// The accounts; of a batch, items that could not be read are refused one by one.
    pub pushes: Vec<Result<Account, Rejection>>,
    /// Whether the others of a batch are applied when one is refused.
    pub partial: bool,
    /// The etag of the one account.
    pub expected_etag: Option<String>,
}

/// A deletion pushed by Django.
#[derive(Clone, Debug)]
pub struct DeleteAccount {
    /// Which account.
    pub account_id: AccountId,
    /// The push that deletes it.
    pub source_version: i64,
    /// The account's etag.
    pub expected_etag: Option<String>,
}

/// What became of one push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PushOutcome {
    /// Which account.
    pub account_id: AccountId,
    /// Whether it was newer than what is stored.
    pub applied: bool,
    /// Whether it changed anything.
    pub changed: bool,
}

pub(super) fn upsert(snapshot: &Snapshot, command: &UpsertAccounts) -> Result<Decision, Rejection> {
    let mut decision = Decision::default();
    let mut pending: std::collections::BTreeMap<AccountId, AccountState> =
        std::collections::BTreeMap::new();
    for push in &command.pushes {
        let account = match push {
            Ok(account) => account,
            Err(rejection) if command.partial => {
                decision.pushes.push(Err(rejection.clone()));
                continue;
            }
            Err(rejection) => return Err(rejection.clone()),
        };
        let id = account.account_id;
        if let Some(expected) = &command.expected_etag {
            check_etag(snapshot, &ResourceKey::Account(id), Some(expected.as_str()))?;
        }
        let stored = snapshot.account(id).map(|entry| &entry.state.value);
        let present = pending.get(&id).or(stored);
        let applied = present.is_none_or(|state| account.source_version > state.source_version());
        let state = AccountState::Live(account.clone());
        let changed = applied && present != Some(&state);
        decision.pushes.push(Ok(PushOutcome {
            account_id: id,
            applied,
            changed,
        }));
        if changed {
            decision
                .changes
                .push(Change::Put(Resource::Account(state.clone())));
            pending.insert(id, state);
        }
    }
    if let [Ok(push)] = decision.pushes.as_slice() {
        decision.subject = Some(ResourceKey::Account(push.account_id));
    }
    Ok(decision)
}

pub(super) fn delete(snapshot: &Snapshot, command: &DeleteAccount) -> Result<Decision, Rejection> {
    let id = command.account_id;
    let key = ResourceKey::Account(id);
    let entry = snapshot.account(id).filter(|entry| entry.live().is_some());
    let entry = entry.ok_or_else(|| Rejection::account_not_registered(id))?;
    check_etag(snapshot, &key, command.expected_etag.as_deref())?;
    let applied = command.source_version > entry.state.value.source_version();
    let mut decision = Decision {
        subject: Some(key),
        ..Decision::default()
    };
    decision.pushes.push(Ok(PushOutcome {
        account_id: id,
        applied,
        changed: applied,
    }));
    if applied {
        for row in entry.overrides.iter() {
            let kind = row.value.integration_type;
            decision
                .changes
                .push(Change::Delete(ResourceKey::Override(id, kind)));
        }
        if entry.modules().is_some() {
            let key = ResourceKey::AccountModules(id);
            decision.changes.push(Change::Delete(key));
        }
        let prompts = entry.prompts().iter();
        let prompts = prompts.map(|row| ResourceKey::AccountPrompt(id, row.prompt_type().clone()));
        let profiles = entry.profiles().iter();
        let profiles = profiles.map(|item| ResourceKey::OwnProfile(id, item.value.id));
        let strategies = entry.strategies().iter();
        let strategies = strategies.map(|item| ResourceKey::OwnStrategy(id, item.value.id));
        let keys = prompts.chain(profiles).chain(strategies);
        decision.changes.extend(keys.map(Change::Delete));
        let tombstone = AccountState::Deleted {
            account_id: id,
            source_version: command.source_version,
        };
        decision
            .changes
            .push(Change::Put(Resource::Account(tombstone)));
    }
    Ok(decision)
}

/// The account of a write, with whether its plan may override.
pub(super) fn writable(snapshot: &Snapshot, id: AccountId) -> Result<&Account, Rejection> {
    snapshot
        .account(id)
        .and_then(crate::AccountEntry::live)
        .ok_or_else(|| Rejection::account_not_registered(id))
}

impl Snapshot {
    /// A registered account whose plan lets it have values of its own.
    ///
    /// # Errors
    /// [`Reason::AccountNotFound`], [`Reason::PlanForbidsOverrides`].
    pub fn overriding_account(&self, id: AccountId) -> Result<&Account, Rejection> {
        let account = writable(self, id)?;
        if account.plan.rules().may_override {
            Ok(account)
        } else {
            Err(plan_forbids(account))
        }
    }
}

/// Refuses what a plan may not.
pub(super) fn plan_forbids(account: &Account) -> Rejection {
    Rejection::new(
        Reason::PlanForbidsOverrides,
        format!(
            "the {} plan may override nothing; remove the values, or upgrade the plan",
            account.plan.as_str()
        ),
    )
    .with("plan", account.plan.as_str())
    .about("Account", account.account_id.to_string())
}
