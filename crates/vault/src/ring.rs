//! The keyring: data keys by purpose and version, as far as the loaded
//! key-encryption keys open them.

mod canary;
mod dek;

use std::collections::BTreeMap;
use std::fmt;

pub(crate) use dek::Dek;
pub use dek::{DekState, Purpose, WrappedDek};

use crate::error::VaultError;
use crate::kek::{KekId, KekSet};
use crate::random::RandomSource;

/// Names one installation, so that rows do not open in another one.
pub type DeploymentId = [u8; 16];

/// The version of the first data key of each purpose.
const FIRST_VERSION: u32 = 1;

/// The data keys of one deployment.
///
/// A ring is *degraded* while a key-encryption key is missing: it is still a
/// ring, and only what needs the missing key answers `KeyUnavailable`.
pub struct Keyring {
    deployment_id: DeploymentId,
    slots: BTreeMap<(Purpose, u32), Slot>,
    missing: Vec<KekId>,
}

struct Slot {
    state: DekState,
    kek_id: KekId,
    /// Absent while the key-encryption key is missing, and in a state that
    /// opens nothing.
    dek: Option<Dek>,
}

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
        let ring = Self::open(deployment_id, keks, &rows)?;
        Ok((ring, rows))
    }

    /// Opens the rows of a stored ring.
    ///
    /// A missing key-encryption key degrades the ring. `Damaged` if a loaded
    /// key does not open a row that names it, if a purpose has no active key
    /// or several, or if a version stands there twice.
    pub fn open(
        deployment_id: DeploymentId,
        keks: &KekSet,
        rows: &[WrappedDek],
    ) -> Result<Self, VaultError> {
        let mut ring = Self {
            deployment_id,
            slots: BTreeMap::new(),
            missing: Vec::new(),
        };
        for row in rows {
            ring.take(keks, row)?;
        }
        for purpose in Purpose::ALL {
            let active = ring
                .slots_of(purpose)
                .filter(|(_, slot)| slot.state.seals());
            match active.count() {
                1 => {}
                0 => return Err(VaultError::damaged(purpose.subject(), "no active key")),
                _ => {
                    return Err(VaultError::damaged(
                        purpose.subject(),
                        "several active keys",
                    ));
                }
            }
        }
        Ok(ring)
    }

    fn take(&mut self, keks: &KekSet, row: &WrappedDek) -> Result<(), VaultError> {
        let dek = if row.state.opens() {
            let kek = keks.find(row.kek_id);
            if kek.is_none() && !self.missing.contains(&row.kek_id) {
                self.missing.push(row.kek_id);
            }
            kek.map(|kek| Dek::unwrap(&self.deployment_id, kek, row))
                .transpose()?
        } else {
            None
        };
        let slot = Slot {
            state: row.state,
            kek_id: row.kek_id,
            dek,
        };
        match self.slots.insert((row.purpose, row.version), slot) {
            None => Ok(()),
            Some(_) => Err(VaultError::damaged(row, "the version stands there twice")),
        }
    }

    /// The deployment that the ring belongs to.
    #[must_use]
    pub const fn deployment_id(&self) -> &DeploymentId {
        &self.deployment_id
    }

    /// The key-encryption keys that rows of the ring need and that are not
    /// loaded, each once. Empty unless the ring is degraded.
    #[must_use]
    pub fn missing(&self) -> &[KekId] {
        &self.missing
    }

    /// The same for one purpose.
    #[must_use]
    pub fn missing_for(&self, purpose: Purpose) -> Vec<KekId> {
        let mut ids: Vec<_> = self
            .slots_of(purpose)
            .filter(|(_, slot)| slot.state.opens() && slot.dek.is_none())
            .map(|(_, slot)| slot.kek_id)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Whether new bytes can be made for this purpose: `KeyUnavailable` with
    /// the missing id if its active key is not open.
    pub fn require(&self, purpose: Purpose) -> Result<(), VaultError> {
        self.active(purpose).map(|_| ())
    }

    pub(crate) fn active(&self, purpose: Purpose) -> Result<&Dek, VaultError> {
        self.slots_of(purpose)
            .find(|(_, slot)| slot.state.seals())
            .ok_or_else(|| VaultError::damaged(purpose.subject(), "no active key"))
            .and_then(|(_, slot)| slot.usable())
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
        self.dek.as_ref().ok_or_else(|| VaultError::KeyUnavailable {
            kek_ids: vec![self.kek_id],
        })
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
    use crate::kek::Kek;
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
        Keyring::open([1; 16], &keks, &rows)
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
