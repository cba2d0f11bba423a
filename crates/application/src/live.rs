//! The state that queries are answered from: the snapshot, the sealed keys, the verifiers.

use std::collections::BTreeMap;
use std::sync::Arc;

use aiconfig_domain::{ProviderName, Snapshot, TokenId};
use aiconfig_persistence::{EnvelopeRow, SealedRows, VerifierRow};
use aiconfig_vault::error::VaultError;
use aiconfig_vault::kek::KekSet;
use aiconfig_vault::key::{KeyContext, SealedKey};
use aiconfig_vault::ring::Keyring;

use crate::keyring;
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
    /// The keyring of the same revision, so that nothing is sealed with a key that another server
    /// has replaced.
    pub(crate) ring: Arc<Keyring>,
    pub(crate) keys: Arc<BTreeMap<ProviderName, BTreeMap<u32, Arc<KeySlot>>>>,
    pub(crate) verifiers: Arc<BTreeMap<TokenId, [u8; 32]>>,
    /// The texts of the library's prompts.
    pub(crate) texts: Arc<Texts>,
}

impl Live {
    pub(crate) fn new(snapshot: Snapshot, ring: Keyring) -> Self {
        Self {
            snapshot,
            ring: Arc::new(ring),
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
    pub(crate) fn take_envelopes<'a>(&mut self, rows: impl IntoIterator<Item = &'a EnvelopeRow>) {
        for row in rows {
            let Some(provider) = ProviderName::parse(&row.provider) else {
                continue;
            };
            let slot = self.slot(&provider, row);
            let versions = Arc::make_mut(&mut self.keys).entry(provider).or_default();
            match slot {
                Some(slot) => versions.insert(row.version, slot),
                None => versions.remove(&row.version),
            };
        }
    }

    /// Takes up the ring and sealed keys as they are now. A row of a later revision is left out: it
    /// comes with that revision.
    pub(crate) fn take_sealed(&mut self, rows: &SealedRows, keks: &KekSet) {
        let former = Arc::clone(&self.ring);
        let deployment = *former.deployment_id();
        let ring = keyring::open(deployment, keks, &rows.deks, &rows.canaries, Some(&former));
        self.ring = Arc::new(ring);
        let present = self.snapshot.revision();
        let due = rows.envelopes.iter().filter(|row| row.revision <= present);
        self.take_envelopes(due);
    }

    fn slot(&self, provider: &ProviderName, row: &EnvelopeRow) -> Option<Arc<KeySlot>> {
        let envelope = row.envelope.as_ref()?;
        let damaged = |what: &'static str| {
            Some(Arc::new(KeySlot::Unusable(VaultError::Damaged {
                what: what.to_owned(),
            })))
        };
        let Some(key) = self.snapshot.provider_key(provider, row.version) else {
            return damaged("a sealed key that no record names");
        };
        if key.meta.revision != row.revision {
            return damaged("a sealed key whose state is of another revision");
        }
        let key = &key.value;
        let verified = self.ring.verify_state_mac(
            provider.as_str(),
            row.version,
            key.state.as_str(),
            row.revision,
            &row.state_mac,
        );
        if let Err(error) = verified {
            return Some(Arc::new(KeySlot::Unusable(error)));
        }
        let context = KeyContext {
            provider: provider.as_str(),
            version: row.version,
            origin: &key.origin,
        };
        // Opened once and dropped: a damaged one is known before it is asked for.
        let opened = SealedKey::prepare(&self.ring, &context, envelope)
            .and_then(|sealed| sealed.open().map(|_| sealed));
        let error = match opened {
            Ok(sealed) => return Some(Arc::new(KeySlot::Ready(sealed))),
            Err(error) => error,
        };
        // Sealed anew with a key that this server lacks. A version is always the same key, and it
        // is open here already: reads go on.
        let known = self
            .keys
            .get(provider)
            .and_then(|keys| keys.get(&row.version));
        match known {
            Some(known)
                if matches!(**known, KeySlot::Ready(_))
                    && matches!(error, VaultError::KeyUnavailable { .. }) =>
            {
                Some(Arc::clone(known))
            }
            _ => Some(Arc::new(KeySlot::Unusable(error))),
        }
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
