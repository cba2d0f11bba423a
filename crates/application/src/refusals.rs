//! Refused attempts on their way into the audit: capped per caller and minute, written later.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aiconfig_domain::Timestamp;
use aiconfig_persistence::{AuditEntry, StoreError};
use aiconfig_vault::ring::Purpose;

use crate::{AppError, Application, Caller, audit};

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
    /// Those of which it is not known whether they were written.
    unsettled: Option<Unsettled>,
    /// By caller: the minute, and how many there were in it.
    counts: HashMap<Arc<str>, (i64, u32)>,
}

/// Entries whose commit had no answer, and the last of their records.
struct Unsettled {
    entries: Vec<AuditEntry>,
    sequence: u64,
    hash: Vec<u8>,
}

/// A refused attempt.
#[derive(Clone, Copy)]
pub struct Refusal<'a> {
    /// Who called.
    pub caller: &'a Caller,
    /// What was called, such as `AccountService/UpsertAccount`.
    pub rpc: &'a str,
    /// The caller's id of the request, else that of the call in the logs.
    pub request_id: &'a str,
    /// The reason that was answered, such as `PLAN_FORBIDS_OVERRIDES`.
    pub error_reason: &'a str,
    /// What it was about, if that is known.
    pub resource: &'a str,
    /// Why it was tried, in the caller's words.
    pub reason: &'a str,
}

impl Refusals {
    fn note(&self, refusal: &Refusal<'_>, now: Timestamp) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.as_micros().div_euclid(MINUTE_US);
        waiting.counts.retain(|_, (at, _)| *at == minute);
        let count = waiting
            .counts
            .entry(refusal.caller.token_id.clone())
            .or_insert((minute, 0));
        count.1 += 1;
        if count.1 > PER_MINUTE || waiting.entries.len() >= WAITING {
            return;
        }
        let Refusal {
            caller,
            rpc,
            request_id,
            error_reason,
            resource,
            reason,
        } = refusal;
        let after = serde_json::json!({ "error_reason": error_reason }).to_string();
        waiting.entries.push(AuditEntry {
            time_us: now.as_micros(),
            after: Some(after),
            request_id: (*request_id).to_owned(),
            rpc: (*rpc).to_owned(),
            resource: (*resource).to_owned(),
            outcome: "refused".to_owned(),
            reason: (*reason).to_owned(),
            ..audit::who(caller)
        });
    }

    /// Has an entry wait to be written.
    pub(crate) fn note_entry(&self, entry: AuditEntry) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.entries.len() < WAITING {
            waiting.entries.push(entry);
        }
    }

    fn is_empty(&self) -> bool {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.entries.is_empty() && waiting.unsettled.is_none()
    }

    fn take_unsettled(&self) -> Option<Unsettled> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.unsettled.take()
    }

    fn unsettled(&self, unsettled: Unsettled) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.unsettled = Some(unsettled);
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
    /// Notes a refused attempt for the audit: at most 60 of a caller a minute, written later.
    pub fn note_refusal(&self, refusal: &Refusal<'_>) {
        self.refusals.note(refusal, self.now());
    }

    /// Writes the refusals that wait, and the releases that are due, into the audit. A kill loses
    /// what still waits.
    ///
    /// # Errors
    /// As the store's, or the audit key is missing; what could not be written waits on.
    pub async fn flush_audit(&self) -> Result<(), AppError> {
        self.flush(false).await
    }

    /// As [`Application::flush_audit`], with all releases: for a server that stops.
    ///
    /// # Errors
    /// As [`Application::flush_audit`].
    pub async fn finish_audit(&self) -> Result<(), AppError> {
        self.flush(true).await
    }

    async fn flush(&self, all: bool) -> Result<(), AppError> {
        // Without its key the chain cannot be continued, and it is never broken instead.
        let ring = self.ring();
        if let Err(error) = ring.require(Purpose::Audit) {
            let waits = !self.refusals.is_empty();
            return if waits { Err(error.into()) } else { Ok(()) };
        }
        self.settle().await?;
        let mut entries = self.refusals.take();
        entries.extend(self.releases.due(self.now(), all));
        if entries.is_empty() {
            return Ok(());
        }
        let mut failed = None;
        let mut last = (0, Vec::new());
        let written = self
            .store
            .append_audit(entries.clone(), |prev, sequence, entry| {
                let hash = audit::hash(&ring, prev, sequence, entry).unwrap_or_else(|error| {
                    failed.get_or_insert(error);
                    Vec::new()
                });
                last = (sequence, hash.clone());
                hash
            })
            .await;
        match (written, failed) {
            (Ok(_), None) => Ok(()),
            (Ok(_), Some(error)) => Err(error.into()),
            (Err(error @ StoreError::OutcomeUnknown { .. }), _) => {
                let (sequence, hash) = last;
                self.refusals.unsettled(Unsettled {
                    entries,
                    sequence,
                    hash,
                });
                Err(error.into())
            }
            (Err(error), _) => {
                self.refusals.put_back(entries);
                Err(error.into())
            }
        }
    }

    /// Finds out whether entries were written whose commit had no answer, so that none is written
    /// twice.
    async fn settle(&self) -> Result<(), AppError> {
        let Some(unsettled) = self.refusals.take_unsettled() else {
            return Ok(());
        };
        let Unsettled { sequence, hash, .. } = &unsettled;
        match self.store.audit_holds(*sequence, hash).await {
            Ok(true) => Ok(()),
            Ok(false) => {
                self.refusals.put_back(unsettled.entries);
                Ok(())
            }
            Err(error) => {
                self.refusals.unsettled(unsettled);
                Err(error.into())
            }
        }
    }
}
