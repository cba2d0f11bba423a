//! Who has which items and what keeps a prompt in the library, written from the rules.

use std::collections::BTreeMap;

use super::{Content, Kind};
use crate::world::{No, World, invalid, no};

/// An item of the platform.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) content: Content,
    pub(crate) version: u32,
    pub(crate) active: bool,
}

/// An item of an account, and what it was cloned from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Own {
    pub(crate) content: Content,
    pub(crate) origin: Option<(i64, u32)>,
}

/// What the list of an account shows of an item.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shown {
    pub(crate) content: Content,
    pub(crate) custom: bool,
    pub(crate) cloned_from: Option<i64>,
    pub(crate) state: &'static str,
    pub(crate) dormant: bool,
}

/// The field of a request that holds an item.
fn holder(kind: Kind, global: bool) -> &'static str {
    match (kind, global) {
        (Kind::Profile, true) => "global_author_profile",
        (Kind::Profile, false) => "author_profile",
        (Kind::Strategy, true) => "global_strategy",
        (Kind::Strategy, false) => "strategy",
    }
}

impl World {
    fn may_own(&self, id: i64) -> Result<(), No> {
        if Self::may_override(&self.registered(id)?.plan) {
            Ok(())
        } else {
            no("PLAN_FORBIDS_OVERRIDES")
        }
    }

    /// Each prompt that a strategy names is in the library, active or not.
    fn check_content(&self, kind: Kind, global: bool, content: &Content) -> Result<(), No> {
        let in_library = |name: &String| {
            let kept = self.prompts.get(name);
            kept.is_some_and(|kept| kept.active.is_some())
        };
        let named = content.prompt_types.iter().enumerate();
        let wrong: Vec<String> = named
            .filter(|(_, name)| !in_library(name))
            .map(|(at, _)| format!("{}.prompt_types[{at}]", holder(kind, global)))
            .collect();
        if wrong.is_empty() {
            Ok(())
        } else {
            invalid(wrong)
        }
    }

    /// Whether a strategy of the platform or of an account names a prompt.
    pub(crate) fn in_use(&self, prompt: &str) -> bool {
        let names = |content: &Content| content.prompt_types.iter().any(|name| name == prompt);
        let own = self
            .accounts
            .values()
            .flat_map(|account| account.own.values());
        self.items.values().any(|item| names(&item.content))
            || own.map(|own| &own.content).any(names)
    }

    /// The platform's item of a name.
    pub(crate) fn item(&self, kind: Kind, name: &str) -> Option<i64> {
        let mut items = self.items.iter();
        let found = items.find(|(_, item)| item.kind == kind && item.name == name);
        found.map(|(id, _)| *id)
    }

    pub(crate) fn may_create_item(
        &self,
        kind: Kind,
        name: &str,
        content: &Content,
    ) -> Result<(), No> {
        self.check_content(kind, true, content)?;
        if self.item(kind, name).is_some() {
            return no("ALREADY_EXISTS");
        }
        Ok(())
    }

    /// A change of the word and the prompts; no prompts means that they are not given.
    pub(crate) fn change_item(&mut self, id: i64, given: &Content, active: bool) -> Result<(), No> {
        let kind = self.items[&id].kind;
        self.check_content(kind, true, given)?;
        let item = self.items.get_mut(&id).unwrap();
        let next = changed(&item.content, given);
        item.version += u32::from(next != item.content);
        item.content = next;
        item.active = active;
        Ok(())
    }

    /// Whether a row of a clone comes to be.
    pub(crate) fn clone_item(&mut self, item: i64, id: i64) -> bool {
        let Some(global) = self
            .items
            .get(&item)
            .filter(|global| global.active)
            .cloned()
        else {
            return false;
        };
        if self.may_own(id).is_err() {
            return false;
        }
        let own = &mut self.accounts.get_mut(&id).unwrap().own;
        let key = (global.kind, global.name);
        if own.contains_key(&key) {
            return false;
        }
        let origin = Some((item, global.version));
        let content = global.content;
        own.insert(key, Own { content, origin });
        true
    }

    pub(crate) fn create_own(
        &mut self,
        kind: Kind,
        id: i64,
        name: &str,
        content: &Content,
    ) -> Result<(), No> {
        self.may_own(id)?;
        self.check_content(kind, false, content)?;
        let own = &mut self.accounts.get_mut(&id).unwrap().own;
        let key = (kind, name.to_owned());
        if own.contains_key(&key) {
            return no("ALREADY_EXISTS");
        }
        let content = content.clone();
        own.insert(
            key,
            Own {
                content,
                origin: None,
            },
        );
        Ok(())
    }

    pub(crate) fn change_own(
        &mut self,
        kind: Kind,
        id: i64,
        name: &str,
        given: &Content,
    ) -> Result<(), No> {
        self.may_own(id)?;
        self.check_content(kind, false, given)?;
        let own = &mut self.accounts.get_mut(&id).unwrap().own;
        let own = own.get_mut(&(kind, name.to_owned())).unwrap();
        own.content = changed(&own.content, given);
        Ok(())
    }

    pub(crate) fn delete_own(&mut self, kind: Kind, id: i64, name: &str) {
        let account = self.accounts.get_mut(&id).unwrap();
        account.own.remove(&(kind, name.to_owned())).unwrap();
    }

    pub(crate) fn shown(&self, kind: Kind, id: i64) -> Result<BTreeMap<String, Shown>, No> {
        let account = self.registered(id)?;
        let dormant = !Self::may_override(&account.plan);
        let show = |own: &Own| {
            let global = own.origin.and_then(|(item, _)| self.items.get(&item));
            let state = match (own.origin, global) {
                (None, _) => "",
                (Some((_, version)), Some(global)) if global.active => {
                    if version == global.version {
                        "CURRENT"
                    } else {
                        "BEHIND"
                    }
                }
                _ => "RETIRED",
            };
            Shown {
                content: own.content.clone(),
                custom: own.origin.is_none(),
                cloned_from: own
                    .origin
                    .map(|(item, _)| item)
                    .filter(|_| global.is_some()),
                state,
                dormant,
            }
        };
        let items = account.own.iter().filter(|((of, _), _)| *of == kind);
        Ok(items
            .map(|((_, name), own)| (name.clone(), show(own)))
            .collect())
    }
}

fn changed(content: &Content, given: &Content) -> Content {
    let kept = if given.prompt_types.is_empty() {
        &content.prompt_types
    } else {
        &given.prompt_types
    };
    Content {
        word: given.word.clone(),
        prompt_types: kept.clone(),
    }
}
