//! The whole state as JSON lines, without secrets.

use std::sync::Arc;

use aiconfig_domain::{Snapshot, StateDigest, Timestamp};
use aiconfig_persistence::{LoadOptions, ResourceRow};
use serde_json::{Value, json};

use crate::{AppError, Application, rows};

/// What an export came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportSummary {
    /// Resources that were written.
    pub resources: u64,
    /// The revision of the state.
    pub revision: u64,
    /// Its digest, in hexadecimal digits.
    pub digest: String,
}

impl Application {
    /// Gives every live resource to `line` as a JSON object, and at last the head with revision
    /// and digest. Resources hold no sealed key and no token verifier by their types.
    ///
    /// # Errors
    /// As the store's; [`AppError::Inconsistent`] for a row that cannot be read.
    pub async fn export(
        &self,
        mut line: impl FnMut(&Value) + Send,
    ) -> Result<ExportSummary, AppError> {
        let mut snapshot = Snapshot::new();
        let mut broken = None;
        let mut resources = 0;
        let state = self.store.load(LoadOptions::default(), |row| {
            let read = rows::live(&row, Arc::from(row.updated_by.as_str()));
            let value = serde_json::from_str::<Value>(&row.value);
            match (read, value) {
                (Ok((resource, meta)), Ok(value)) => {
                    snapshot.restore(resource, meta);
                    resources += 1;
                    line(&of_row(&row, &value));
                }
                _ => {
                    broken.get_or_insert_with(|| format!("{} {}", row.kind, row.key));
                }
            }
        });
        let head = state.await?.head;
        if let Some(what) = broken {
            return Err(AppError::Inconsistent { what });
        }
        let summary = ExportSummary {
            resources,
            revision: head.revision,
            digest: snapshot.digest().to_hex(),
        };
        line(&json!({
            "kind": "head",
            "revision": summary.revision,
            "log_time": Timestamp::from_micros(head.log_time_us).to_rfc3339(),
            "resources": summary.resources,
            "digest": summary.digest,
        }));
        Ok(summary)
    }
}

impl Application {
    /// Plays the whole log from its beginning: the revision that it leads to, and the digest of
    /// the state there, which is the live state's unless something was changed beside the log.
    ///
    /// # Errors
    /// As the store's; [`AppError::Inconsistent`] for a record that cannot be read.
    pub async fn replay_log(&self) -> Result<(u64, StateDigest), AppError> {
        let mut snapshot = Snapshot::new();
        let mut broken = None;
        let head = self.store.replay(0, |logged| {
            match rows::record(&logged.record, logged.revision, logged.time_us, &"".into()) {
                Ok(record) => snapshot.apply(&record),
                Err(error) => {
                    broken.get_or_insert(error);
                }
            }
        });
        let head = head.await?;
        broken.map_or(Ok((head.revision, snapshot.digest())), Err)
    }
}

fn of_row(row: &ResourceRow, value: &Value) -> Value {
    json!({
        "kind": row.kind,
        "key": row.key,
        "codec": row.codec,
        "value": value,
        "revision": row.revision,
        "create_time": Timestamp::from_micros(row.create_time_us).to_rfc3339(),
        "update_time": Timestamp::from_micros(row.update_time_us).to_rfc3339(),
        "updated_by": row.updated_by,
    })
}
