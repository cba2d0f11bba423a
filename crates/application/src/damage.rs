//! Damage in the vault: counted, logged and audited, once for as long as it is there.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use aiconfig_persistence::AuditEntry;

use crate::{Application, Live};

/// What is damaged, as this server knows it.
#[derive(Default)]
pub(crate) struct Damage {
    /// Resources, and why they do not open: one may have several reasons.
    present: Mutex<BTreeSet<(String, String)>>,
    found: AtomicU64,
}

impl Damage {
    /// Takes up what is damaged now; answers with what was not before.
    fn update(&self, now: BTreeSet<(String, String)>) -> Vec<(String, String)> {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        let new: Vec<_> = now.difference(&present).cloned().collect();
        *present = now;
        let count = u64::try_from(new.len()).unwrap_or(u64::MAX);
        self.found.fetch_add(count, Ordering::Relaxed);
        new
    }
}

impl Application {
    /// How often this server has found something damaged in the vault since its start.
    #[must_use]
    pub fn damage_found(&self) -> u64 {
        self.damage.found.load(Ordering::Relaxed)
    }

    /// Counts, logs and audits what is damaged in a state and was not before.
    pub(crate) fn note_damage(&self, live: &Live) {
        for (resource, why) in self.damage.update(live.damaged().collect()) {
            tracing::error!(%resource, %why, "sealed data is damaged");
            self.refusals.note_entry(AuditEntry {
                time_us: self.now().as_micros(),
                actor: "system".to_owned(),
                rpc: "vault".to_owned(),
                resource,
                outcome: "damaged".to_owned(),
                after: Some(serde_json::json!({ "fault": why }).to_string()),
                ..AuditEntry::default()
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[(&str, &str)]) -> BTreeSet<(String, String)> {
        let owned = |(name, why): &(&str, &str)| ((*name).to_owned(), (*why).to_owned());
        names.iter().map(owned).collect()
    }

    #[test]
    fn the_same_damage_is_told_once_until_it_is_gone() {
        let damage = Damage::default();
        let one = [("keys/1", "the tag")];
        let both = [("keys/1", "the tag"), ("keys/2", "the head")];
        assert_eq!(damage.update(found(&one)).len(), 1);
        assert!(damage.update(found(&one)).is_empty());
        let new = damage.update(found(&both));
        assert_eq!(new, [("keys/2".to_owned(), "the head".to_owned())]);
        assert!(damage.update(found(&[])).is_empty());
        assert_eq!(damage.update(found(&both)).len(), 2);
        assert_eq!(damage.update(found(&[("keys/1", "another")])).len(), 1);
        let two_reasons = [("keys/1", "another"), ("keys/1", "the tag")];
        assert_eq!(damage.update(found(&two_reasons)).len(), 1);
        assert_eq!(damage.found.load(Ordering::Relaxed), 6);
    }
}
