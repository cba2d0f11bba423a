//! The ring wrapped by the primary key-encryption key: few rows, in one transaction.

use aiconfig_vault::error::VaultError;
use aiconfig_vault::kek::KekId;
use aiconfig_vault::ring::WrappedDek;

use super::{RingChange, RotationError, readable, ring_name};
use crate::{Application, WriteCall};

/// What a rotation of the key-encryption key came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KekRotation {
    /// The primary, which wraps the whole ring now.
    pub primary: KekId,
    /// The rows that were wrapped anew, such as `keyring/value/1`, and what wrapped them before.
    pub moved: Vec<(String, KekId)>,
    /// How many were wrapped by the primary already.
    pub unchanged: usize,
    /// The revision of the change, if there was one.
    pub revision: Option<u64>,
}

/// The whole ring as it is to be, and what of it moved.
struct Plan {
    change: RingChange,
    rows: Vec<WrappedDek>,
    rotation: KekRotation,
}

impl Application {
    /// Wraps the ring by the primary key-encryption key: all of it or, where a row does not open,
    /// nothing. Run again it changes nothing. With `validate_only` it says what it would do.
    ///
    /// # Errors
    /// [`RotationError::Stopped`] names the row that does not open.
    pub async fn rotate_kek(&self, call: &WriteCall) -> Result<KekRotation, RotationError> {
        if call.validate_only {
            let rows = readable(&self.store.deks().await?)?;
            return Ok(self.plan_kek(&rows)?.rotation);
        }
        let _turn = self.turn().await?;
        let (transaction, live) = self.begin_step().await?;
        let rows = readable(&transaction.deks().await?)?;
        let mut plan = self.plan_kek(&rows)?;
        if plan.rotation.moved.is_empty() {
            transaction.rollback().await?;
            return Ok(plan.rotation);
        }
        plan.change.side.push(self.canary_for(&live, &plan.rows)?);
        let revision = self
            .commit_step(call, transaction, plan.change, "keyring")
            .await?;
        Ok(KekRotation {
            revision: Some(revision),
            ..plan.rotation
        })
    }

    fn plan_kek(&self, rows: &[WrappedDek]) -> Result<Plan, RotationError> {
        let keks = self.keks();
        let primary = keks.primary().ok_or(VaultError::NoPrimary)?.id();
        let deployment = *self.ring().deployment_id();
        let mut plan = Plan {
            change: RingChange::default(),
            rows: Vec::with_capacity(rows.len()),
            rotation: KekRotation {
                primary,
                moved: Vec::new(),
                unchanged: 0,
                revision: None,
            },
        };
        for row in rows {
            // Those that stay are opened too: the canary is to tell of a ring that is whole.
            let rewrapped = row
                .verify(&deployment, &keks)
                .and_then(|()| row.rewrap(&deployment, &keks, self.random.as_ref()));
            let rewrapped = rewrapped.map_err(|cause| RotationError::Stopped {
                subject: ring_name(row),
                cause,
            })?;
            if let Some(moved) = rewrapped {
                plan.change.replace(row, &moved);
                plan.rotation.moved.push((ring_name(row), row.kek_id));
                plan.rows.push(moved);
            } else {
                plan.rotation.unchanged += usize::from(row.state.is_kept());
                plan.rows.push(row.clone());
            }
        }
        Ok(plan)
    }
}
