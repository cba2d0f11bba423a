//! The keyring: data keys by purpose and version, as far as the loaded
//! key-encryption keys open them.

mod canary;
mod dek;
mod open;
mod rotation;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

pub(crate) use dek::Dek;
pub use dek::{DekState, Purpose, WrappedDek};

use crate::error::VaultError;
use crate::kek::KekId;

/// Names one installation, so that rows do not open in another one.
pub type DeploymentId = [u8; 16];

/// The data keys of one deployment.
///
/// A ring is *degraded* while a key-encryption key is missing or a row is
/// damaged: it is still a ring, and only what needs the key answers why not.
pub struct Keyring {
    deployment_id: DeploymentId,
    slots: BTreeMap<(Purpose, u32), Slot>,
    missing: Vec<KekId>,
    faults: Vec<RingFault>,
}

/// Something of a ring that is damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingFault {
    /// What it is, such as `keyring/audit/1` or `keyring/canary`.
    pub resource: String,
    /// Why it does not open.
    pub error: VaultError,
}

struct Slot {
    state: DekState,
    kek_id: KekId,
    /// Absent where the row does not open, and in a state that opens nothing.
    dek: Option<Arc<Dek>>,
    /// Why the stored row does not open. The key itself may still be there, from
    /// a ring that was opened before: it opens, but seals nothing more, because
    /// nobody might open that after a restart.
    fault: Option<VaultError>,
}

/// What may be shown of a row of the ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingRow<'a> {
    /// What the key is for.
    pub purpose: Purpose,
    /// Its version in the purpose.
    pub version: u32,
    /// Where it stands in its life.
    pub state: DekState,
    /// The key-encryption key that wraps it.
    pub kek_id: KekId,
    /// Why it does not open, where it should.
    pub fault: Option<&'a VaultError>,
}

impl Keyring {
    /// The deployment that the ring belongs to.
    #[must_use]
    pub const fn deployment_id(&self) -> &DeploymentId {
        &self.deployment_id
    }

    /// The key-encryption keys that rows of the ring need and that are not
    /// loaded, each once.
    #[must_use]
    pub fn missing(&self) -> &[KekId] {
        &self.missing
    }

    /// What is damaged in the ring, each by its own name.
    #[must_use]
    pub fn faults(&self) -> &[RingFault] {
        &self.faults
    }

    /// Notes that a part of the ring, such as `audit/1` or `canary`, cannot be read or does not
    /// open. What fails for a reason that is known already, as a canary under a damaged row, is
    /// not damaged itself.
    pub fn note_fault(&mut self, part: impl fmt::Display, error: VaultError) {
        if self.faults.iter().all(|known| known.error != error) {
            let resource = format!("keyring/{part}");
            self.faults.push(RingFault { resource, error });
        }
    }

    /// Whether every row opens: `KeyUnavailable` with all missing ids, or the
    /// first damage.
    pub fn check(&self) -> Result<(), VaultError> {
        match self.faults.first() {
            Some(fault) => Err(fault.error.clone()),
            None if self.missing.is_empty() => Ok(()),
            None => Err(VaultError::KeyUnavailable {
                kek_ids: self.missing.clone(),
            }),
        }
    }

    /// The rows, by purpose and version.
    pub fn rows(&self) -> impl Iterator<Item = RingRow<'_>> {
        self.slots.iter().map(|((purpose, version), slot)| RingRow {
            purpose: *purpose,
            version: *version,
            state: slot.state,
            kek_id: slot.kek_id,
            fault: slot.fault.as_ref(),
        })
    }

    /// Whether new bytes can be made for this purpose: `KeyUnavailable` with
    /// the missing id, or `Damaged`, if the row of its active key does not open.
    pub fn require(&self, purpose: Purpose) -> Result<(), VaultError> {
        self.active(purpose).map(|_| ())
    }

    pub(crate) fn active(&self, purpose: Purpose) -> Result<&Dek, VaultError> {
        let slot = self.active_slot(purpose)?;
        match &slot.fault {
            Some(fault) => Err(fault.clone()),
            None => slot.usable(),
        }
    }

    fn active_slot(&self, purpose: Purpose) -> Result<&Slot, VaultError> {
        let mut active = self
            .slots_of(purpose)
            .filter(|(_, slot)| slot.state.seals())
            .map(|(_, slot)| slot);
        match (active.next(), active.next()) {
            (Some(slot), None) => Ok(slot),
            (None, _) => Err(VaultError::damaged(purpose.subject(), "no active key")),
            (Some(_), Some(_)) => Err(VaultError::damaged(
                purpose.subject(),
                "several active keys",
            )),
        }
    }

    pub(crate) fn version(&self, purpose: Purpose, version: u32) -> Result<&Dek, VaultError> {
        let slot = self
            .slots
            .get(&(purpose, version))
            .ok_or(VaultError::UnknownVersion { purpose, version })?;
        if !slot.state.opens() {
            return Err(VaultError::KeyDisabled { purpose, version });
        }
        slot.usable()
    }

    fn slots_of(&self, purpose: Purpose) -> impl Iterator<Item = (u32, &Slot)> {
        self.slots
            .range((purpose, u32::MIN)..=(purpose, u32::MAX))
            .map(|((_, version), slot)| (*version, slot))
    }
}

impl Slot {
    fn usable(&self) -> Result<&Dek, VaultError> {
        match (&self.dek, &self.fault) {
            (Some(dek), _) => Ok(dek),
            (None, Some(fault)) => Err(fault.clone()),
            (None, None) => Err(VaultError::KeyUnavailable {
                kek_ids: vec![self.kek_id],
            }),
        }
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("missing", &self.missing)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kek::{Kek, KekSet};
    use crate::random::SeededRandom;

    /// A ring whose value key of version 1 is in `former`, beside one
    /// of version 2 in `second`.
    fn rotated(former: DekState, second: DekState) -> Result<Keyring, VaultError> {
        let keks = KekSet::new(Kek::generate(&SeededRandom::new(1)), Vec::new());
        let random = SeededRandom::new(2);
        let (ring, mut rows) = Keyring::create([1; 16], &keks, &random)?;
        rows[0].state = former;
        if former == DekState::Destroyed {
            rows[0].wrapped.clear();
        }
        let kek = keks.primary().ok_or(VaultError::NoPrimary)?;
        let next = Dek::generate(Purpose::Value, 2, &random);
        rows.push(next.wrap(ring.deployment_id(), kek, second, &random)?);
        let ring = Keyring::open([1; 16], &keks, &rows);
        ring.check().map(|()| ring)
    }

    fn check(former: DekState, opens: bool) {
        let ring = rotated(former, DekState::Active).unwrap();
        assert_eq!(ring.active(Purpose::Value).unwrap().version(), 2);
        assert_eq!(ring.version(Purpose::Value, 2).unwrap().version(), 2);
        let found = ring.version(Purpose::Value, 1).map(Dek::version);
        let disabled = VaultError::KeyDisabled {
            purpose: Purpose::Value,
            version: 1,
        };
        assert_eq!(found, if opens { Ok(1) } else { Err(disabled) });
        assert!(ring.missing().is_empty());
    }

    #[test]
    fn the_state_of_a_former_key_decides_whether_it_opens() {
        check(DekState::Pending, true);
        check(DekState::OpenOnly, true);
        check(DekState::Disabled, false);
        check(DekState::Destroyed, false);
    }

    #[test]
    fn exactly_one_key_of_a_purpose_is_active() {
        let texts = [
            (DekState::Active, DekState::Active, "several active keys"),
            (DekState::OpenOnly, DekState::Pending, "no active key"),
        ];
        for (former, second, expected) in texts {
            let refused = rotated(former, second).unwrap_err().to_string();
            assert_eq!(
                refused,
                format!("stored data is damaged: ring, purpose value: {expected}")
            );
        }
    }
}
