//! The plain rows that go in and out of the store; values are encoded elsewhere.
//!
//! Times are microseconds since 1970 in UTC. Revisions and sequences count from 1; 0 means
//! that there is none yet.

use std::fmt;

/// The end of the log and of the audit chain, and whose database this is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The last revision, 0 in a new database.
    pub revision: u64,
    /// The time of the last revision.
    pub log_time_us: i64,
    /// The sequence of the last audit record, 0 in a new database.
    pub audit_sequence: u64,
    /// The hash of the last audit record, 32 zero bytes in a new database.
    pub audit_hash: Vec<u8>,
    /// 16 bytes chosen when the database was first migrated.
    pub deployment_id: [u8; 16],
}

impl Head {
    /// Whether nothing was logged or audited yet.
    #[must_use]
    pub const fn is_new(&self) -> bool {
        self.revision == 0 && self.audit_sequence == 0
    }
}

/// One live resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceRow {
    /// Which kind of resource this is.
    pub kind: String,
    /// Its key, unique in its kind.
    pub key: String,
    /// The version of the codec that wrote `value`.
    pub codec: i32,
    /// The encoded value.
    pub value: String,
    /// The revision that last changed it.
    pub revision: u64,
    /// The time of the revision that created it.
    pub create_time_us: i64,
    /// The time of the revision that last changed it.
    pub update_time_us: i64,
    /// Who last changed it.
    pub updated_by: String,
}

/// What one record of the log does to its resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The resource has this value from now on.
    Put {
        /// The version of the codec that wrote `value`.
        codec: i32,
        /// The encoded value.
        value: String,
    },
    /// The resource is gone.
    Delete,
    /// A notice, which is kept in the log alone; it reads back as a put of its kind.
    Note {
        /// The version of the codec that wrote `value`.
        codec: i32,
        /// The encoded value.
        value: String,
    },
}

/// One record of a command, in the order in which the command made them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRow {
    /// Which kind of resource it changes.
    pub kind: String,
    /// The key of the resource.
    pub key: String,
    /// What happens to the resource.
    pub change: Change,
}

/// One record as the log keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedChange {
    /// The revision of the command.
    pub revision: u64,
    /// The place in the command: from 0, or from 1 after the mark of a very large command.
    pub ordinal: u32,
    /// The time of the revision.
    pub time_us: i64,
    /// Who made the change.
    pub updated_by: String,
    /// The record.
    pub record: ChangeRow,
}

/// The sealed bytes of one version of a provider's key.
#[derive(Clone, PartialEq, Eq)]
pub struct EnvelopeRow {
    /// The provider that the key belongs to.
    pub provider: String,
    /// The version of the key, from 1.
    pub version: u32,
    /// The sealed key; nothing once it is destroyed.
    pub envelope: Option<Vec<u8>>,
    /// The code that authenticates the state of this version.
    pub state_mac: Vec<u8>,
    /// The revision that last changed this row.
    pub revision: u64,
}

/// The sealed bytes of a key version, and those that take their place.
#[derive(Clone, PartialEq, Eq)]
pub struct ResealedRow {
    /// The provider that the key belongs to.
    pub provider: String,
    /// The version of the key, from 1.
    pub version: u32,
    /// What is stored now.
    pub from: Vec<u8>,
    /// What is stored afterwards.
    pub to: Vec<u8>,
}

/// What is compared when a token is presented.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierRow {
    /// The public id of the token.
    pub token_id: String,
    /// The hash of its secret part.
    pub verifier: Vec<u8>,
}

/// The state of a ring key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DekState {
    /// Added, not yet used for anything.
    Pending,
    /// Seals and opens.
    Active,
    /// Opens what it sealed.
    OpenOnly,
    /// Kept, not used.
    Disabled,
    /// The wrapped key is erased.
    Destroyed,
}

/// One wrapped key of the ring.
#[derive(Clone, PartialEq, Eq)]
pub struct DekRow {
    /// What the key is for.
    pub purpose: String,
    /// The version in its purpose, from 1.
    pub version: u32,
    /// The state of the key.
    pub state: DekState,
    /// The id of the key that wraps it.
    pub kek_id: Vec<u8>,
    /// The wrapped key; nothing once it is destroyed.
    pub wrapped: Option<Vec<u8>>,
}

/// A known text sealed under a key-encryption key.
#[derive(Clone, PartialEq, Eq)]
pub struct CanaryRow {
    /// The id of the key.
    pub kek_id: Vec<u8>,
    /// The sealed text.
    pub envelope: Vec<u8>,
}

/// What an audit record says, before it has its place in the chain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditEntry {
    /// The revision of the change, if there was one.
    pub revision: Option<u64>,
    /// When it happened.
    pub time_us: i64,
    /// The end user or program behind the call.
    pub actor: String,
    /// The public id of the token of the call.
    pub token_id: String,
    /// The role of the token.
    pub role: String,
    /// The network address of the caller.
    pub peer: String,
    /// The request id of the call.
    pub request_id: String,
    /// The name of the call.
    pub rpc: String,
    /// The resource that it was about.
    pub resource: String,
    /// How it ended.
    pub outcome: String,
    /// The fields that may be shown, before.
    pub before: Option<String>,
    /// The fields that may be shown, after.
    pub after: Option<String>,
    /// The reason that the caller gave.
    pub reason: String,
}

/// One record of the audit chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Its place in the chain, from 1 without gaps.
    pub sequence: u64,
    /// What it says.
    pub entry: AuditEntry,
    /// The hash of the record before it.
    pub prev_hash: Vec<u8>,
    /// Its own hash.
    pub hash: Vec<u8>,
}

/// Whose request id it is: one id may be used by many tokens and for many calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerScope {
    /// The public id of the token.
    pub token_id: String,
    /// The name of the call.
    pub rpc: String,
    /// The request id that the caller chose.
    pub request_id: String,
}

/// The first answer to a request, for its repetitions.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredAnswerRow {
    /// Whose request it was.
    pub scope: AnswerScope,
    /// The keyed hash of the request's body.
    pub body_mac: Vec<u8>,
    /// The encoded answer, without secrets.
    pub answer: Vec<u8>,
    /// The revision that the request made, if it changed anything.
    pub revision: Option<u64>,
    /// When it was answered.
    pub time_us: i64,
}

/// A text of a prompt.
#[derive(Clone, PartialEq, Eq)]
pub struct TextRow {
    /// Its SHA-256, 32 bytes.
    pub hash: Vec<u8>,
    /// The text.
    pub value: std::sync::Arc<str>,
}

/// What became of one row of an imported dump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// The model of the row.
    pub model: String,
    /// The primary key of the row.
    pub pk: String,
    /// The hash of the row's content.
    pub content_hash: Vec<u8>,
    /// The resources that it became, encoded by the importer.
    pub resources: String,
    /// The revision that imported it.
    pub revision: u64,
    /// When it was imported.
    pub time_us: i64,
}

// Rows with sealed or hashed bytes say whose they are and nothing else, so that no log can show
// what a backup must not hold either.

impl fmt::Debug for TextRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextRow")
            .field("bytes", &self.value.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for EnvelopeRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvelopeRow")
            .field("provider", &self.provider)
            .field("version", &self.version)
            .field("erased", &self.envelope.is_none())
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ResealedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResealedRow")
            .field("provider", &self.provider)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for VerifierRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifierRow")
            .field("token_id", &self.token_id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for DekRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DekRow")
            .field("purpose", &self.purpose)
            .field("version", &self.version)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CanaryRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CanaryRow").finish_non_exhaustive()
    }
}

impl fmt::Debug for StoredAnswerRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredAnswerRow")
            .field("scope", &self.scope)
            .field("revision", &self.revision)
            .field("time_us", &self.time_us)
            .finish_non_exhaustive()
    }
}
