//! The names of error reasons on the wire.

use crate::v1::ErrorReason;

/// The value of `ErrorInfo.domain` in every error of this API.
pub const DOMAIN: &str = "aiconfig.igny8";

const PREFIX: &str = "ERROR_REASON_";

/// The value of `ErrorInfo.reason`: the name of the enum value without its prefix, such as
/// `ETAG_MISMATCH`.
#[must_use]
pub fn to_wire(reason: ErrorReason) -> &'static str {
    let name = reason.as_str_name();
    name.strip_prefix(PREFIX).unwrap_or(name)
}

/// The reason of that name on the wire; `None` for a name that this version does not know and for
/// `UNSPECIFIED`, which is never sent.
#[must_use]
pub fn from_wire(name: &str) -> Option<ErrorReason> {
    ErrorReason::from_str_name(&format!("{PREFIX}{name}"))
        .filter(|reason| *reason != ErrorReason::Unspecified)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_survives_the_wire() {
        let mut count = 0;
        for reason in (1..1_000).filter_map(|n| ErrorReason::try_from(n).ok()) {
            assert_eq!(from_wire(to_wire(reason)), Some(reason));
            count += 1;
        }
        assert!(count > 40, "only {count} reasons were met");
    }

    #[test]
    fn names_have_no_prefix() {
        assert_eq!(to_wire(ErrorReason::EtagMismatch), "ETAG_MISMATCH");
        assert_eq!(from_wire("ERROR_REASON_ETAG_MISMATCH"), None);
        assert_eq!(from_wire("UNSPECIFIED"), None);
        assert_eq!(from_wire("NO_SUCH_REASON"), None);
    }
}
