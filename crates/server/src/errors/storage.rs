//! What a client is told where the database fails: what that means for its call, and who can do
//! something about it. The log has the rest.

use std::error::Error as _;

use aiconfig_persistence::StoreError;
use aiconfig_proto::v1::ErrorReason;

use super::ApiError;

/// Messages without a table, a query or a path.
const AWAY: &str = "the database does not answer; nothing was changed, try again";
const OUTCOME_UNKNOWN: &str = "the database was lost at the commit, and the change may have been \
                               made: repeat the call with the same request_id to get its answer";
const READ_ONLY: &str = "the database takes no writes; nothing was changed. The operator makes it \
                         writable, or points the server to its primary; reads go on";
const DISK_FULL: &str = "the database has no room; nothing was changed. The operator makes room on \
                         its disk; reads go on";
const DISK_ERROR: &str = "the disk of the database reports an error; nothing was changed. The \
                          operator looks at its log and at the limits on file sizes; reads go on";
const SCHEMA_TOO_NEW: &str = "the schema of the database is newer than what this server may write; \
                              nothing was changed. A server of the newer version answers";
const FAILED: &str = "the database failed in a way that another try does not cure; the server's \
                      log says how";

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let driver = error.source().map(ToString::to_string);
        let (cause, message) = match &error {
            StoreError::Away => {
                // Told once in the log, where it began.
                tracing::debug!("a call met a database that is away");
                ("AWAY", AWAY)
            }
            StoreError::Unavailable { .. }
            | StoreError::ConnectionLost { .. }
            | StoreError::Timeout { .. } => ("AWAY", AWAY),
            StoreError::OutcomeUnknown { .. } => ("OUTCOME_UNKNOWN", OUTCOME_UNKNOWN),
            StoreError::ReadOnly => ("READ_ONLY", READ_ONLY),
            StoreError::DiskFull { .. } => ("DISK_FULL", DISK_FULL),
            StoreError::DiskError { .. } => ("DISK_ERROR", DISK_ERROR),
            StoreError::SchemaTooNew { .. } => ("SCHEMA_TOO_NEW", SCHEMA_TOO_NEW),
            StoreError::UniqueViolation { .. }
            | StoreError::Conflict { .. }
            | StoreError::Inconsistent { .. }
            | StoreError::SchemaTooOld { .. }
            | StoreError::RingMissing
            | StoreError::Other { .. } => {
                tracing::error!(%error, driver, "the database failed");
                return Self::new(ErrorReason::Internal, FAILED);
            }
        };
        if !matches!(error, StoreError::Away) {
            tracing::error!(%error, driver, "the database failed");
        }
        Self::new(ErrorReason::StorageUnavailable, message).with("cause", cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::{Code, Status};
    use tonic_types::StatusExt as _;

    #[test]
    fn each_cause_is_told_and_when_to_try_again() {
        let lost = || Box::new(StoreError::Away);
        for (error, cause) in [
            (StoreError::Away, "AWAY"),
            (
                StoreError::OutcomeUnknown { source: lost() },
                "OUTCOME_UNKNOWN",
            ),
            (StoreError::ReadOnly, "READ_ONLY"),
        ] {
            let status = Status::from(ApiError::from(error));
            assert_eq!(status.code(), Code::Unavailable);
            let details = status.get_error_details();
            assert_eq!(details.error_info().unwrap().metadata["cause"], cause);
            assert!(details.retry_info().is_some());
        }
        let status = Status::from(ApiError::from(StoreError::Conflict { what: "secret" }));
        assert_eq!(status.code(), Code::Internal);
        assert!(!status.message().contains("secret"));
    }
}
