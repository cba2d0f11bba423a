//! Platform keys on their way into the vault.

use aiconfig_domain::{
    AddKey, Command, KeyState, PromoteKey, ProviderKey, ProviderName, ResourceKey,
};
use aiconfig_vault::key::unusual_prefix;
use secrecy::SecretString;

use super::ledger::Cell;
use super::planner::{Planner, RowId};
use super::report::Consequence;
use crate::AppError;

/// A key that stood in the dump.
pub(super) struct FoundKey {
    pub(super) row: RowId,
    pub(super) provider: ProviderName,
    /// Where it stood.
    pub(super) name: String,
    pub(super) secret: SecretString,
}

/// Takes the keys: the first of a provider that has no primary becomes it, others stand by.
pub(super) fn take(planner: &mut Planner<'_>, keys: Vec<FoundKey>) -> Result<(), AppError> {
    for key in keys {
        if planner.is_fresh(key.row) {
            one(planner, key)?;
        }
    }
    Ok(())
}

fn one(planner: &mut Planner<'_>, key: FoundKey) -> Result<(), AppError> {
    let FoundKey {
        row,
        provider,
        name,
        secret,
    } = key;
    let tell = |planner: &mut Planner<'_>, done: String, why: String| {
        planner.tell(row, Consequence::ProviderKey, &name, done, why);
    };
    let (mask, fingerprint) = match planner.describe_key(&provider, &secret)? {
        Ok(described) => described,
        Err(rejection) => {
            planner.drop_credentials(row, 1);
            tell(planner, "dropped".to_owned(), rejection.message);
            return Ok(());
        }
    };
    let known: Vec<ProviderKey> = planner
        .after
        .provider_keys(&provider)
        .map(|key| key.value.clone())
        .collect();
    let alike =
        |key: &&ProviderKey| key.fingerprint == fingerprint && key.state != KeyState::Destroyed;
    if let Some(alike) = known.iter().find(alike) {
        if alike.state != KeyState::Primary {
            let done = format!("left as version {} of {provider}", alike.version);
            let why = format!("this key is here already and is {}", alike.state.as_str());
            tell(planner, done, why);
        }
        let key = ResourceKey::ProviderKey(provider.clone(), alike.version);
        planner.may_write(row, Cell::part(key, "/state"), &name, true);
        return Ok(());
    }
    let primary = known.iter().find(|key| key.state == KeyState::Primary);
    let primary = primary.map(|key| key.version);
    let added = planner.decide(&Command::AddKey(AddKey {
        provider: provider.clone(),
        mask,
        fingerprint,
        expected_etag: None,
    }));
    let version = match added.map(|decision| decision.subject) {
        Ok(Some(ResourceKey::ProviderKey(_, version))) => version,
        Ok(_) => return Ok(()),
        Err(rejection) => {
            planner.drop_credentials(row, 1);
            tell(planner, "dropped".to_owned(), rejection.message);
            return Ok(());
        }
    };
    if let Some(primary) = primary {
        planner.draft.totals.keys_standby += 1;
        let done = format!("stored as standby version {version} of {provider}");
        let why = format!("version {primary} is primary; promote the new one to use it");
        tell(planner, done, why);
    } else {
        let promoted = planner.decide(&Command::PromoteKey(PromoteKey {
            provider: provider.clone(),
            version,
            expected_primary: Some(0),
            expected_etag: None,
        }));
        match promoted {
            Ok(_) => planner.draft.totals.keys_primary += 1,
            Err(rejection) => {
                planner.draft.totals.keys_standby += 1;
                let done = format!("stored as standby version {version} of {provider}");
                tell(planner, done, rejection.message);
            }
        }
    }
    if let Some(warning) = unusual_prefix(provider.as_str(), &secret) {
        let done = format!("stored as version {version} of {provider}");
        tell(planner, done, warning);
    }
    let key = ResourceKey::ProviderKey(provider.clone(), version);
    planner.may_write(row, Cell::part(key, "/state"), &name, true);
    planner.secrets.insert((provider, version), secret);
    Ok(())
}
