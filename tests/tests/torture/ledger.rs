//! What the clients remember: each write with what they were told of it.

use aiconfig_tests::reason;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::requests::{Answer, Write};

/// What a client was told of a write.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// It was taken.
    Taken(Answer),
    /// Nothing was changed.
    Nothing,
    /// Whether it was taken is not known.
    Unknown,
}

/// A write under its request id.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) id: String,
    pub(crate) write: Write,
    pub(crate) told: Told,
}

/// All of them.
#[derive(Default)]
pub(crate) struct Ledger(pub(crate) Vec<Attempt>);

impl Ledger {
    pub(crate) fn taken(&self) -> usize {
        let taken = |attempt: &&Attempt| matches!(attempt.told, Told::Taken(_));
        self.0.iter().filter(taken).count()
    }

    pub(crate) fn unknown(&self) -> usize {
        let unknown = |attempt: &&Attempt| matches!(attempt.told, Told::Unknown);
        self.0.iter().filter(unknown).count()
    }
}

/// The cause that a failing database is told with; empty if it is not that.
pub(crate) fn cause(status: &Status) -> String {
    if status.code() != Code::Unavailable || reason(status) != "STORAGE_UNAVAILABLE" {
        return String::new();
    }
    let details = status.get_error_details();
    assert!(details.retry_info().is_some(), "{status:?}");
    details.error_info().unwrap().metadata["cause"].clone()
}

/// What an outcome tells.
pub(crate) fn told(outcome: &Result<Answer, Status>) -> Told {
    let status = match outcome {
        Ok(answer) => return Told::Taken(answer.clone()),
        Err(status) => status,
    };
    match status.code() {
        // A rule refuses it.
        Code::InvalidArgument
        | Code::FailedPrecondition
        | Code::NotFound
        | Code::AlreadyExists
        | Code::Aborted => Told::Nothing,
        Code::Unavailable if !["", "OUTCOME_UNKNOWN"].contains(&&*cause(status)) => Told::Nothing,
        // The connection is gone, with the server or without.
        Code::Unavailable | Code::Unknown | Code::Cancelled | Code::DeadlineExceeded => {
            Told::Unknown
        }
        other => panic!("{other:?}: {status:?}"),
    }
}
