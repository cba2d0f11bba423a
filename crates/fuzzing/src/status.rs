//! What every error of the service must be: of the error table, small, and said to the caller.

use aiconfig_proto::reason::{DOMAIN, from_wire};
use aiconfig_proto::v1::ErrorReason;
use aiconfig_server::code_of;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// Bytes of details that every client takes.
const DETAILS: usize = 4_096;
/// Violations that an answer lists.
const VIOLATIONS: usize = 20;

/// The reason of an error, as the table knows it.
pub(crate) fn reason_of(status: &Status) -> Option<ErrorReason> {
    let details = status.get_error_details();
    let info = details.error_info()?;
    assert_eq!(info.domain, DOMAIN);
    from_wire(&info.reason)
}

/// Looks at an error, and gives its reason.
pub(crate) fn check(status: &Status) -> ErrorReason {
    let reason = reason_of(status).unwrap_or_else(|| unreachable!("no reason: {status:?}"));
    assert_eq!(
        code_of(reason),
        status.code(),
        "another code than the table's"
    );
    let never = [
        Code::Internal,
        Code::Unknown,
        Code::DataLoss,
        Code::Unavailable,
    ];
    assert!(!never.contains(&status.code()), "{status:?}");
    assert!(!status.message().is_empty());
    assert!(
        status.details().len() <= DETAILS,
        "{}",
        status.details().len()
    );
    let details = status.get_error_details();
    let violations = details
        .bad_request()
        .map_or(0, |b| b.field_violations.len());
    assert!(violations <= VIOLATIONS);
    reason
}
