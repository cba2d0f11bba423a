//! What a use case can answer instead of a result.

use aiconfig_domain::{Rejection, TextHash};
use aiconfig_persistence::StoreError;
use aiconfig_vault::error::VaultError;

/// An answer that is not a result. The server's error table turns it into a status.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// A rule refuses it; nothing was changed.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The database is away or refuses. Its text says which, and whether something may have been
    /// changed all the same, since warnings and the command line show nothing else.
    #[error(transparent)]
    Storage(#[from] StoreError),
    /// A key-encryption key is missing, or something sealed does not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The request id was used before with another body.
    #[error("this request_id was used before with another body")]
    RequestIdReused,
    /// The asked-for revision did not come before the deadline.
    #[error("revision {wanted} is not here yet; this server has {present}")]
    RevisionNotReached {
        /// The revision that was asked for.
        wanted: u64,
        /// The revision that this server has.
        present: u64,
    },
    /// A stored record cannot be read.
    #[error("a stored record cannot be read: {what}")]
    Inconsistent {
        /// Which one, without its value.
        what: String,
    },
}

impl AppError {
    /// A prompt text that a record names and that is stored nowhere.
    #[must_use]
    pub fn text_missing(hash: TextHash) -> Self {
        let what = format!("the prompt text {hash}");
        Self::Inconsistent { what }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rotation::RotationError;

    #[test]
    fn what_the_database_refused_is_told_through_every_layer() {
        let away = || Box::new(StoreError::Away);
        for (error, text) in [
            (StoreError::ReadOnly, "the database is read-only"),
            (
                StoreError::OutcomeUnknown { source: away() },
                "no answer to the commit: the change may have been made",
            ),
            (
                StoreError::SchemaTooNew { found: 9, known: 8 },
                "the schema is version 9, this program knows 8: use a newer program",
            ),
            (
                StoreError::Conflict { what: "the head" },
                "the state has moved: the head",
            ),
        ] {
            let error = AppError::from(error);
            assert_eq!(error.to_string(), text);
            assert_eq!(RotationError::from(error).to_string(), text);
        }
    }
}
