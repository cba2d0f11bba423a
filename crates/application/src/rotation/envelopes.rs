//! Provider keys sealed by another data key, page by page.

use aiconfig_domain::{KeySeal, ProviderName, Resource};
use aiconfig_persistence::{EnvelopeRow, ResealedRow, SideEffect};
use aiconfig_vault::error::VaultError;
use aiconfig_vault::key::{KeyContext, SealedKey, sealed_under};

use super::dek::{DekRotation, DekStep, Progress};
use super::{RingChange, RotationError};
use crate::{Application, Live, WriteCall};

/// Envelopes that one look reads.
pub(super) const PAGE: u64 = 500;

impl Application {
    /// Looks at every provider key, and seals anew what another data key seals.
    pub(super) async fn reseal_all(
        &self,
        call: &WriteCall,
        batch: usize,
        total: u64,
        rotation: &mut DekRotation,
        progress: Progress<'_>,
    ) -> Result<(), RotationError> {
        let mut after: Option<(String, u32)> = None;
        let mut done = 0;
        loop {
            let place = after
                .as_ref()
                .map(|(name, version)| (name.as_str(), *version));
            let page = self.store.envelopes_page(place, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some((last.provider.clone(), last.version));
            for rows in page.chunks(batch) {
                let stale = stale(rows, rotation.version);
                let resealed = if stale.is_empty() {
                    0
                } else {
                    self.reseal(call, &stale).await?
                };
                rotation.resealed += resealed;
                rotation.unchanged += rows.len() as u64 - resealed;
                done += rows.len() as u64;
                progress(DekStep::Looked { done, total });
            }
        }
    }

    /// Seals the named keys anew in one transaction. One that does not open stops it, after those
    /// before it were committed.
    async fn reseal(&self, call: &WriteCall, keys: &[(String, u32)]) -> Result<u64, RotationError> {
        let _turn = self.turn().await?;
        let (transaction, live) = self.begin_step().await?;
        let mut rows = transaction.envelopes_for(keys).await?;
        rows.sort_unstable_by(|one, two| {
            (&one.provider, one.version).cmp(&(&two.provider, two.version))
        });
        let version = live.ring.sealing_version()?;
        let mut change = RingChange::default();
        let mut stopped = None;
        for row in &rows {
            match self.resealed(&live, row) {
                Ok(None) => {}
                Ok(Some((provider, side))) => {
                    change.side.push(SideEffect::Reseal(side));
                    change.notices.push(Resource::KeySeal(KeySeal {
                        provider,
                        version: row.version,
                        data_key: version,
                    }));
                }
                Err(cause) => {
                    let subject = key_name(row);
                    stopped = Some(RotationError::Stopped { subject, cause });
                    break;
                }
            }
        }
        let count = change.notices.len() as u64;
        if count == 0 {
            transaction.rollback().await?;
        } else {
            self.commit_step(call, transaction, change, &format!("{count} keys"))
                .await?;
        }
        stopped.map_or(Ok(count), Err)
    }

    fn resealed(
        &self,
        live: &Live,
        row: &EnvelopeRow,
    ) -> Result<Option<(ProviderName, ResealedRow)>, VaultError> {
        // Destroyed in the meantime.
        let Some(envelope) = &row.envelope else {
            return Ok(None);
        };
        let (provider, origin) = place_of(live, row)?;
        let context = context(row, &origin);
        let sealed = live
            .ring
            .reseal_key(&context, envelope, self.random.as_ref())?;
        Ok(sealed.map(|to| {
            let side = ResealedRow {
                provider: row.provider.clone(),
                version: row.version,
                from: envelope.clone(),
                to,
            };
            (provider, side)
        }))
    }
}

/// The keys of a page that another data key than `version` seals, or that cannot be read.
fn stale(rows: &[EnvelopeRow], version: u32) -> Vec<(String, u32)> {
    let stale = rows.iter().filter(|row| under(row) != Ok(version));
    stale
        .map(|row| (row.provider.clone(), row.version))
        .collect()
}

/// The data key that an envelope names.
pub(super) fn under(row: &EnvelopeRow) -> Result<u32, VaultError> {
    let envelope = row.envelope.as_deref().unwrap_or_default();
    sealed_under(&context(row, ""), envelope)
}

/// Whether an envelope opens in its place.
pub(super) fn opens(live: &Live, row: &EnvelopeRow) -> Result<(), VaultError> {
    let (_, origin) = place_of(live, row)?;
    let envelope = row.envelope.as_deref().unwrap_or_default();
    SealedKey::prepare(&live.ring, &context(row, &origin), envelope)?
        .open()
        .map(drop)
}

fn context<'a>(row: &'a EnvelopeRow, origin: &'a str) -> KeyContext<'a> {
    KeyContext {
        provider: &row.provider,
        version: row.version,
        origin,
    }
}

/// The provider of a sealed key and the origin that it is bound to.
fn place_of(live: &Live, row: &EnvelopeRow) -> Result<(ProviderName, String), VaultError> {
    let found = ProviderName::parse(&row.provider).and_then(|provider| {
        let key = live.snapshot.provider_key(&provider, row.version)?;
        Some((provider, key.value.origin.clone()))
    });
    found.ok_or_else(|| VaultError::Damaged {
        what: "a sealed key that no record names".to_owned(),
    })
}

pub(super) fn key_name(row: &EnvelopeRow) -> String {
    format!("providers/{}/keys/{}", row.provider, row.version)
}
