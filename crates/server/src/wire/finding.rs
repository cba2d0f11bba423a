//! What needs an administrator's care.

use aiconfig_domain::{Finding, FindingKind, ProviderName};
use aiconfig_proto::v1;

use super::enums::finding_kind;

/// Places that are named.
const PLACE_LIMIT: usize = 20;

/// A finding on the wire.
pub(crate) fn finding(finding: &Finding) -> v1::Finding {
    let Finding {
        kind,
        resource,
        message,
        places,
        account_rows,
    } = finding;
    let count = i64::try_from(places.len())
        .unwrap_or(i64::MAX)
        .saturating_add(*account_rows);
    let severity = match kind {
        FindingKind::DanglingModel => v1::FindingSeverity::Error,
        FindingKind::DatePassed | FindingKind::RetiredModelUsed | FindingKind::PriceMissing => {
            v1::FindingSeverity::Warning
        }
        FindingKind::DateNear => v1::FindingSeverity::Info,
    };
    v1::Finding {
        kind: finding_kind(*kind),
        severity: severity as i32,
        resource: resource.clone(),
        message: message.clone(),
        count: (count > 0).then_some(count),
        places: places.iter().take(PLACE_LIMIT).cloned().collect(),
    }
}

/// The finding for a stored key that does not open; `why` names no secret.
pub(crate) fn unreadable_key(provider: &ProviderName, version: u32, why: &str) -> v1::Finding {
    v1::Finding {
        kind: v1::FindingKind::KeyUnreadable as i32,
        severity: v1::FindingSeverity::Error as i32,
        resource: format!("providers/{provider}/keys/{version}"),
        message: format!("version {version} of {provider} does not open: {why}"),
        count: None,
        places: Vec::new(),
    }
}
