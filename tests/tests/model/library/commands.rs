//! Random commands on both libraries, and the comparison of what accounts have.

use std::collections::BTreeMap;

use rand::RngExt as _;

use super::rules::{Item, Shown};
use super::{Content, Kind};
use crate::generator::{ACCOUNTS, Generator};
use crate::world::No;
use crate::{Run, compare, prompts};

const NAMES: [&str; 4] = ["Model A", "Model B", "Model C", "Model D"];
const WORDS: [&str; 3] = ["calm", "brisk", "dry"];

impl Generator {
    fn content(&mut self, kind: Kind) -> Content {
        let mut prompt_types = Vec::new();
        if kind == Kind::Strategy {
            for (name, of_ten) in prompts::TYPES.iter().zip([5, 5, 1]) {
                if self.chance(of_ten) {
                    prompt_types.push((*name).to_owned());
                }
            }
        }
        Content {
            word: self.pick(&WORDS).to_owned(),
            prompt_types,
        }
    }
}

impl Run {
    pub(crate) async fn library_command(&mut self, generator: &mut Generator) {
        let kind = if generator.chance(5) {
            Kind::Profile
        } else {
            Kind::Strategy
        };
        let (name, content) = (generator.pick(&NAMES), generator.content(kind));
        let id = generator.id();
        match generator.random.random_range(0..10) {
            0 | 1 => self.create_global(kind, name, content).await,
            2 => {
                let active = generator.chance(7);
                self.update_global(kind, name, &content, active).await;
            }
            3 => self.delete_global(kind, name).await,
            4..7 => self.clone_items(kind, id).await,
            7 => self.create_own(kind, id, name, &content).await,
            8 => self.update_own(kind, id, name, &content).await,
            _ => self.delete_own(kind, id, name).await,
        }
    }

    async fn create_global(&mut self, kind: Kind, name: &str, content: Content) {
        self.note(format!("create {kind:?} {name} {content:?}"));
        let service = self.call_create_global(kind, name, &content).await;
        let plain = self.world.may_create_item(kind, name, &content);
        self.outcome("a new item", &service, &plain);
        if let Ok(id) = service {
            let item = Item {
                kind,
                name: name.to_owned(),
                content,
                version: 1,
                active: true,
            };
            self.world.items.insert(id, item);
        }
    }

    async fn update_global(&mut self, kind: Kind, name: &str, content: &Content, active: bool) {
        let Some(id) = self.world.item(kind, name) else {
            return;
        };
        self.note(format!(
            "update {kind:?} {name} {content:?} active={active}"
        ));
        let service = self.call_update_global(kind, id, name, content, active);
        let service = service.await;
        let plain = self.world.change_item(id, content, active);
        self.outcome("a change of an item", &service, &plain);
    }

    async fn delete_global(&mut self, kind: Kind, name: &str) {
        let Some(id) = self.world.item(kind, name) else {
            return;
        };
        self.note(format!("delete {kind:?} {name}"));
        let service = self.call_delete_global(kind, id).await;
        self.world.items.remove(&id);
        self.outcome("a deletion of an item", &service, &Ok(()));
    }

    /// Up to two items to two accounts: how many rows were refused, and what is there then.
    async fn clone_items(&mut self, kind: Kind, first: i64) {
        let some = NAMES.iter().filter_map(|name| self.world.item(kind, name));
        let ids: Vec<i64> = some.take(2).collect();
        if ids.is_empty() {
            return;
        }
        let accounts = [first, first % (ACCOUNTS + 1) + 1];
        self.note(format!("clone {kind:?} {ids:?} to {accounts:?}"));
        let failed = self.call_clone(kind, &ids, &accounts).await;
        let mut refused = 0;
        for account in accounts {
            for id in &ids {
                refused += i64::from(!self.world.clone_item(*id, account));
            }
        }
        if failed != refused {
            self.differ("refused rows of a clone", &failed, &refused);
        }
    }

    async fn create_own(&mut self, kind: Kind, id: i64, name: &str, content: &Content) {
        self.note(format!("create {kind:?} {name} {content:?} of {id}"));
        let service = self.call_create_own(kind, id, name, content).await;
        let plain = self.world.create_own(kind, id, name, content);
        self.outcome("an item of an account", &service, &plain);
    }

    /// The number of an account's item, asked of the service.
    async fn number(&mut self, kind: Kind, id: i64, name: &str) -> Option<i64> {
        let items = self.call_list(kind, id).await.ok()?;
        let found = items.into_iter().find(|(_, other, _)| other == name)?;
        Some(found.0)
    }

    async fn update_own(&mut self, kind: Kind, id: i64, name: &str, content: &Content) {
        let Some(number) = self.number(kind, id, name).await else {
            return;
        };
        self.note(format!("update {kind:?} {name} {content:?} of {id}"));
        let service = self.call_update_own(kind, (id, number), name, content);
        let service = service.await;
        let plain = self.world.change_own(kind, id, name, content);
        self.outcome("a change of an account's item", &service, &plain);
    }

    async fn delete_own(&mut self, kind: Kind, id: i64, name: &str) {
        let Some(number) = self.number(kind, id, name).await else {
            return;
        };
        self.note(format!("delete {kind:?} {name} of {id}"));
        let service = self.call_delete_own(kind, id, number).await;
        self.world.delete_own(kind, id, name);
        self.outcome("a deletion of an account's item", &service, &Ok(()));
    }

    pub(crate) async fn compare_library(&mut self, id: i64) {
        for kind in [Kind::Profile, Kind::Strategy] {
            let service = self.call_list(kind, id).await;
            let service: Result<BTreeMap<String, Shown>, No> = service
                .map(|items| {
                    items
                        .into_iter()
                        .map(|(_, name, shown)| (name, shown))
                        .collect()
                })
                .map_err(|status| compare::refusal(&status));
            let plain = self.world.shown(kind, id);
            if service != plain {
                self.differ(&format!("{kind:?} of account {id}"), &service, &plain);
            }
        }
    }
}
