//! The state that queries are answered from: the snapshot, the sealed keys, the verifiers.

use std::collections::BTreeMap;
use std::sync::Arc;

use aiconfig_domain::{ProviderName, Snapshot, TokenId};
use aiconfig_persistence::{EnvelopeRow, VerifierRow};
use aiconfig_vault::error::VaultError;
use aiconfig_vault::key::{KeyContext, SealedKey};
use aiconfig_vault::ring::Keyring;

use crate::texts::Texts;

/// A stored key as this server can use it.
pub enum KeySlot {
    /// Sealed, with its record key derived, ready to open.
    Ready(SealedKey),
    /// Not to be opened: the key-encryption key is missing, or the row is damaged.
    Unusable(VaultError),
}

/// One state of everything. It is never changed: a change makes the next one.
#[derive(Clone)]
pub struct Live {
    /// The configuration.
    pub snapshot: Snapshot,
    pub(crate) keys: Arc<BTreeMap<ProviderName, BTreeMap<u32, Arc<KeySlot>>>>,
    pub(crate) verifiers: Arc<BTreeMap<TokenId, [u8; 32]>>,
    /// The texts of the library's prompts.
    pub(crate) texts: Arc<Texts>,
}

impl Live {
    pub(crate) fn new(snapshot: Snapshot) -> Self {
        Self {
            snapshot,
            keys: Arc::default(),
            verifiers: Arc::default(),
            texts: Arc::default(),
        }
    }

    /// A stored key.
    #[must_use]
    pub fn key(&self, provider: &ProviderName, version: u32) -> Option<&KeySlot> {
        self.keys.get(provider)?.get(&version).map(Arc::as_ref)
    }

    /// Every stored key that cannot be opened: provider, version and why.
    pub fn unusable_keys(&self) -> impl Iterator<Item = (&ProviderName, u32, &VaultError)> {
        self.keys.iter().flat_map(|(provider, versions)| {
            versions
                .iter()
                .filter_map(move |(version, slot)| match slot.as_ref() {
                    KeySlot::Ready(_) => None,
                    KeySlot::Unusable(error) => Some((provider, *version, error)),
                })
        })
    }

    /// Takes up rows of the sealed-key table as they stand after a change.
    pub(crate) fn take_envelopes(&mut self, rows: &[EnvelopeRow], ring: &Keyring) {
        for row in rows {
            let Some(provider) = ProviderName::parse(&row.provider) else {
                continue;
            };
            let slot = self.slot(&provider, row, ring);
            let versions = Arc::make_mut(&mut self.keys).entry(provider).or_default();
            match slot {
                Some(slot) => versions.insert(row.version, Arc::new(slot)),
                None => versions.remove(&row.version),
            };
        }
    }

    fn slot(&self, provider: &ProviderName, row: &EnvelopeRow, ring: &Keyring) -> Option<KeySlot> {
        let envelope = row.envelope.as_ref()?;
        let damaged = |what: &'static str| {
            Some(KeySlot::Unusable(VaultError::Damaged {
                what: what.to_owned(),
            }))
        };
        let Some(key) = self.snapshot.provider_key(provider, row.version) else {
            return damaged("a sealed key that no record names");
        };
        if key.meta.revision != row.revision {
            return damaged("a sealed key whose state is of another revision");
        }
        let key = &key.value;
        let verified = ring.verify_state_mac(
            provider.as_str(),
            row.version,
            key.state.as_str(),
            row.revision,
            &row.state_mac,
        );
        let context = KeyContext {
            provider: provider.as_str(),
            version: row.version,
            origin: &key.origin,
        };
        // Opened once and dropped: a damaged one is known before it is asked for.
        let opened = verified.and_then(|()| {
            let sealed = SealedKey::prepare(ring, &context, envelope)?;
            sealed.open()?;
            Ok(sealed)
        });
        Some(opened.map_or_else(KeySlot::Unusable, KeySlot::Ready))
    }

    /// Takes up the verifiers of tokens; a token of `asked` without a row has none any more.
    pub(crate) fn take_verifiers(&mut self, asked: &[TokenId], rows: &[VerifierRow]) {
        let verifiers = Arc::make_mut(&mut self.verifiers);
        for id in asked {
            verifiers.remove(id);
        }
        for row in rows {
            if let (Some(id), Ok(verifier)) = (
                TokenId::parse(&row.token_id),
                row.verifier.as_slice().try_into(),
            ) {
                verifiers.insert(id, verifier);
            }
        }
    }
}
