//! The library of author profiles and the accounts' copies: the rules plainly, and random commands
//! on both sides. Strategies have the same life.

use std::collections::BTreeMap;

use aiconfig_proto::v1;
use rand::RngExt as _;

use crate::commands::{ACCOUNTS, Generator};
use crate::world::{No, World, no};
use crate::{Run, compare};

const NAMES: [&str; 4] = ["Model A", "Model B", "Model C", "Model D"];
const TONES: [&str; 3] = ["calm", "brisk", "dry"];

/// An item of the platform.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    tone: String,
    version: u32,
    active: bool,
}

/// An item of an account: its tone, and what it was cloned from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Own {
    tone: String,
    origin: Option<(i64, u32)>,
}

/// What the list of an account shows of an item.
#[derive(Clone, Debug, PartialEq)]
struct Shown {
    tone: String,
    custom: bool,
    cloned_from: Option<i64>,
    state: &'static str,
    dormant: bool,
}

impl World {
    fn own(&self, id: i64, writes: bool) -> Result<(), No> {
        let account = self.registered(id)?;
        if writes && !Self::may_override(&account.plan) {
            return no("PLAN_FORBIDS_OVERRIDES");
        }
        Ok(())
    }

    /// Whether a row of a clone comes to be.
    fn clone_item(&mut self, item: i64, name: &str, id: i64) -> bool {
        let Some(global) = self
            .items
            .get(&item)
            .filter(|global| global.active)
            .cloned()
        else {
            return false;
        };
        if self.own(id, true).is_err() {
            return false;
        }
        let own = &mut self.accounts.get_mut(&id).unwrap().profiles;
        if own.contains_key(name) {
            return false;
        }
        let origin = Some((item, global.version));
        let tone = global.tone;
        own.insert(name.to_owned(), Own { tone, origin });
        true
    }

    fn shown(&self, id: i64) -> Result<BTreeMap<String, Shown>, No> {
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
                tone: own.tone.clone(),
                custom: own.origin.is_none(),
                cloned_from: own
                    .origin
                    .map(|(item, _)| item)
                    .filter(|_| global.is_some()),
                state,
                dormant,
            }
        };
        let items = account.profiles.iter();
        Ok(items.map(|(name, own)| (name.clone(), show(own))).collect())
    }
}

impl Run {
    pub(crate) async fn library_command(&mut self, generator: &mut Generator) {
        let (name, tone) = (generator.pick(&NAMES), generator.pick(&TONES));
        let id = generator.id();
        match generator.random.random_range(0..10) {
            0 | 1 => self.create_global(name, tone).await,
            2 => self.update_global(generator, name, tone).await,
            3 => self.delete_global(name).await,
            4..7 => self.clone_items(generator).await,
            7 => self.create_own(id, name, tone).await,
            8 => self.update_own(id, name, tone).await,
            _ => self.delete_own(id, name).await,
        }
    }

    async fn create_global(&mut self, name: &str, tone: &str) {
        self.note(format!("create profile {name} {tone}"));
        let profile = v1::GlobalAuthorProfile {
            name: name.to_owned(),
            tone: tone.to_owned(),
            category: v1::ProfileCategory::Blog.into(),
            ..Default::default()
        };
        let request = v1::CreateGlobalAuthorProfileRequest {
            global_author_profile: Some(profile),
            ..Default::default()
        };
        let service = self
            .admin
            .profiles
            .create_global_author_profile(request)
            .await;
        let plain = if self.item_ids.contains_key(name) {
            no("ALREADY_EXISTS")
        } else {
            Ok(())
        };
        self.outcome("a new profile", &service, &plain);
        if let Ok(made) = service {
            let made = made.into_inner().global_author_profile.unwrap();
            let item = made.author_profile_id;
            self.item_ids.insert(name.to_owned(), item);
            let tone = tone.to_owned();
            let (version, active) = (1, true);
            self.world.items.insert(
                item,
                Item {
                    tone,
                    version,
                    active,
                },
            );
        }
    }

    async fn update_global(&mut self, generator: &mut Generator, name: &str, tone: &str) {
        let Some(item) = self.item_ids.get(name).copied() else {
            return;
        };
        let active = generator.chance(7);
        self.note(format!("update profile {name} {tone} active={active}"));
        let profile = v1::GlobalAuthorProfile {
            author_profile_id: item,
            tone: tone.to_owned(),
            active: Some(active),
            ..Default::default()
        };
        let request = v1::UpdateGlobalAuthorProfileRequest {
            global_author_profile: Some(profile),
            ..Default::default()
        };
        let service = self
            .admin
            .profiles
            .update_global_author_profile(request)
            .await;
        let global = self.world.items.get_mut(&item).unwrap();
        global.version += u32::from(global.tone != tone);
        tone.clone_into(&mut global.tone);
        global.active = active;
        self.outcome("a change of a profile", &service, &Ok(()));
    }

    async fn delete_global(&mut self, name: &str) {
        let Some(item) = self.item_ids.remove(name) else {
            return;
        };
        self.note(format!("delete profile {name}"));
        let request = v1::DeleteGlobalAuthorProfileRequest {
            author_profile_id: item,
            ..Default::default()
        };
        let service = self
            .admin
            .profiles
            .delete_global_author_profile(request)
            .await;
        self.world.items.remove(&item);
        self.outcome("a deletion of a profile", &service, &Ok(()));
    }

    /// Up to two items to two accounts: how many rows were refused, and what is there then.
    async fn clone_items(&mut self, generator: &mut Generator) {
        let some = NAMES
            .iter()
            .filter_map(|name| Some((*name, *self.item_ids.get(*name)?)));
        let items: Vec<(&str, i64)> = some.take(2).collect();
        if items.is_empty() {
            return;
        }
        let first = generator.id();
        let accounts = [first, first % (ACCOUNTS + 1) + 1];
        self.note(format!("clone {items:?} to {accounts:?}"));
        let request = v1::CloneAuthorProfilesRequest {
            author_profile_ids: items.iter().map(|(_, item)| *item).collect(),
            account_ids: accounts.to_vec(),
            ..Default::default()
        };
        let stream = self.backend.profiles.clone_author_profiles(request).await;
        let mut stream = stream.unwrap().into_inner();
        let mut failed = 0;
        while let Some(message) = stream.message().await.unwrap() {
            failed = message.failed;
        }
        let mut refused = 0;
        for account in accounts {
            for (name, item) in &items {
                refused += i64::from(!self.world.clone_item(*item, name, account));
            }
        }
        if failed != refused {
            self.differ("refused rows of a clone", &failed, &refused);
        }
    }

    async fn create_own(&mut self, id: i64, name: &str, tone: &str) {
        self.note(format!("create profile {name} {tone} of {id}"));
        let profile = v1::AuthorProfile {
            account_id: id,
            name: name.to_owned(),
            tone: tone.to_owned(),
            category: v1::ProfileCategory::Blog.into(),
            ..Default::default()
        };
        let request = v1::CreateAuthorProfileRequest {
            author_profile: Some(profile),
            ..Default::default()
        };
        let service = self.backend.profiles.create_author_profile(request).await;
        let plain = self.world.own(id, true).and_then(|()| {
            let own = &mut self.world.accounts.get_mut(&id).unwrap().profiles;
            if own.contains_key(name) {
                return no("ALREADY_EXISTS");
            }
            let (tone, origin) = (tone.to_owned(), None);
            own.insert(name.to_owned(), Own { tone, origin });
            Ok(())
        });
        self.outcome("a profile of an account", &service, &plain);
    }

    /// The number of an account's item, asked of the service.
    async fn number(&mut self, id: i64, name: &str) -> Option<i64> {
        let profiles = self.profiles_of(id).await.ok()?;
        let found = profiles.into_iter().find(|profile| profile.name == name)?;
        Some(found.author_profile_id)
    }

    async fn update_own(&mut self, id: i64, name: &str, tone: &str) {
        let Some(author_profile_id) = self.number(id, name).await else {
            return;
        };
        self.note(format!("update profile {name} {tone} of {id}"));
        let profile = v1::AuthorProfile {
            account_id: id,
            author_profile_id,
            tone: tone.to_owned(),
            ..Default::default()
        };
        let request = v1::UpdateAuthorProfileRequest {
            author_profile: Some(profile),
            ..Default::default()
        };
        let service = self.backend.profiles.update_author_profile(request).await;
        let plain = self.world.own(id, true);
        if plain.is_ok() {
            let own = &mut self.world.accounts.get_mut(&id).unwrap().profiles;
            tone.clone_into(&mut own.get_mut(name).unwrap().tone);
        }
        self.outcome("a change of an account's profile", &service, &plain);
    }

    async fn delete_own(&mut self, id: i64, name: &str) {
        let Some(author_profile_id) = self.number(id, name).await else {
            return;
        };
        self.note(format!("delete profile {name} of {id}"));
        let request = v1::DeleteAuthorProfileRequest {
            account_id: id,
            author_profile_id,
            ..Default::default()
        };
        let service = self.backend.profiles.delete_author_profile(request).await;
        let own = &mut self.world.accounts.get_mut(&id).unwrap().profiles;
        own.remove(name);
        self.outcome("a deletion of an account's profile", &service, &Ok(()));
    }

    async fn profiles_of(&mut self, id: i64) -> Result<Vec<v1::AuthorProfile>, No> {
        let request = v1::ListAuthorProfilesRequest {
            account_id: id,
            page_size: 1_000,
            ..Default::default()
        };
        let listed = self.backend.profiles.list_author_profiles(request).await;
        let listed = listed.map_err(|status| compare::refusal(&status))?;
        Ok(listed.into_inner().author_profiles)
    }

    pub(crate) async fn compare_library(&mut self, id: i64) {
        let show = |profile: v1::AuthorProfile| {
            let state = match profile.origin_state() {
                v1::OriginState::Unspecified => "",
                v1::OriginState::Current => "CURRENT",
                v1::OriginState::Behind => "BEHIND",
                v1::OriginState::Retired => "RETIRED",
            };
            let shown = Shown {
                tone: profile.tone,
                custom: profile.custom,
                cloned_from: profile.cloned_from,
                state,
                dormant: profile.dormant,
            };
            (profile.name, shown)
        };
        let service = self.profiles_of(id).await;
        let service: Result<BTreeMap<String, Shown>, No> =
            service.map(|profiles| profiles.into_iter().map(show).collect());
        let plain = self.world.shown(id);
        if service != plain {
            self.differ(&format!("the profiles of account {id}"), &service, &plain);
        }
    }
}
