//! The loaded key-encryption keys, and how their files are taken up again while serving.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use aiconfig_vault::kek::{FoundKeks, KekConfig, KekId, KekSet};

use crate::{AppError, Application};

/// The files of key-encryption keys, and what they held when they were looked at last.
pub(crate) struct KekFiles {
    config: KekConfig,
    seen: Mutex<Seen>,
}

#[derive(PartialEq, Eq)]
struct Seen {
    /// The primary first.
    ids: Vec<KekId>,
    /// Why the files are not what is in force.
    problems: Vec<String>,
}

/// What a look at the files came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KekReload {
    /// They are as they were.
    Unchanged,
    /// What they hold is in force, and nothing else.
    Taken,
    /// What they hold is in force beside what was before, for these reasons.
    Kept(Vec<String>),
}

impl KekFiles {
    pub(crate) fn new(config: KekConfig, found: &FoundKeks) -> Self {
        let seen = Mutex::new(Seen {
            ids: found.keks.ids().collect(),
            problems: texts(found),
        });
        Self { config, seen }
    }
}

fn texts(found: &FoundKeks) -> Vec<String> {
    found.faults.iter().map(ToString::to_string).collect()
}

impl Application {
    /// The loaded key-encryption keys.
    pub(crate) fn keks(&self) -> Arc<KekSet> {
        self.keks.load_full()
    }

    /// The ids of the loaded key-encryption keys: the primary, then those that only open.
    #[must_use]
    pub fn kek_ids(&self) -> (Option<KekId>, Vec<KekId>) {
        let keks = self.keks();
        let primary = keks.primary().map(aiconfig_vault::kek::Kek::id);
        let ids: BTreeSet<KekId> = keks.ids().filter(|id| Some(*id) != primary).collect();
        (primary, ids.into_iter().collect())
    }

    /// Rows of the ring that the primary does not wrap.
    #[must_use]
    pub fn ring_rows_to_rewrap(&self) -> u64 {
        let keks = self.keks();
        let primary = keks.primary().map(aiconfig_vault::kek::Kek::id);
        let ring = self.ring();
        let rows = ring.rows().filter(|row| row.state.is_kept());
        rows.filter(|row| Some(row.kek_id) != primary).count() as u64
    }

    /// Whether the files of key-encryption keys, as they were looked at last, are what is in force.
    #[must_use]
    pub fn kek_files_in_force(&self) -> bool {
        let seen = self.kek_files.seen.lock();
        let seen = seen.unwrap_or_else(PoisonError::into_inner);
        seen.problems.is_empty()
    }

    /// Looks at the files of key-encryption keys, and takes up what changed: a ring or keys that
    /// did not open may then do so.
    ///
    /// A file that is bad takes nothing away, and neither do files without a key that the ring
    /// needs: what was loaded before stays beside what they hold.
    ///
    /// # Errors
    /// As the store's; the next look tries again.
    pub async fn reload_keks(&self) -> Result<KekReload, AppError> {
        let found = KekSet::find_all(&self.kek_files.config, self.random.as_ref());
        let ids: Vec<KekId> = found.keks.ids().collect();
        let mut problems = texts(&found);
        let _turn = self.turn().await?;
        let former = self.keks();
        let held: BTreeSet<KekId> = former.ids().collect();
        let live = self.live.load_full();
        let rows = live.ring.rows().filter(|row| row.state.is_kept());
        let needed: BTreeSet<KekId> = rows.map(|row| row.kek_id).collect();
        for id in needed.intersection(&held).filter(|id| !ids.contains(id)) {
            problems.push(format!(
                "the keyring needs key-encryption key {id}, which no file holds any more"
            ));
        }
        let seen = Seen { ids, problems };
        if *self.seen_keks() == seen {
            return Ok(KekReload::Unchanged);
        }
        let keks = if seen.problems.is_empty() {
            found.keks
        } else {
            found.keks.beside(&former)
        };
        let rows = self.store.sealed(None).await?;
        let mut next = (*live).clone();
        next.take_sealed(&rows, &keks);
        self.keks.store(Arc::new(keks));
        self.publish(next);
        let problems = seen.problems.clone();
        *self.seen_keks() = seen;
        Ok(if problems.is_empty() {
            KekReload::Taken
        } else {
            KekReload::Kept(problems)
        })
    }

    fn seen_keks(&self) -> std::sync::MutexGuard<'_, Seen> {
        let seen = self.kek_files.seen.lock();
        seen.unwrap_or_else(PoisonError::into_inner)
    }
}
