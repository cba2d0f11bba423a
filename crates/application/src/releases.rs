//! Counts of released keys: the first in an hour is recorded soon, then the hour's sum.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aiconfig_domain::{ProviderName, Timestamp};
use aiconfig_persistence::AuditEntry;

use crate::Caller;

const HOUR_US: i64 = 3_600_000_000;

/// Whose releases of which key version in which hour since the epoch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Slot {
    token: Arc<str>,
    provider: ProviderName,
    version: u32,
    hour: i64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    releases: u64,
    /// How many of them stand in the audit.
    recorded: u64,
}

/// The counts of the hours that are not yet all recorded.
#[derive(Default)]
pub(crate) struct Releases(Mutex<HashMap<Slot, Count>>);

impl Releases {
    /// Counts a release. It waits for nothing.
    pub(crate) fn count(
        &self,
        caller: &Caller,
        provider: &ProviderName,
        version: u32,
        now: Timestamp,
    ) {
        let slot = Slot {
            token: Arc::clone(&caller.token_id),
            provider: provider.clone(),
            version,
            hour: now.as_micros().div_euclid(HOUR_US),
        };
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.entry(slot).or_default().releases += 1;
    }

    /// What is due to be recorded: the first releases of an hour, and the rest of hours that
    /// ended.
    pub(crate) fn due(&self, now: Timestamp) -> Vec<AuditEntry> {
        let hour = now.as_micros().div_euclid(HOUR_US);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut due = Vec::new();
        counts.retain(|slot, count| {
            let ended = slot.hour != hour;
            if count.recorded == 0 || (ended && count.releases > count.recorded) {
                due.push(entry(slot, *count, now));
                count.recorded = count.releases;
            }
            !ended
        });
        due
    }
}

fn entry(slot: &Slot, count: Count, now: Timestamp) -> AuditEntry {
    let Slot {
        token,
        provider,
        version,
        hour,
    } = slot;
    let facts = serde_json::json!({
        "hour": Timestamp::from_micros(hour * HOUR_US).to_rfc3339(),
        "releases": (count.releases - count.recorded).to_string(),
    });
    AuditEntry {
        time_us: now.as_micros(),
        actor: format!("token:{token}"),
        token_id: token.to_string(),
        rpc: "ModelConfigService/GetModelConfig".to_owned(),
        resource: format!("providers/{provider}/keys/{version}"),
        outcome: "released".to_owned(),
        after: Some(facts.to_string()),
        ..AuditEntry::default()
    }
}
