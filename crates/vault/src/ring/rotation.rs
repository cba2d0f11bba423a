//! What changes a stored ring: rows wrapped by another key-encryption key, a
//! new data key, and the states that a data key passes through.

use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;

use super::{Dek, DekState, DeploymentId, Purpose, WrappedDek};
use crate::error::VaultError;
use crate::kek::KekSet;
use crate::random::RandomSource;

impl WrappedDek {
    /// A new data key in the state `Pending`, wrapped by the primary and opened
    /// again. `NoPrimary` if there is none.
    pub fn generate(
        deployment_id: &DeploymentId,
        (purpose, version): (Purpose, u32),
        keks: &KekSet,
        random: &dyn RandomSource,
    ) -> Result<Self, VaultError> {
        let kek = keks.primary().ok_or(VaultError::NoPrimary)?;
        let dek = Dek::generate(purpose, version, random);
        let row = dek.wrap(deployment_id, kek, DekState::Pending, random)?;
        row.holds(deployment_id, keks, &dek)?;
        Ok(row)
    }

    /// The same key wrapped by the primary, opened again and compared; `None`
    /// if there is nothing to do. `KeyUnavailable` if the key-encryption key that
    /// wraps it is not loaded, `Damaged` if it does not open.
    pub fn rewrap(
        &self,
        deployment_id: &DeploymentId,
        keks: &KekSet,
        random: &dyn RandomSource,
    ) -> Result<Option<Self>, VaultError> {
        let primary = keks.primary().ok_or(VaultError::NoPrimary)?;
        if self.kek_id == primary.id() || !self.state.is_kept() {
            return Ok(None);
        }
        let dek = self.open(deployment_id, keks)?;
        let row = dek.wrap(deployment_id, primary, self.state, random)?;
        row.holds(deployment_id, keks, &dek)?;
        Ok(Some(row))
    }

    /// Whether the row opens, in whatever state it is; a destroyed one holds
    /// nothing that could.
    pub fn verify(&self, deployment_id: &DeploymentId, keks: &KekSet) -> Result<(), VaultError> {
        if self.state.is_kept() {
            self.open(deployment_id, keks).map(drop)
        } else {
            Ok(())
        }
    }

    /// The same row in the next state of its life; a destroyed one loses its
    /// bytes. `StateOrder` if that state does not follow.
    pub fn into_state(self, next: DekState) -> Result<Self, VaultError> {
        if self.state.next() != Some(next) {
            return Err(VaultError::StateOrder {
                purpose: self.purpose,
                version: self.version,
                from: self.state,
                to: next,
            });
        }
        let wrapped = if next.is_kept() {
            self.wrapped
        } else {
            Vec::new()
        };
        Ok(Self {
            state: next,
            wrapped,
            ..self
        })
    }

    fn open(&self, deployment_id: &DeploymentId, keks: &KekSet) -> Result<Dek, VaultError> {
        let kek = keks
            .find(self.kek_id)
            .ok_or_else(|| VaultError::KeyUnavailable {
                kek_ids: vec![self.kek_id],
            })?;
        Dek::unwrap(deployment_id, kek, self)
    }

    /// Opens the row and compares: what is stored must hold what it is to hold.
    fn holds(
        &self,
        deployment_id: &DeploymentId,
        keks: &KekSet,
        expected: &Dek,
    ) -> Result<(), VaultError> {
        let again = self.open(deployment_id, keks)?;
        let same = again
            .secret()
            .expose_secret()
            .ct_eq(expected.secret().expose_secret());
        if same.into() {
            Ok(())
        } else {
            Err(VaultError::damaged(self, "another key came out of it"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kek::Kek;
    use crate::random::SeededRandom;

    const DEPLOYMENT: DeploymentId = [1; 16];

    fn kek(seed: u64) -> Kek {
        Kek::generate(&SeededRandom::new(seed))
    }

    fn row() -> WrappedDek {
        let keks = KekSet::new(kek(1), Vec::new());
        let place = (Purpose::Value, 3);
        WrappedDek::generate(&DEPLOYMENT, place, &keks, &SeededRandom::new(9)).unwrap()
    }

    #[test]
    fn a_rewrapped_row_holds_the_same_key() {
        let row = row();
        let both = KekSet::new(kek(2), vec![kek(1)]);
        let random = SeededRandom::new(10);
        let moved = row.rewrap(&DEPLOYMENT, &both, &random).unwrap().unwrap();
        assert_eq!(
            (moved.purpose, moved.version, moved.state, moved.kek_id),
            (Purpose::Value, 3, DekState::Pending, kek(2).id())
        );
        let open = |row: &WrappedDek, keks: &KekSet| {
            let dek = row.open(&DEPLOYMENT, keks)?;
            Ok::<_, VaultError>(*dek.secret().expose_secret())
        };
        let new = KekSet::new(kek(2), Vec::new());
        assert_eq!(open(&moved, &new), open(&row, &both));
        assert!(open(&row, &new).is_err());
        assert_eq!(moved.rewrap(&DEPLOYMENT, &both, &random), Ok(None));
        assert_eq!(moved.verify(&DEPLOYMENT, &new), Ok(()));
    }

    #[test]
    fn a_row_that_does_not_open_is_not_rewrapped() {
        let random = SeededRandom::new(10);
        let without = KekSet::new(kek(2), Vec::new());
        let missing = VaultError::KeyUnavailable {
            kek_ids: vec![kek(1).id()],
        };
        assert_eq!(row().rewrap(&DEPLOYMENT, &without, &random), Err(missing));
        let mut damaged = row();
        damaged.wrapped[200] ^= 1;
        let both = KekSet::new(kek(2), vec![kek(1)]);
        let refused = damaged.rewrap(&DEPLOYMENT, &both, &random).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "stored data is damaged: ring row value 3: \
             the envelope was changed or belongs to another row"
        );
        assert!(damaged.verify(&DEPLOYMENT, &both).is_err());
        let none = row().rewrap(&DEPLOYMENT, &KekSet::default(), &random);
        assert_eq!(none, Err(VaultError::NoPrimary));
    }

    #[test]
    fn a_data_key_passes_through_its_states_in_order() {
        use DekState::{Active, Destroyed, Disabled, OpenOnly, Pending};
        let life = [Pending, Active, OpenOnly, Disabled, Destroyed];
        for (at, from) in life.into_iter().enumerate() {
            for (to_at, to) in life.into_iter().enumerate() {
                let moved = WrappedDek {
                    state: from,
                    ..row()
                }
                .into_state(to);
                assert_eq!(moved.is_ok(), to_at == at + 1, "{from:?} {to:?}");
                if let Ok(moved) = moved {
                    assert_eq!(moved.state, to);
                    assert_eq!(moved.wrapped.is_empty(), to == Destroyed);
                }
            }
        }
        let refused = row().into_state(Destroyed).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the value key of version 3 is pending and cannot become destroyed"
        );
    }
}
