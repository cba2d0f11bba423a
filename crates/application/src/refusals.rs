//! Refused attempts on their way into the audit: capped per caller and minute, written later.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aiconfig_domain::{Rejection, Timestamp};
use aiconfig_persistence::AuditEntry;

use crate::{AppError, Application, WriteCall, audit};

/// Refusals of one caller that are recorded in one minute; more are only counted.
const PER_MINUTE: u32 = 60;
/// Refusals that wait to be written; with the database away, more are only counted.
const WAITING: usize = 10_000;
const MINUTE_US: i64 = 60_000_000;

/// The refusals that wait.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    entries: Vec<AuditEntry>,
    /// By caller: the minute, and how many there were in it.
    counts: HashMap<String, (i64, u32)>,
}

impl Refusals {
    /// Takes one up.
    pub(crate) fn note(&self, call: &WriteCall, rejection: &Rejection, now: Timestamp) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.as_micros().div_euclid(MINUTE_US);
        waiting.counts.retain(|_, (at, _)| *at == minute);
        let count = waiting
            .counts
            .entry(call.caller.token_id.to_string())
            .or_insert((minute, 0));
        count.1 += 1;
        if count.1 > PER_MINUTE || waiting.entries.len() >= WAITING {
            return;
        }
        let resource = rejection
            .resource
            .as_ref()
            .map(|(kind, name)| format!("{kind}/{name}"))
            .unwrap_or_default();
        let after =
            serde_json::json!({ "error_reason": format!("{:?}", rejection.reason) }).to_string();
        waiting.entries.push(AuditEntry {
            time_us: now.as_micros(),
            after: Some(after),
            ..audit::entry(call, &resource, "refused")
        });
    }

    fn take(&self) -> Vec<AuditEntry> {
        std::mem::take(
            &mut self
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .entries,
        )
    }

    fn put_back(&self, mut entries: Vec<AuditEntry>) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.append(&mut waiting.entries);
        entries.truncate(WAITING);
        waiting.entries = entries;
    }
}

impl Application {
    /// Writes the refusals and releases that wait into the audit. A kill loses what still waits.
    ///
    /// # Errors
    /// As the store's; what could not be written waits on.
    pub async fn flush_audit(&self) -> Result<(), AppError> {
        let mut entries = self.refusals.take();
        entries.extend(self.releases.due(self.now()));
        if entries.is_empty() {
            return Ok(());
        }
        let mut failed = None;
        let written = self
            .store
            .append_audit(entries.clone(), |prev, sequence, entry| {
                audit::hash(&self.ring, prev, sequence, entry).unwrap_or_else(|error| {
                    failed.get_or_insert(error);
                    Vec::new()
                })
            })
            .await;
        match (written, failed) {
            (Ok(_), None) => Ok(()),
            (Ok(_), Some(error)) => Err(error.into()),
            (Err(error), _) => {
                self.refusals.put_back(entries);
                Err(error.into())
            }
        }
    }
}
