//! Where a rotation of the data key stands, and what it would do.

use aiconfig_vault::ring::{DekState, Purpose, WrappedDek};

use super::RotationError;
use super::dek::{DekOptions, DekRotation, DekStep, Progress};
use super::envelopes::{PAGE, key_name, opens, under};
use crate::Application;

/// The value keys of a ring by their states.
pub(super) struct Stage {
    pub(super) active: WrappedDek,
    pub(super) pending: Option<WrappedDek>,
    pub(super) former: Vec<WrappedDek>,
    pub(super) highest: u32,
}

impl Stage {
    pub(super) fn of(rows: &[WrappedDek]) -> Result<Self, RotationError> {
        let values = || rows.iter().filter(|row| row.purpose == Purpose::Value);
        let in_state = |state| values().filter(move |row| row.state == state).cloned();
        let active = in_state(DekState::Active).next();
        Ok(Self {
            active: active.ok_or_else(|| {
                RotationError::Refused("the ring has no active value key".to_owned())
            })?,
            pending: in_state(DekState::Pending).next(),
            former: in_state(DekState::OpenOnly).collect(),
            highest: values().map(|row| row.version).max().unwrap_or_default(),
        })
    }

    /// Whether a rotation was begun and has not come to its end.
    pub(super) fn is_open(&self) -> bool {
        self.pending.is_some() || !self.former.is_empty()
    }
}

impl Application {
    /// What a rotation would do; every key is opened.
    pub(super) async fn plan_dek(
        &self,
        stage: &Stage,
        options: DekOptions,
        total: u64,
        progress: Progress<'_>,
    ) -> Result<DekRotation, RotationError> {
        let live = self.live.load_full();
        let added = !stage.is_open() && !options.resume;
        let pending = stage.pending.as_ref().map(|row| row.version);
        let version = match pending {
            Some(version) => version,
            None if added => stage.highest + 1,
            None => stage.active.version,
        };
        let mut rotation = DekRotation {
            version,
            added,
            disabled: stage.former.iter().map(|row| row.version).collect(),
            ..DekRotation::default()
        };
        if added || pending.is_some() {
            rotation.disabled.push(stage.active.version);
        }
        let (mut after, mut done) = (None::<(String, u32)>, 0);
        loop {
            let place = after
                .as_ref()
                .map(|(name, version)| (name.as_str(), *version));
            let page = self.store.envelopes_page(place, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(rotation);
            };
            after = Some((last.provider.clone(), last.version));
            for row in &page {
                opens(&live, row).map_err(|cause| RotationError::Stopped {
                    subject: key_name(row),
                    cause,
                })?;
                if under(row)? == version {
                    rotation.unchanged += 1;
                } else {
                    rotation.resealed += 1;
                }
            }
            done += page.len() as u64;
            progress(DekStep::Looked { done, total });
        }
    }
}
