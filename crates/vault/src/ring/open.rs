//! Makes a ring, and opens the rows of a stored one as far as that goes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Dek, DekState, DeploymentId, Keyring, Purpose, Slot, WrappedDek};
use crate::error::VaultError;
use crate::kek::KekSet;
use crate::random::RandomSource;

/// The version of the first data key of each purpose.
const FIRST_VERSION: u32 = 1;

impl Keyring {
    /// Makes a new ring with one active key for each purpose, and the rows
    /// that hold it, wrapped by the primary. `NoPrimary` if there is none.
    pub fn create(
        deployment_id: DeploymentId,
        keks: &KekSet,
        random: &dyn RandomSource,
    ) -> Result<(Self, Vec<WrappedDek>), VaultError> {
        let kek = keks.primary().ok_or(VaultError::NoPrimary)?;
        let rows = Purpose::ALL
            .into_iter()
            .map(|purpose| {
                let dek = Dek::generate(purpose, FIRST_VERSION, random);
                dek.wrap(&deployment_id, kek, DekState::Active, random)
            })
            .collect::<Result<Vec<_>, _>>()?;
        // Opened from the rows, so that a ring that would not open again is
        // noticed before anything is sealed with it.
        let ring = Self::open(deployment_id, keks, &rows);
        ring.check()?;
        Ok((ring, rows))
    }

    /// Opens the rows of a stored ring.
    ///
    /// A missing key-encryption key degrades the ring, see
    /// [`missing`](Self::missing). So does damage, see [`faults`](Self::faults): a
    /// loaded key that does not open a row that names it, a purpose without an
    /// active key or with several, a version that stands there twice.
    #[must_use]
    pub fn open(deployment_id: DeploymentId, keks: &KekSet, rows: &[WrappedDek]) -> Self {
        let mut ring = Self {
            deployment_id,
            slots: BTreeMap::new(),
            missing: Vec::new(),
            faults: Vec::new(),
        };
        for row in rows {
            ring.take(keks, row);
        }
        for purpose in Purpose::ALL {
            if let Err(fault) = ring.active_slot(purpose) {
                ring.note_fault(purpose.as_str(), fault);
            }
        }
        ring
    }

    /// Opens the rows as they are now. What this ring has open stays open even
    /// where its row no longer opens, so that reads go on; nothing is sealed with
    /// it until the row opens again.
    #[must_use]
    pub fn reopen(&self, keks: &KekSet, rows: &[WrappedDek]) -> Self {
        let mut ring = Self::open(self.deployment_id, keks, rows);
        for (place, slot) in &mut ring.slots {
            if slot.state.opens() && slot.dek.is_none() {
                slot.dek = self.slots.get(place).and_then(|known| known.dek.clone());
            }
        }
        ring
    }

    fn take(&mut self, keks: &KekSet, row: &WrappedDek) {
        let opened = row.state.opens().then(|| match keks.find(row.kek_id) {
            Some(kek) => Dek::unwrap(&self.deployment_id, kek, row),
            None => Err(VaultError::KeyUnavailable {
                kek_ids: vec![row.kek_id],
            }),
        });
        let (dek, fault) = match opened {
            None => (None, None),
            Some(Ok(dek)) => (Some(Arc::new(dek)), None),
            Some(Err(fault)) => (None, Some(fault)),
        };
        let part = format!("{}/{}", row.purpose.as_str(), row.version);
        match &fault {
            Some(VaultError::KeyUnavailable { .. }) if !self.missing.contains(&row.kek_id) => {
                self.missing.push(row.kek_id);
            }
            Some(VaultError::KeyUnavailable { .. }) | None => {}
            Some(damage) => self.note_fault(&part, damage.clone()),
        }
        let slot = Slot {
            state: row.state,
            kek_id: row.kek_id,
            dek,
            fault,
        };
        if self
            .slots
            .insert((row.purpose, row.version), slot)
            .is_some()
        {
            let fault = VaultError::damaged(row, "the version stands there twice");
            self.note_fault(part, fault);
        }
    }
}
