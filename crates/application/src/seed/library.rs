//! The shipped author profiles and strategies.

use std::sync::Arc;

use aiconfig_domain::{AuthorProfile, ItemId, LibraryContent, LibraryItem, Resource, Strategy};
use serde::Deserialize;

use super::{SeedError, read};

#[derive(Deserialize)]
struct Library {
    #[serde(rename = "author_profile")]
    profiles: Vec<AuthorProfile>,
    #[serde(rename = "strategy")]
    strategies: Vec<Strategy>,
}

/// The starter library, numbered as items of the first revision.
pub(super) fn resources() -> Result<Vec<Resource>, SeedError> {
    let library: Library = read("library.toml", include_str!("../../seed/library.toml"))?;
    let mut items: Vec<Resource> = Vec::new();
    for profile in library.profiles {
        items.push(item(profile, items.len()));
    }
    for strategy in library.strategies {
        items.push(item(strategy, items.len()));
    }
    Ok(items)
}

fn item<T: LibraryContent>(content: T, place: usize) -> Resource {
    T::global_resource(LibraryItem {
        id: ItemId::of_revision(1, u64::try_from(place).unwrap_or(u64::MAX)),
        active: true,
        version: 1,
        content: Arc::new(content),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use aiconfig_domain::{
        Change, Command, CommandContext, Draft, LibraryCommand, Record, Snapshot, Timestamp, decide,
    };

    use super::*;

    /// Everything that is shipped, as a state without the library.
    fn shipped() -> Snapshot {
        let mut snapshot = Snapshot::new();
        for resource in crate::seed::resources().unwrap().0 {
            let library = matches!(
                resource,
                Resource::LibraryProfile(_) | Resource::LibraryStrategy(_)
            );
            if !library {
                snapshot.apply(&Record {
                    change: Change::Put(resource),
                    revision: 1,
                    time: Timestamp::default(),
                    actor: "test".into(),
                });
            }
        }
        snapshot
    }

    fn accepted(snapshot: &Snapshot, command: &Command) {
        let context = CommandContext {
            now: Timestamp::default(),
            actor: "test".into(),
        };
        let decided = decide(snapshot, command, &context);
        assert!(decided.is_ok(), "{command:?}: {decided:?}");
    }

    #[test]
    fn every_shipped_item_is_one_that_an_admin_could_make() {
        let snapshot = shipped();
        let mut ids = BTreeSet::new();
        for resource in resources().unwrap() {
            let command = match resource {
                Resource::LibraryProfile(item) => {
                    ids.insert(item.id);
                    create(&item)
                }
                Resource::LibraryStrategy(item) => {
                    ids.insert(item.id);
                    create(&item)
                }
                other => panic!("{other:?} is not of the library"),
            };
            accepted(&snapshot, &command);
        }
        assert_eq!(ids.first().map(|id| id.get()), Some(1_024));
        assert_eq!(ids.len(), 19, "numbers are given once");
    }

    fn create<T: LibraryContent>(item: &LibraryItem<T>) -> Command {
        let value = Draft {
            active: item.active,
            content: T::clone(&item.content),
        };
        T::command(LibraryCommand::CreateGlobal { value })
    }
}
