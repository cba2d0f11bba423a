//! The life of the data key of provider keys: a new one, which seals, and the end of the former one.

use std::collections::BTreeSet;

use aiconfig_vault::ring::{DekState, Purpose, WrappedDek};

use super::envelopes::{PAGE, key_name, under};
use super::plan::Stage;
use super::{RingChange, RotationError, readable};
use crate::{Application, WriteCall};

/// How a rotation of the data key of provider keys is to go.
#[derive(Clone, Copy, Debug)]
pub struct DekOptions {
    /// Only end what an earlier run began.
    pub resume: bool,
    /// Keys that one transaction seals anew; other writers wait for so long.
    pub batch: usize,
}

/// A step of a rotation, as it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DekStep {
    /// An earlier run was broken off; it goes on.
    Resumed {
        /// The data key that seals.
        version: u32,
    },
    /// A new data key is in the ring, and opens.
    Added {
        /// Its version.
        version: u32,
    },
    /// It seals from now on.
    Activated {
        /// Its version.
        version: u32,
    },
    /// So many provider keys were looked at.
    Looked {
        /// How many so far.
        done: u64,
        /// How many there were at the beginning.
        total: u64,
    },
    /// Nothing is sealed with a former data key any more, and it opens nothing more.
    Disabled {
        /// Its version.
        version: u32,
    },
}

/// What a rotation of the data key came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DekRotation {
    /// The data key that seals now; in a dry run the one that would.
    pub version: u32,
    /// Whether that is a new one.
    pub added: bool,
    /// Keys that were sealed anew.
    pub resealed: u64,
    /// Keys that it sealed already.
    pub unchanged: u64,
    /// Former data keys that are disabled now.
    pub disabled: Vec<u32>,
}

pub(super) type Progress<'a> = &'a mut (dyn FnMut(DekStep) + Send);

impl Application {
    /// Adds a data key for provider keys, has it seal, seals every provider key anew, and disables
    /// the former one. A rotation that was broken off goes on where it was. With `validate_only` it
    /// opens every key, says what it would do, and changes nothing.
    ///
    /// # Errors
    /// [`RotationError::Stopped`] names the first key that does not open.
    pub async fn rotate_dek(
        &self,
        call: &WriteCall,
        options: DekOptions,
        progress: Progress<'_>,
    ) -> Result<DekRotation, RotationError> {
        let stage = Stage::of(&readable(&self.store.deks().await?)?)?;
        let total = self.store.count_envelopes().await?;
        if call.validate_only {
            return self.plan_dek(&stage, options, total, progress).await;
        }
        let mut rotation = DekRotation {
            version: stage.active.version,
            ..DekRotation::default()
        };
        if stage.is_open() {
            let pending = stage.pending.as_ref();
            let version = pending.map_or(stage.active.version, |row| row.version);
            progress(DekStep::Resumed { version });
        } else if options.resume {
            rotation.unchanged = total;
            return Ok(rotation);
        } else {
            let version = self.add_dek(call).await?;
            rotation.added = true;
            progress(DekStep::Added { version });
        }
        if let Some(version) = self.activate_dek(call).await? {
            progress(DekStep::Activated { version });
        }
        rotation.version = self.ring().sealing_version()?;
        let batch = options.batch.max(1);
        self.reseal_all(call, batch, total, &mut rotation, progress)
            .await?;
        rotation.disabled = self.disable_former(call).await?;
        for version in &rotation.disabled {
            let version = *version;
            progress(DekStep::Disabled { version });
        }
        Ok(rotation)
    }

    /// Erases a disabled data key for good. Only a backup can open then what it sealed.
    ///
    /// # Errors
    /// [`RotationError::Refused`] unless it is a disabled value key, or destroyed already.
    pub async fn destroy_dek(&self, call: &WriteCall, version: u32) -> Result<bool, RotationError> {
        let _turn = self.turn().await?;
        let (transaction, _) = self.begin_step().await?;
        let rows = readable(&transaction.deks().await?)?;
        let row = rows
            .into_iter()
            .find(|row| row.purpose == Purpose::Value && row.version == version);
        let row = row.ok_or_else(|| {
            RotationError::Refused(format!("the ring has no value key of version {version}"))
        })?;
        let done = row.state == DekState::Destroyed;
        if done || call.validate_only {
            transaction.rollback().await?;
            if !done {
                row.into_state(DekState::Destroyed)?;
            }
            return Ok(!done);
        }
        let mut change = RingChange::default();
        change.replace(&row, &row.clone().into_state(DekState::Destroyed)?);
        self.commit_step(call, transaction, change, "keyring")
            .await?;
        Ok(true)
    }

    /// Puts a new data key into the ring, which opens from now on and seals nothing yet.
    async fn add_dek(&self, call: &WriteCall) -> Result<u32, RotationError> {
        let _turn = self.turn().await?;
        let (transaction, live) = self.begin_step().await?;
        let stage = Stage::of(&readable(&transaction.deks().await?)?)?;
        if let Some(pending) = stage.pending {
            // Another run was faster.
            transaction.rollback().await?;
            return Ok(pending.version);
        }
        let place = (Purpose::Value, stage.highest + 1);
        let deployment = live.ring.deployment_id();
        let new = WrappedDek::generate(deployment, place, &self.keks(), self.random.as_ref())?;
        let mut change = RingChange::default();
        change.add(&new);
        self.commit_step(call, transaction, change, "keyring")
            .await?;
        Ok(new.version)
    }

    /// Has the pending data key seal, if there is one, and the former one open only.
    async fn activate_dek(&self, call: &WriteCall) -> Result<Option<u32>, RotationError> {
        let _turn = self.turn().await?;
        let (transaction, live) = self.begin_step().await?;
        let mut rows = readable(&transaction.deks().await?)?;
        let Some(pending) = Stage::of(&rows)?.pending else {
            transaction.rollback().await?;
            return Ok(None);
        };
        let mut change = RingChange::default();
        for row in rows.iter_mut().filter(|row| row.purpose == Purpose::Value) {
            let next = match row.state {
                DekState::Active => DekState::OpenOnly,
                DekState::Pending => DekState::Active,
                _ => continue,
            };
            let moved = row.clone().into_state(next)?;
            change.replace(row, &moved);
            *row = moved;
        }
        change.side.push(self.canary_for(&live, &rows)?);
        self.commit_step(call, transaction, change, "keyring")
            .await?;
        Ok(Some(pending.version))
    }

    /// Disables the former data keys that seal nothing any more.
    async fn disable_former(&self, call: &WriteCall) -> Result<Vec<u32>, RotationError> {
        let _turn = self.turn().await?;
        let (transaction, _) = self.begin_step().await?;
        let mut used = BTreeSet::new();
        let mut after: Option<(String, u32)> = None;
        loop {
            let place = after
                .as_ref()
                .map(|(name, version)| (name.as_str(), *version));
            let page = transaction.envelopes_page(place, PAGE).await?;
            let Some(last) = page.last() else {
                break;
            };
            after = Some((last.provider.clone(), last.version));
            for row in &page {
                // One whose head cannot be read may be sealed with any of them.
                let version = under(row).map_err(|cause| RotationError::Stopped {
                    subject: key_name(row),
                    cause,
                })?;
                used.insert(version);
            }
        }
        let stage = Stage::of(&readable(&transaction.deks().await?)?)?;
        let mut change = RingChange::default();
        let mut disabled = Vec::new();
        for row in stage
            .former
            .iter()
            .filter(|row| !used.contains(&row.version))
        {
            change.replace(row, &row.clone().into_state(DekState::Disabled)?);
            disabled.push(row.version);
        }
        if disabled.is_empty() {
            transaction.rollback().await?;
        } else {
            self.commit_step(call, transaction, change, "keyring")
                .await?;
        }
        Ok(disabled)
    }
}
