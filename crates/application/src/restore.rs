//! Stored rows to a state, on threads of their own: one reads and hashes the values, the other puts
//! them together, while the database makes the next ones.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use aiconfig_domain::{Leaf, Leaves, Meta, Resource, Snapshot};
use aiconfig_persistence::ResourcePage;
use tokio::task::JoinHandle;

use crate::{AppError, rows};

/// Pages that may wait for a thread, so that few rows are in memory twice.
const WAITING: usize = 4;

type Decoded = Result<Vec<(Resource, Leaf, Meta)>, AppError>;

/// The end that takes rows in. They are restored in the order in which they come; dropping it ends
/// them.
pub(crate) struct Pipe(SyncSender<ResourcePage>);

/// The end where the state comes out.
pub(crate) struct Restored(JoinHandle<Result<Snapshot, AppError>>);

/// Starts the threads.
pub(crate) fn begin() -> (Pipe, Restored) {
    let (next, stored) = sync_channel(WAITING);
    let (decoded, restored) = sync_channel(WAITING);
    tokio::task::spawn_blocking(move || decode(&stored, &decoded));
    let built = tokio::task::spawn_blocking(move || build(&restored));
    (Pipe(next), Restored(built))
}

impl Pipe {
    /// Takes rows in.
    pub(crate) fn take(&self, page: ResourcePage) {
        // The other end is gone if a row could not be read; the rest is then of no use.
        let _ = self.0.send(page);
    }
}

impl Restored {
    /// The state of all rows.
    ///
    /// # Errors
    /// The first row that cannot be read.
    pub(crate) async fn snapshot(self) -> Result<Snapshot, AppError> {
        let stopped = |_| AppError::Inconsistent {
            what: "the state, whose reading was broken off".to_owned(),
        };
        self.0.await.map_err(stopped)?
    }
}

fn decode(stored: &Receiver<ResourcePage>, decoded: &SyncSender<Decoded>) {
    let (mut names, mut leaves) = (Names::default(), Leaves::default());
    for page in stored {
        let resources = page.rows().map(|row| {
            let row = row?;
            let (resource, meta) = rows::live(&row, names.get(row.updated_by))?;
            let leaf = leaves.of(&resource);
            Ok((resource, leaf, meta))
        });
        let resources: Decoded = resources.collect();
        let broken = resources.is_err();
        if decoded.send(resources).is_err() || broken {
            return;
        }
    }
}

fn build(decoded: &Receiver<Decoded>) -> Result<Snapshot, AppError> {
    let mut snapshot = Snapshot::new();
    for batch in decoded {
        for (resource, leaf, meta) in batch? {
            snapshot.restore_hashed(resource, &leaf, meta);
        }
    }
    Ok(snapshot)
}

/// One allocation for each writer's name, however many rows bear it.
#[derive(Default)]
pub(crate) struct Names(HashMap<String, Arc<str>>);

impl Names {
    pub(crate) fn get(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.0.get(name) {
            return Arc::clone(known);
        }
        let shared: Arc<str> = name.into();
        self.0.insert(name.to_owned(), Arc::clone(&shared));
        shared
    }
}
