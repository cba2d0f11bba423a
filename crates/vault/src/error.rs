//! What can go wrong between the keyring and an envelope.
//!
//! No variant carries key material, plain values or sealed bytes.

use std::fmt::Display;

use crate::kek::KekId;
use crate::ring::{DekState, Purpose};

/// A refusal of the vault. Every variant maps to one answer of the service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The data key exists, but no loaded key-encryption key opens it.
    #[error("key-encryption key not loaded: {}", list(kek_ids))]
    KeyUnavailable {
        /// The key-encryption keys that would be needed, each once.
        kek_ids: Vec<KekId>,
    },
    /// A new ring cannot be wrapped, because no primary key is loaded.
    #[error("no primary key-encryption key is loaded")]
    NoPrimary,
    /// Stored bytes are not what was sealed, or belong to another row.
    #[error("stored data is damaged: {what}")]
    Damaged {
        /// The row or value, and the check that it failed.
        what: String,
    },
    /// The bytes name a data key that this ring does not have; a replica
    /// reads the ring again once before it gives up.
    #[error("the ring has no {} key of version {version}", purpose.as_str())]
    UnknownVersion {
        /// What the data key is for.
        purpose: Purpose,
        /// The version that was named.
        version: u32,
    },
    /// The bytes name a data key that has been disabled or destroyed.
    #[error("the {} key of version {version} is disabled or destroyed", purpose.as_str())]
    KeyDisabled {
        /// What the data key is for.
        purpose: Purpose,
        /// The version that was named.
        version: u32,
    },
    /// A data key passes through its states in one order only.
    #[error("the {} key of version {version} is {} and cannot become {}", purpose.as_str(), from.as_str(), to.as_str())]
    StateOrder {
        /// What the data key is for.
        purpose: Purpose,
        /// Its version.
        version: u32,
        /// The state that it is in.
        from: DekState,
        /// The state that was asked for.
        to: DekState,
    },
    /// A value does not fit into an envelope.
    #[error("a value of {bytes} bytes does not fit into an envelope of at most {limit}")]
    ValueTooLong {
        /// Length of the value.
        bytes: usize,
        /// The longest value an envelope takes.
        limit: usize,
    },
}

impl VaultError {
    pub(crate) fn damaged(subject: impl Display, fault: impl Display) -> Self {
        Self::Damaged {
            what: format!("{subject}: {fault}"),
        }
    }
}

fn list(ids: &[KekId]) -> String {
    ids.iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
