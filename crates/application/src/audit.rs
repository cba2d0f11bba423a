//! Audit records: what stands in one, and how it is chained to the one before.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aiconfig_domain::{Change, Record, Resource, Snapshot};
use aiconfig_persistence::{AuditEntry, AuditRow, Head};
use aiconfig_vault::error::VaultError;
use aiconfig_vault::ring::Keyring;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{Caller, WriteCall};

/// Records of one change that are spelled out; of more, the count is told.
const SPELLED_OUT: usize = 20;
/// Bytes of a value that stand in a record as they are.
const WHOLE_VALUE: usize = 1024;

/// The entry of a change. Resources hold no secret by their types, so all their fields may stand
/// in it; values over 1 KiB stand as SHA-256 and length.
pub(crate) fn applied(
    call: &WriteCall,
    subject: &str,
    revision: u64,
    time_us: i64,
    before: &Snapshot,
    changes: &[Change],
) -> AuditEntry {
    let mut old = BTreeMap::new();
    let mut new = BTreeMap::new();
    for change in changes.iter().take(SPELLED_OUT) {
        let (key, after) = match change {
            Change::Put(resource) => (resource.key(), Some(resource)),
            Change::Delete(key) => (key.clone(), None),
        };
        let prefix = if changes.len() == 1 {
            String::new()
        } else {
            format!("{}.", key.name())
        };
        let was = before
            .resource(&key)
            .map(|resource| fields(&resource))
            .unwrap_or_default();
        let is = after.map(fields).unwrap_or_default();
        for (name, value) in &was {
            if is.get(name) != Some(value) {
                old.insert(format!("{prefix}{name}"), short(value));
            }
        }
        for (name, value) in &is {
            if was.get(name) != Some(value) {
                new.insert(format!("{prefix}{name}"), short(value));
            }
        }
    }
    if changes.len() > SPELLED_OUT {
        new.insert("records".to_owned(), changes.len().to_string());
    }
    AuditEntry {
        revision: Some(revision),
        time_us,
        before: text(&old),
        after: text(&new),
        ..entry(call, subject, "applied")
    }
}

/// An entry with who, what and why.
pub(crate) fn entry(call: &WriteCall, resource: &str, outcome: &str) -> AuditEntry {
    AuditEntry {
        request_id: call
            .request_id
            .clone()
            .unwrap_or_else(|| call.trace_id.clone()),
        rpc: call.rpc.to_owned(),
        resource: resource.to_owned(),
        outcome: outcome.to_owned(),
        reason: call.reason.clone(),
        ..who(&call.caller)
    }
}

/// An entry with who alone.
pub(crate) fn who(caller: &Caller) -> AuditEntry {
    let peer = caller.peer.as_ref().map(ToString::to_string);
    AuditEntry {
        actor: caller.name().to_string(),
        token_id: caller.token_id.to_string(),
        role: caller.role.as_str().to_owned(),
        peer: peer.unwrap_or_else(|| "local".to_owned()),
        ..AuditEntry::default()
    }
}

fn text(fields: &BTreeMap<String, String>) -> Option<String> {
    if fields.is_empty() {
        None
    } else {
        serde_json::to_string(fields).ok()
    }
}

fn short(value: &str) -> String {
    if value.len() <= WHOLE_VALUE {
        return value.to_owned();
    }
    let hash = Sha256::digest(value.as_bytes())
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
    format!("sha256:{hash} ({} bytes)", value.len())
}

/// The fields of a resource by path, each as text.
fn fields(resource: &Resource) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    if let Ok(value) = serde_json::from_str::<Value>(&aiconfig_domain::encode(resource)) {
        flatten("", &value, &mut found);
    }
    found
}

fn flatten(path: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                flatten(&path, member, into);
            }
        }
        Value::String(text) => {
            into.insert(path.to_owned(), text.clone());
        }
        other => {
            into.insert(path.to_owned(), other.to_string());
        }
    }
}

/// Chains an entry to the head: its row, with sequence and hash.
pub(crate) fn chain(
    ring: &Keyring,
    head: &Head,
    entry: AuditEntry,
) -> Result<AuditRow, VaultError> {
    let sequence = head.audit_sequence + 1;
    let hash = hash(ring, &head.audit_hash, sequence, &entry)?;
    Ok(AuditRow {
        sequence,
        entry,
        prev_hash: head.audit_hash.clone(),
        hash,
    })
}

/// The keyed hash of an entry in its place.
pub(crate) fn hash(
    ring: &Keyring,
    prev: &[u8],
    sequence: u64,
    entry: &AuditEntry,
) -> Result<Vec<u8>, VaultError> {
    with_fields(sequence, entry, |fields| ring.audit_hash(prev, fields))
}

/// Whether a row's hash is the one of its fields in its place.
pub(crate) fn holds(ring: &Keyring, prev: &[u8], row: &AuditRow) -> Result<(), VaultError> {
    with_fields(row.sequence, &row.entry, |fields| {
        ring.verify_audit_hash(prev, fields, &row.hash)
    })
}

fn with_fields<T>(sequence: u64, entry: &AuditEntry, use_them: impl FnOnce(&[&[u8]]) -> T) -> T {
    let AuditEntry {
        revision,
        time_us,
        actor,
        token_id,
        role,
        peer,
        request_id,
        rpc,
        resource,
        outcome,
        before,
        after,
        reason,
    } = entry;
    // An absent value and an empty one are two things: a present one starts with a byte 1.
    let optional = |value: &Option<String>| {
        value
            .as_ref()
            .map(|v| [&[1_u8], v.as_bytes()].concat())
            .unwrap_or_default()
    };
    let revision = revision
        .map(|r| r.to_be_bytes().to_vec())
        .unwrap_or_default();
    use_them(&[
        &sequence.to_be_bytes(),
        &revision,
        &time_us.to_be_bytes(),
        actor.as_bytes(),
        token_id.as_bytes(),
        role.as_bytes(),
        peer.as_bytes(),
        request_id.as_bytes(),
        rpc.as_bytes(),
        resource.as_bytes(),
        outcome.as_bytes(),
        &optional(before),
        &optional(after),
        reason.as_bytes(),
    ])
}

/// The name of what a command is about, for the audit record.
pub(crate) fn subject_name(
    records: &[Record],
    subject: Option<&aiconfig_domain::ResourceKey>,
) -> String {
    match (subject, records) {
        (Some(key), _) => key.name(),
        (None, [one]) => one.change.key().name(),
        (None, many) => format!("{} records", many.len()),
    }
}
