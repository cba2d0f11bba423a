//! Switching modules for the platform and for an account. Every plan may.

use std::collections::BTreeMap;

use super::accounts::writable;
use super::{CommandContext, Decision, check_etag};
use crate::{
    AccountId, AccountModules, Change, Module, ModuleSwitches, Rejection, Resource, ResourceKey,
    Snapshot,
};

/// Switches modules for all.
#[derive(Clone, Debug)]
pub struct UpdatePlatformModules {
    /// The modules to switch, and whether on.
    pub switches: BTreeMap<Module, bool>,
    /// The etag that the caller last saw; absent skips the check.
    pub expected_etag: Option<String>,
}

/// Switches modules for an account.
#[derive(Clone, Debug)]
pub struct UpdateAccountModules {
    /// Whose.
    pub account_id: AccountId,
    /// The modules to switch, and whether on.
    pub switches: BTreeMap<Module, bool>,
    /// The etag that the caller last saw; absent skips the check.
    pub expected_etag: Option<String>,
}

fn switched(mut switches: ModuleSwitches, by: &BTreeMap<Module, bool>) -> ModuleSwitches {
    for (module, on) in by {
        switches.set(*module, *on);
    }
    switches
}

impl UpdatePlatformModules {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let key = ResourceKey::PlatformModules;
        check_etag(snapshot, &key, command.expected_etag.as_deref())?;
        let stored = snapshot.platform_modules().cloned().unwrap_or_default();
        let next = switched(stored.clone(), &command.switches);
        let differs = next != stored;
        let changes = differs.then_some(Change::Put(Resource::PlatformModules(next)));
        Ok(Decision {
            changes: changes.into_iter().collect(),
            subject: Some(key),
            ..Decision::default()
        })
    }
}

impl UpdateAccountModules {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let account_id = command.account_id;
        writable(snapshot, account_id)?;
        let key = ResourceKey::AccountModules(account_id);
        check_etag(snapshot, &key, command.expected_etag.as_deref())?;
        let stored = snapshot.account_modules(account_id);
        let stored = stored.map(|stored| stored.value.switches.clone());
        let stored = stored.unwrap_or_default();
        let switches = switched(stored.clone(), &command.switches);
        let change = if switches == stored {
            None
        } else if switches.off.is_empty() {
            Some(Change::Delete(key.clone()))
        } else {
            let row = AccountModules {
                account_id,
                switches,
            };
            Some(Change::Put(Resource::AccountModules(row)))
        };
        Ok(Decision {
            changes: change.into_iter().collect(),
            subject: Some(key),
            ..Decision::default()
        })
    }
}
