//! Secrets that a command brings along, and the rows beside the log that they end in.

use std::collections::BTreeMap;

use aiconfig_domain::{Change, KeyState, ProviderKey, ProviderName, Resource, Snapshot, TokenId};
use aiconfig_persistence::{EnvelopeRow, SideEffect, VerifierRow};
use aiconfig_vault::error::VaultError;
use aiconfig_vault::key::KeyContext;
use aiconfig_vault::random::RandomSource;
use aiconfig_vault::ring::Keyring;
use secrecy::SecretString;

/// A secret beside a command. It is in no record, no log and no stored answer.
pub enum Sidecar {
    /// None.
    None,
    /// The provider key that the command adds.
    Key(SecretString),
    /// The provider keys that a change of many things adds, by provider and version.
    Keys(BTreeMap<(ProviderName, u32), SecretString>),
    /// What verifies the token that the command creates.
    Verifier(TokenId, [u8; 32]),
}

impl Sidecar {
    /// The secret of a key version that is added.
    fn key(&self, key: &ProviderKey) -> Option<&SecretString> {
        match self {
            Self::Key(secret) => Some(secret),
            Self::Keys(secrets) => secrets.get(&(key.provider.clone(), key.version)),
            Self::None | Self::Verifier(..) => None,
        }
    }
}

/// The rows that go with the changes of a command: sealed keys with their state, verifiers.
pub(crate) fn side_effects(
    changes: &[Change],
    sidecar: &Sidecar,
    before: &Snapshot,
    revision: u64,
    ring: &Keyring,
    random: &dyn RandomSource,
) -> Result<Vec<SideEffect>, VaultError> {
    let mut effects = Vec::new();
    for change in changes {
        match change {
            Change::Put(Resource::ProviderKey(key)) => {
                let known = before.provider_key(&key.provider, key.version).is_some();
                effects.push(key_effect(key, known, sidecar, revision, ring, random)?);
            }
            Change::Put(Resource::Token(token)) if token.revoke_time.is_some() => {
                effects.push(SideEffect::DeleteVerifier {
                    token_id: token.token_id.to_string(),
                });
            }
            Change::Put(Resource::Token(token)) => {
                if let Sidecar::Verifier(id, verifier) = sidecar
                    && *id == token.token_id
                {
                    effects.push(SideEffect::PutVerifier(VerifierRow {
                        token_id: id.to_string(),
                        verifier: verifier.to_vec(),
                    }));
                }
            }
            _ => {}
        }
    }
    Ok(effects)
}

fn key_effect(
    key: &ProviderKey,
    known: bool,
    sidecar: &Sidecar,
    revision: u64,
    ring: &Keyring,
    random: &dyn RandomSource,
) -> Result<SideEffect, VaultError> {
    let provider = key.provider.as_str();
    let row = |envelope| -> Result<EnvelopeRow, VaultError> {
        Ok(EnvelopeRow {
            provider: provider.to_owned(),
            version: key.version,
            envelope,
            state_mac: ring.state_mac(provider, key.version, key.state.as_str(), revision)?,
            revision,
        })
    };
    if key.state == KeyState::Destroyed {
        return Ok(SideEffect::EraseEnvelope(row(None)?));
    }
    match sidecar.key(key).filter(|_| !known) {
        Some(secret) => {
            let context = KeyContext {
                provider,
                version: key.version,
                origin: &key.origin,
            };
            let sealed = ring.seal_key(&context, secret, random)?;
            Ok(SideEffect::PutEnvelope(row(Some(sealed))?))
        }
        None => Ok(SideEffect::PutStateMac(row(None)?)),
    }
}
