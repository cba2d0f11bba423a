//! The whole state as JSON lines, without secrets.

use std::collections::BTreeMap;
use std::sync::Arc;

use aiconfig_domain::{Resource, Snapshot, StateDigest, TextHash, Timestamp};
use aiconfig_persistence::{LoadOptions, ResourceRef, StoreError};
use serde_json::{Value, json};

use crate::{AppError, Application, rows, texts};

/// Texts that are read at a time: of the largest size they are 16 MiB.
const AT_ONCE: usize = 64;

/// What an export came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportSummary {
    /// Resources that were written.
    pub resources: u64,
    /// Prompt texts that were written.
    pub texts: u64,
    /// The revision of the state.
    pub revision: u64,
    /// Its digest, in hexadecimal digits.
    pub digest: String,
}

/// The resources of an export.
pub(crate) struct Exported {
    pub(crate) summary: ExportSummary,
    log_time: Timestamp,
    /// The texts that resources name, each with the name of the first one that does.
    pub(crate) named: BTreeMap<TextHash, String>,
}

impl Application {
    /// Gives every live resource to `line` as a JSON object, then once every text that they name,
    /// and at last the head with revision and digest. Resources hold no sealed key and no token
    /// verifier by their types.
    ///
    /// # Errors
    /// As the store's; [`AppError::Inconsistent`] for a row that cannot be read, or a text that is
    /// not there.
    pub async fn export(
        &self,
        mut line: impl FnMut(&Value) + Send,
    ) -> Result<ExportSummary, AppError> {
        let exported = self.export_resources(&mut line).await?;
        let mut summary = exported.summary;
        let mut missing = None;
        let each = self.each_text(&exported.named, |hash, _, text| match text {
            Some(text) => {
                line(&json!({"kind": "text", "key": hash.to_string(), "value": text}));
                summary.texts += 1;
            }
            None => {
                missing.get_or_insert(hash);
            }
        });
        each.await?;
        if let Some(hash) = missing {
            let what = format!("the prompt text {hash}");
            return Err(AppError::Inconsistent { what });
        }
        line(&json!({
            "kind": "head",
            "revision": summary.revision,
            "log_time": exported.log_time.to_rfc3339(),
            "resources": summary.resources,
            "texts": summary.texts,
            "digest": summary.digest,
        }));
        Ok(summary)
    }

    /// Looks at every text that resources name, with the name of one that does; `None` for a text
    /// that is not there, or is not that of its hash.
    pub(crate) async fn each_text(
        &self,
        named: &BTreeMap<TextHash, String>,
        mut look: impl FnMut(TextHash, &str, Option<&str>) + Send,
    ) -> Result<(), AppError> {
        let named: Vec<(&TextHash, &String)> = named.iter().collect();
        for some in named.chunks(AT_ONCE) {
            let hashes: Vec<TextHash> = some.iter().map(|(hash, _)| **hash).collect();
            let found = texts::read(&self.store, &hashes).await?;
            for (hash, by) in some {
                look(**hash, by, found.get(*hash).map(AsRef::as_ref));
            }
        }
        Ok(())
    }

    /// Gives every live resource to `line`.
    pub(crate) async fn export_resources(
        &self,
        mut line: impl FnMut(&Value) + Send,
    ) -> Result<Exported, AppError> {
        let mut named = BTreeMap::new();
        let mut snapshot = Snapshot::new();
        let mut broken = None;
        let mut resources = 0;
        let mut each = |row: Result<ResourceRef<'_>, StoreError>| {
            let row = row?;
            let (resource, meta) = rows::live(&row, Arc::from(row.updated_by))?;
            let value = serde_json::from_str::<Value>(row.value);
            let value = value.map_err(|_| AppError::Inconsistent {
                what: format!("{} {}", row.kind, row.key),
            })?;
            for hash in names(&resource).into_iter().flatten() {
                named.entry(hash).or_insert_with(|| resource.key().name());
            }
            snapshot.restore(resource, meta);
            resources += 1;
            line(&of_row(&row, &value));
            Ok::<_, AppError>(())
        };
        let state = self.store.load_pages(LoadOptions::default(), |page| {
            if broken.is_none() {
                broken = page.rows().try_for_each(&mut each).err();
            }
        });
        let head = state.await?.head;
        if let Some(error) = broken {
            return Err(error);
        }
        let summary = ExportSummary {
            resources,
            texts: 0,
            revision: head.revision,
            digest: snapshot.digest().to_hex(),
        };
        Ok(Exported {
            summary,
            log_time: Timestamp::from_micros(head.log_time_us),
            named,
        })
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

/// The texts that a resource names.
fn names(resource: &Resource) -> [Option<TextHash>; 2] {
    match resource {
        Resource::GlobalPrompt(prompt) => [Some(prompt.text), None],
        Resource::PromptVersion(version) => [Some(version.text), None],
        Resource::AccountPrompt(prompt) => [Some(prompt.text), Some(prompt.default_text)],
        _ => [None, None],
    }
}

fn of_row(row: &ResourceRef<'_>, value: &Value) -> Value {
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
