//! Rotation of keys while servers run: the ring wrapped by another key-encryption key, and provider
//! keys sealed by another data key.
//!
//! Each step is one transaction of its own, so that a kill leaves a state from which the same
//! command goes on. Nothing is replaced before what takes its place was opened and compared.

mod dek;
mod envelopes;
mod kek;
mod plan;
mod status;

use std::sync::Arc;

use aiconfig_domain::{Change, CommandContext, Resource, RingKey, Timestamp};
use aiconfig_persistence::{DekRow, SideEffect, StoreError, StoredAnswerRow, WriteTransaction};
use aiconfig_vault::error::VaultError;
use aiconfig_vault::ring::{Keyring, WrappedDek};

pub use dek::{DekOptions, DekRotation, DekStep};
pub use kek::KekRotation;
pub use status::{KekStatus, KekUse, RingStatus, VaultStatus};

use crate::write::{advance, scope};
use crate::{AppError, Application, Live, WriteCall, keyring};

/// Why a rotation did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// Something sealed does not open. It was left as it is, and nothing after it was touched.
    #[error("stopped at {subject}: {cause}; it was left as it is")]
    Stopped {
        /// Such as `providers/openai/keys/2` or `keyring/value/1`.
        subject: String,
        /// Why it does not open.
        cause: VaultError,
    },
    /// What was asked for cannot be done in the present state.
    #[error("{0}")]
    Refused(String),
    /// The database or the keyring is in the way.
    #[error(transparent)]
    Failed(#[from] AppError),
}

impl From<StoreError> for RotationError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<VaultError> for RotationError {
    fn from(error: VaultError) -> Self {
        Self::Failed(error.into())
    }
}

/// The rows of a stored ring; the first that cannot be read stops a rotation.
fn readable(rows: &[DekRow]) -> Result<Vec<WrappedDek>, RotationError> {
    let read = |row| {
        keyring::wrapped(row).map_err(|cause| RotationError::Stopped {
            subject: format!("keyring/{}/{}", row.purpose, row.version),
            cause,
        })
    };
    rows.iter().map(read).collect()
}

fn ring_name(row: &WrappedDek) -> String {
    format!("keyring/{}/{}", row.purpose.as_str(), row.version)
}

/// The notice of a row of the ring as it is from now on.
fn notice(row: &WrappedDek) -> Resource {
    Resource::RingKey(RingKey {
        purpose: row.purpose.as_str().into(),
        version: row.version,
        state: row.state.as_str().into(),
        kek_id: row.kek_id.to_string().into(),
    })
}

/// Changes of the ring on their way into one transaction.
#[derive(Default)]
struct RingChange {
    notices: Vec<Resource>,
    side: Vec<SideEffect>,
}

impl RingChange {
    fn add(&mut self, row: &WrappedDek) {
        self.notices.push(notice(row));
        self.side.push(SideEffect::AddDek(keyring::row(row)));
    }

    fn replace(&mut self, from: &WrappedDek, to: &WrappedDek) {
        self.notices.push(notice(to));
        self.side.push(SideEffect::ReplaceDek {
            from: keyring::row(from),
            to: keyring::row(to),
        });
    }
}

impl Application {
    /// The ring of these rows as it would be opened at the next start, and its canary.
    fn canary_for(&self, live: &Live, rows: &[WrappedDek]) -> Result<SideEffect, RotationError> {
        let keks = self.keks();
        let ring = Keyring::open(*live.ring.deployment_id(), &keks, rows);
        ring.require(aiconfig_vault::ring::Purpose::Value)?;
        let canary = keyring::canary(&ring, self.random.as_ref())?;
        Ok(SideEffect::SetCanary(canary))
    }

    /// Commits a step of a rotation as a revision with its audit record, and takes it up.
    async fn commit_step(
        &self,
        call: &WriteCall,
        transaction: WriteTransaction,
        change: RingChange,
        subject: &str,
    ) -> Result<u64, AppError> {
        let RingChange { notices, side } = change;
        // Each step can be looked up by an id of its own.
        let call = &WriteCall {
            trace_id: self.new_trace_id(),
            ..call.clone()
        };
        let live = self.live.load_full();
        let last = Timestamp::from_micros(transaction.head().log_time_us);
        let context = CommandContext {
            now: Timestamp::next_log_time(self.now(), last),
            actor: call.caller.name(),
        };
        let keys: Vec<(String, u32)> = notices
            .iter()
            .filter_map(|notice| match notice {
                Resource::KeySeal(seal) => Some((seal.provider.to_string(), seal.version)),
                _ => None,
            })
            .collect();
        let changes: Vec<Change> = notices.into_iter().map(Change::Put).collect();
        let (snapshot, records) = advance(&live.snapshot, &changes, &context);
        let revision = snapshot.revision();
        let stored = StoredAnswerRow {
            scope: scope(call),
            body_mac: live.ring.body_mac(&call.body)?.to_vec(),
            answer: Vec::new(),
            revision: Some(revision),
            time_us: context.now.as_micros(),
        };
        let head = transaction.head();
        let commit = self.commit_of(call, head, &live, &records, side, Some(stored), subject)?;
        self.commit(call, transaction, commit).await?;
        let rows = self.store.sealed(Some(&keys)).await?;
        let mut next = Live {
            snapshot,
            ..Live::clone(&live)
        };
        next.take_sealed(&rows, &self.keks());
        self.publish(next);
        Ok(revision)
    }

    /// Opens a write on the newest state, whose ring is the one that is stored.
    async fn begin_step(&self) -> Result<(WriteTransaction, Arc<Live>), AppError> {
        let transaction = self.begin().await?;
        Ok((transaction, self.live.load_full()))
    }
}
