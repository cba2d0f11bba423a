//! The roles that a bearer token can have.

use serde::{Deserialize, Serialize};

/// What a caller is. Which role may call which RPC is a table of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything but reading a raw key.
    Admin,
    /// Account-scoped reads and writes, and resolution with keys.
    Backend,
    /// Resolution without keys.
    Resolver,
    /// Reads everything that is not secret.
    Auditor,
    /// Health, probes and metrics.
    Monitor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [
        Self::Admin,
        Self::Backend,
        Self::Resolver,
        Self::Auditor,
        Self::Monitor,
    ];

    /// Whether keys are released to this role.
    #[must_use]
    pub const fn may_read_keys(self) -> bool {
        matches!(self, Self::Backend)
    }

    /// Whether this role may name the end user behind a call.
    #[must_use]
    pub const fn may_name_actor(self) -> bool {
        matches!(self, Self::Backend | Self::Admin)
    }

    /// The name on the wire and the command line, such as `BACKEND`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "ADMIN",
            Self::Backend => "BACKEND",
            Self::Resolver => "RESOLVER",
            Self::Auditor => "AUDITOR",
            Self::Monitor => "MONITOR",
        }
    }

    /// Reads a role's name, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str().eq_ignore_ascii_case(text))
    }
}
