//! What earlier imports wrote, so that a second run changes nothing and what was changed here
//! since stays.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use aiconfig_domain::{Kind as ResourceKind, ResourceKey, Snapshot, encode};
use aiconfig_persistence::LedgerRow;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::dump::{Kind, Pk};

/// A place in the state that an import can write: a resource, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    pub(super) key: ResourceKey,
    /// A JSON pointer into the resource; empty for all of it.
    pub(super) at: String,
}

impl Cell {
    pub(super) fn whole(key: ResourceKey) -> Self {
        Self {
            key,
            at: String::new(),
        }
    }

    pub(super) fn part(key: ResourceKey, at: impl Into<String>) -> Self {
        Self { key, at: at.into() }
    }
}

/// A cell as the ledger keeps it, with a digest of what the import wrote there.
#[derive(Serialize, Deserialize)]
struct Mark {
    kind: String,
    key: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    at: String,
    digest: String,
}

struct Entry {
    content_hash: Vec<u8>,
    cells: Vec<Cell>,
}

/// The ledger of all earlier imports.
#[derive(Default)]
pub(super) struct Ledger {
    entries: HashMap<(String, String), Entry>,
    /// By cell: the digest that the newest import left, and its revision.
    marks: BTreeMap<Cell, (u64, String)>,
}

impl Ledger {
    pub(super) fn new(rows: &[LedgerRow]) -> Self {
        let mut ledger = Self::default();
        for row in rows {
            // An entry that cannot be read counts as none: its row is looked at again.
            let Ok(marks) = serde_json::from_str::<Vec<Mark>>(&row.resources) else {
                continue;
            };
            let mut cells = Vec::with_capacity(marks.len());
            for mark in marks {
                let key = ResourceKind::parse(&mark.kind)
                    .and_then(|kind| ResourceKey::parse(kind, &mark.key));
                let Some(key) = key else { continue };
                let cell = Cell::part(key, mark.at);
                let newest = ledger.marks.entry(cell.clone()).or_default();
                if row.revision >= newest.0 {
                    *newest = (row.revision, mark.digest);
                }
                cells.push(cell);
            }
            let entry = Entry {
                content_hash: row.content_hash.clone(),
                cells,
            };
            let id = (row.model.clone(), row.pk.clone());
            ledger.entries.insert(id, entry);
        }
        ledger
    }

    /// Whether a row was imported with just this content.
    pub(super) fn has(&self, kind: Kind, pk: &Pk, content_hash: &[u8]) -> bool {
        self.entry(kind, pk)
            .is_some_and(|entry| entry.content_hash == content_hash)
    }

    /// The cells that a row wrote when it was imported last.
    pub(super) fn cells(&self, kind: Kind, pk: &Pk) -> &[Cell] {
        self.entry(kind, pk).map_or(&[], |entry| &entry.cells)
    }

    /// What the newest import left in a cell.
    pub(super) fn mark(&self, cell: &Cell) -> Option<&str> {
        self.marks.get(cell).map(|(_, digest)| digest.as_str())
    }

    fn entry(&self, kind: Kind, pk: &Pk) -> Option<&Entry> {
        self.entries.get(&(kind.label().to_owned(), pk.to_string()))
    }
}

/// The `resources` of a ledger row: the cells that a dump's row wrote, with their digests.
pub(super) fn resources(marks: impl IntoIterator<Item = (Cell, String)>) -> String {
    let marks: Vec<Mark> = marks
        .into_iter()
        .map(|(cell, digest)| Mark {
            kind: cell.key.kind().as_str().to_owned(),
            key: cell.key.to_string(),
            at: cell.at,
            digest,
        })
        .collect();
    // Texts in a list are always written.
    serde_json::to_string(&marks).unwrap_or_default()
}

/// A digest of what stands in a cell. What is absent has one too.
pub(super) fn digest(snapshot: &Snapshot, cell: &Cell) -> String {
    let text = snapshot
        .resource(&cell.key)
        .map(|resource| encode(&resource));
    let part = match text {
        Some(text) if !cell.at.is_empty() => serde_json::from_str::<Value>(&text)
            .ok()
            .and_then(|value| value.pointer(&cell.at).map(Value::to_string)),
        whole => whole,
    };
    let Some(part) = part else {
        return "absent".to_owned();
    };
    Sha256::digest(part.as_bytes()).iter().take(16).fold(
        String::with_capacity(32),
        |mut text, byte| {
            // A string takes all that is written to it.
            let _ = write!(text, "{byte:02x}");
            text
        },
    )
}
