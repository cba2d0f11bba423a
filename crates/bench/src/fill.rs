//! Puts many accounts straight into the store: calls would take hours for a million of them.

use std::path::Path;

use aiconfig_bench::population::resources;
use aiconfig_domain::{CODEC_VERSION, Resource, encode};
use aiconfig_persistence::{Change, ChangeRow, Commit, Head, Store, StoreConfig};

use crate::Failure;

/// Accounts of one revision; with their rows they stay below a bulk change.
const STEP: u32 = 1_500;

/// Writes accounts 1 to `accounts`, with their rows, to the database of a stopped server.
pub(crate) async fn fill(data: &Path, accounts: u32) -> Result<(), Failure> {
    let url = format!("sqlite://{}", data.join("aiconfig.db").display());
    let store = Store::connect(&StoreConfig::new(url.into())).await?;
    for first in (1..=accounts).step_by(STEP as usize) {
        let last = accounts.min(first + STEP - 1);
        let changes = (first..=last)
            .flat_map(resources)
            .map(|r| row(&r))
            .collect();
        let transaction = store.begin_write().await?;
        let head = transaction.head().clone();
        let revision = head.revision + 1;
        let commit = Commit {
            revision: Some(revision),
            time_us: head.log_time_us,
            updated_by: "bench".to_owned(),
            changes,
            texts: Vec::new(),
            side: Vec::new(),
            audit: None,
            answer: None,
            ledger: Vec::new(),
            new_head: Head { revision, ..head },
        };
        transaction.commit(commit).await?;
    }
    store.close().await?;
    Ok(())
}

fn row(resource: &Resource) -> ChangeRow {
    let key = resource.key();
    ChangeRow {
        kind: key.kind().as_str().to_owned(),
        key: key.to_string(),
        change: Change::Put {
            codec: CODEC_VERSION,
            value: encode(resource),
        },
    }
}
