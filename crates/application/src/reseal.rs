//! What was sealed anew elsewhere: a server reads the ring and those keys again, and serves on.

use std::collections::BTreeSet;

use aiconfig_domain::{Change, ProviderName, Resource};
use aiconfig_persistence::{EnvelopeRow, Tail};
use aiconfig_vault::error::VaultError;

use crate::{AppError, Application, KeySlot, Live};

/// What a piece of the log says about sealed rows.
#[derive(Default)]
pub(crate) struct Resealed {
    /// The ring has other rows, or a key is sealed with one that this server has not seen.
    ring: bool,
    /// Keys that another data key seals.
    keys: BTreeSet<(String, u32)>,
}

impl Resealed {
    /// Notes a record of the log.
    pub(crate) fn note(&mut self, change: &Change) {
        match change {
            Change::Put(Resource::RingKey(_)) => self.ring = true,
            Change::Put(Resource::KeySeal(seal)) => {
                self.keys.insert((seal.provider.to_string(), seal.version));
            }
            _ => {}
        }
    }

    /// Notes keys whose data key is not in the ring as it was read last.
    pub(crate) fn note_unknown(&mut self, live: &Live, rows: &[EnvelopeRow]) {
        let unknown = |row: &&EnvelopeRow| {
            let provider = ProviderName::parse(&row.provider);
            let slot = provider
                .as_ref()
                .and_then(|name| live.key(name, row.version));
            matches!(
                slot,
                Some(KeySlot::Unusable(VaultError::UnknownVersion { .. }))
            )
        };
        self.ring |= rows.iter().any(|row| unknown(&row));
    }
}

impl Application {
    /// Reads the ring and what was sealed anew, once for a piece of the log. The keys that the
    /// piece brings along are taken up again with it.
    pub(crate) async fn take_resealed(
        &self,
        next: &mut Live,
        resealed: &Resealed,
        tail: &Tail,
    ) -> Result<(), AppError> {
        if !resealed.ring && resealed.keys.is_empty() {
            return Ok(());
        }
        let mut keys = resealed.keys.clone();
        let brought = tail.envelopes.iter();
        keys.extend(brought.map(|row| (row.provider.clone(), row.version)));
        let keys: Vec<_> = keys.into_iter().collect();
        let rows = self.store.sealed(Some(&keys)).await?;
        next.take_sealed(&rows, &self.keks());
        Ok(())
    }
}
