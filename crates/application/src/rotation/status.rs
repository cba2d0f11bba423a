//! Where a rotation stands: what wraps the ring, what seals the keys, and what is left to do.

use std::collections::BTreeMap;

use aiconfig_vault::kek::KekId;
use aiconfig_vault::ring::{DekState, Purpose, WrappedDek};

use super::RotationError;
use super::envelopes::under;
use super::readable;
use crate::Application;

/// What a key-encryption key is to this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KekUse {
    /// It wraps new rows.
    Primary,
    /// It only opens.
    OpenOnly,
    /// The ring names it, and it is not loaded.
    Missing,
}

/// A key-encryption key, and how much of the ring it wraps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KekStatus {
    /// Its id.
    pub id: KekId,
    /// What it is to this process.
    pub used: KekUse,
    /// The rows of the ring that it wraps.
    pub wraps: u64,
}

/// A row of the ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingStatus {
    /// What the data key is for, such as `value`.
    pub purpose: Purpose,
    /// Its version.
    pub version: u32,
    /// Where it stands in its life.
    pub state: DekState,
    /// What wraps it.
    pub kek_id: KekId,
    /// Provider keys that it seals.
    pub seals: u64,
    /// Why it does not open, where it should.
    pub fault: Option<String>,
}

/// Where the vault stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VaultStatus {
    /// The key-encryption keys: the primary, those that only open, those that are missing.
    pub keks: Vec<KekStatus>,
    /// The rows of the ring, by purpose and version.
    pub ring: Vec<RingStatus>,
    /// Rows that the primary does not wrap: what `rotate-kek` has left to do.
    pub rows_left: u64,
    /// Provider keys that the active data key does not seal: what `rotate-dek` has left to do.
    pub keys_left: u64,
    /// Provider keys whose envelope cannot be read at all.
    pub unreadable: u64,
}

impl Application {
    /// Where the vault stands. It needs no key to be open.
    ///
    /// # Errors
    /// As the store's; a row of the ring that cannot be read.
    pub async fn vault_status(&self) -> Result<VaultStatus, RotationError> {
        let sealed = self.store.sealed(None).await?;
        let rows = readable(&sealed.deks)?;
        let keks = self.keks();
        let deployment = *self.ring().deployment_id();
        let primary = keks.primary().map(aiconfig_vault::kek::Kek::id);
        let active = rows
            .iter()
            .find(|row| row.purpose == Purpose::Value && row.state == DekState::Active)
            .map(|row| row.version);
        let mut status = VaultStatus::default();
        let mut seals: BTreeMap<u32, u64> = BTreeMap::new();
        for row in sealed.envelopes.iter().filter(|row| row.envelope.is_some()) {
            match under(row) {
                Ok(version) => *seals.entry(version).or_default() += 1,
                Err(_) => status.unreadable += 1,
            }
        }
        let former = seals
            .iter()
            .filter(|(version, _)| Some(**version) != active);
        status.keys_left = former.map(|(_, count)| count).sum();
        let of_row = |row: &WrappedDek| RingStatus {
            purpose: row.purpose,
            version: row.version,
            state: row.state,
            kek_id: row.kek_id,
            seals: match row.purpose {
                Purpose::Value => seals.get(&row.version).copied().unwrap_or_default(),
                _ => 0,
            },
            fault: row
                .verify(&deployment, &keks)
                .err()
                .map(|fault| fault.to_string()),
        };
        status.ring = rows.iter().map(of_row).collect();
        let kept = || rows.iter().filter(|row| row.state.is_kept());
        let wraps = |id| kept().filter(|row| row.kek_id == id).count() as u64;
        status.rows_left = kept().filter(|row| Some(row.kek_id) != primary).count() as u64;
        let named = kept().map(|row| row.kek_id);
        for id in keks.ids().chain(named) {
            if status.keks.iter().any(|known| known.id == id) {
                continue;
            }
            let used = match () {
                () if Some(id) == primary => KekUse::Primary,
                () if keks.ids().any(|loaded| loaded == id) => KekUse::OpenOnly,
                () => KekUse::Missing,
            };
            let wraps = wraps(id);
            status.keks.push(KekStatus { id, used, wraps });
        }
        Ok(status)
    }
}
