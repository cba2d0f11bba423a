//! Counts of released keys: the first in an hour is recorded soon, then what came to it, each
//! minute and at the hour's end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aiconfig_domain::{ProviderName, Timestamp};
use aiconfig_persistence::AuditEntry;

use crate::Caller;

const HOUR_US: i64 = 3_600_000_000;
/// How long a count may wait to be recorded: a kill loses no more than that.
const WAITS_US: i64 = 60_000_000;

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
    /// How many of them stand in the audit, and since when.
    recorded: u64,
    recorded_us: i64,
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

    /// What is due to be recorded: the first releases of an hour, those of a minute and more ago,
    /// and the rest of hours that ended. With `all`, every one.
    pub(crate) fn due(&self, now: Timestamp, all: bool) -> Vec<AuditEntry> {
        let hour = now.as_micros().div_euclid(HOUR_US);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut due = Vec::new();
        counts.retain(|slot, count| {
            let ended = slot.hour != hour;
            // An absolute difference: the clock may have been set back.
            let waited = now.as_micros().abs_diff(count.recorded_us) >= WAITS_US.unsigned_abs();
            let is_due = all || ended || waited || count.recorded == 0;
            if is_due && count.releases > count.recorded {
                due.push(entry(slot, *count, now));
                count.recorded = count.releases;
                count.recorded_us = now.as_micros();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(due: &[AuditEntry]) -> Vec<u64> {
        let facts = due.iter().map(|entry| entry.after.as_deref().unwrap());
        let facts = facts.map(|facts| serde_json::from_str::<serde_json::Value>(facts).unwrap());
        facts
            .map(|facts| facts["releases"].as_str().unwrap().parse().unwrap())
            .collect()
    }

    #[test]
    fn the_first_is_recorded_at_once_and_the_others_within_a_minute() {
        let (releases, caller) = (Releases::default(), Caller::command_line());
        let provider = ProviderName::parse("openai").unwrap();
        let at = |seconds: i64| Timestamp::from_micros(HOUR_US * 9 + seconds * 1_000_000);
        let count = |seconds, times| {
            for _ in 0..times {
                releases.count(&caller, &provider, 1, at(seconds));
            }
        };
        let due = |seconds, all| sums(&releases.due(at(seconds), all));
        count(0, 1);
        assert_eq!(due(2, false), [1]);
        count(3, 5);
        assert_eq!(due(4, false), [0_u64; 0]);
        assert_eq!(due(62, false), [5]);
        assert_eq!(due(64, false), [0_u64; 0]);
        count(65, 7);
        assert_eq!(due(66, true), [7], "a server that stops records all");
        count(70, 2);
        assert_eq!(due(3_600, false), [2], "so does the end of the hour");
        assert_eq!(due(3_602, true), [0_u64; 0]);
    }
}
