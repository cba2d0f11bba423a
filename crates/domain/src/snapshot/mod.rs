//! The whole live state, in memory. A copy is cheap; applying a change costs what it changes.

mod lookup;
mod own;
mod resources;
mod uses;

use std::collections::BTreeMap;
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};

use crate::account::{PromptBase, Rare};
use crate::digest::{Leaf, StateDigest};
use crate::{
    AccountEntry, AccountId, AccountState, AuthorProfile, Change, CreditOperation, Function,
    FunctionName, GlobalPrompt, GlobalSettings, ItemId, KeyFreeze, LibraryItem, Meta, Model,
    ModelId, ModuleSwitches, OperationType, Override, PromptRow, PromptType, PromptVersion,
    Provider, ProviderKey, ProviderName, Record, Resource, ResourceKey, Stored, Strategy,
    Timestamp, Token, TokenId,
};

type Shared<K, V> = Arc<BTreeMap<K, Arc<Stored<V>>>>;
/// The key versions of a provider.
type Versions = BTreeMap<u32, Arc<Stored<ProviderKey>>>;

/// The state that the log adds up to at a revision.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    revision: u64,
    log_time: Timestamp,
    digest: StateDigest,
    resources: i64,
    accounts: OrdMap<AccountId, Arc<AccountEntry>>,
    globals: Option<Arc<Stored<GlobalSettings>>>,
    modules: Option<Arc<Stored<ModuleSwitches>>>,
    freeze: Option<Arc<Stored<KeyFreeze>>>,
    providers: Shared<ProviderName, Provider>,
    keys: Arc<BTreeMap<ProviderName, Versions>>,
    models: Shared<ModelId, Model>,
    /// Those of them that are the default of their provider and modality.
    defaults: Shared<ModelId, Model>,
    functions: Shared<FunctionName, Function>,
    operations: Shared<OperationType, CreditOperation>,
    tokens: Shared<TokenId, Token>,
    prompts: Shared<PromptType, GlobalPrompt>,
    versions: Shared<(PromptType, u32), PromptVersion>,
    profiles: Shared<ItemId, LibraryItem<AuthorProfile>>,
    strategies: Shared<ItemId, LibraryItem<Strategy>>,
    /// What accounts' prompts are based on, each once.
    bases: OrdSet<Arc<PromptBase>>,
    /// How many account rows name a model.
    named_by_accounts: OrdMap<Arc<str>, i64>,
    /// How many strategies of accounts name a prompt type.
    named_by_strategies: OrdMap<PromptType, i64>,
}

pub use uses::{ModelUses, PromptUses};

impl Snapshot {
    /// The empty state, at revision 0.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The last revision in it.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// The time of the last revision.
    #[must_use]
    pub const fn log_time(&self) -> Timestamp {
        self.log_time
    }

    /// The digest over all live resources.
    #[must_use]
    pub const fn digest(&self) -> StateDigest {
        self.digest
    }

    /// How many resources are live.
    #[must_use]
    pub const fn resource_count(&self) -> i64 {
        self.resources
    }

    /// Sets revision and time after rows were restored.
    pub fn set_head(&mut self, revision: u64, log_time: Timestamp) {
        self.revision = revision;
        self.log_time = log_time;
    }

    /// Puts a record of the log into the state.
    pub fn apply(&mut self, record: &Record) {
        self.revision = record.revision;
        self.log_time = record.time;
        match &record.change {
            Change::Put(resource) => {
                let create_time = self
                    .meta(&resource.key())
                    .map_or(record.time, |meta| meta.create_time);
                let meta = Meta {
                    revision: record.revision,
                    create_time,
                    update_time: record.time,
                    updated_by: Arc::clone(&record.actor),
                };
                self.restore(resource.clone(), meta);
            }
            Change::Delete(key) => self.remove(key),
        }
    }

    /// Puts a stored resource into the state, in place of the one of the same key.
    pub fn restore(&mut self, resource: Resource, meta: Meta) {
        let leaf = Leaf::of(&resource);
        self.restore_hashed(resource, &leaf, meta);
    }

    /// As [`Snapshot::restore`], with the leaf of the resource made elsewhere.
    pub fn restore_hashed(&mut self, resource: Resource, leaf: &Leaf, meta: Meta) {
        if resource.kind().is_notice() {
            return;
        }
        self.remove(&resource.key());
        self.digest.add(leaf);
        self.resources += 1;
        match resource {
            Resource::Account(value) => {
                let id = value.account_id();
                let state = Stored { value, meta };
                if let Some(entry) = self.accounts.get_mut(&id) {
                    Arc::make_mut(entry).state = state;
                } else {
                    self.accounts.insert(id, Arc::new(AccountEntry::new(state)));
                }
            }
            Resource::Override(value) => {
                self.count_model(&value, 1);
                let entry = self.entry(value.account_id, &meta);
                entry.overrides.push(&Stored { value, meta });
            }
            Resource::AccountModules(value) => {
                let id = value.account_id;
                let entry = self.entry(id, &meta).rare();
                entry.modules = Some(Box::new(Stored { value, meta }));
            }
            Resource::PlatformModules(value) => {
                self.modules = Some(Arc::new(Stored { value, meta }));
            }
            Resource::GlobalSettings(value) => {
                self.globals = Some(Arc::new(Stored { value, meta }));
            }
            Resource::KeyFreeze(value) => self.freeze = Some(Arc::new(Stored { value, meta })),
            Resource::Provider(value) => put(&mut self.providers, value.name.clone(), value, meta),
            Resource::ProviderKey(value) => {
                let keys = Arc::make_mut(&mut self.keys);
                let versions = keys.entry(value.provider.clone()).or_default();
                versions.insert(value.version, Arc::new(Stored { value, meta }));
            }
            Resource::Model(value) => {
                let (id, stored) = (value.model_id.clone(), Arc::new(Stored { value, meta }));
                if stored.value.is_default {
                    let defaults = Arc::make_mut(&mut self.defaults);
                    defaults.insert(id.clone(), Arc::clone(&stored));
                }
                Arc::make_mut(&mut self.models).insert(id, stored);
            }
            Resource::Function(value) => put(&mut self.functions, value.name.clone(), value, meta),
            Resource::CreditOperation(value) => put(
                &mut self.operations,
                value.operation_type.clone(),
                value,
                meta,
            ),
            Resource::Token(value) => put(&mut self.tokens, value.token_id.clone(), value, meta),
            Resource::GlobalPrompt(value) => {
                put(&mut self.prompts, value.prompt_type.clone(), value, meta);
            }
            Resource::PromptVersion(value) => put(
                &mut self.versions,
                (value.prompt_type.clone(), value.version),
                value,
                meta,
            ),
            Resource::AccountPrompt(value) => {
                let base = self.share_base(PromptBase::of(&value));
                let row = PromptRow::new(value.text, base, meta.clone());
                let entry = self.entry(value.account_id, &meta).rare();
                entry.push_prompt(row);
            }
            Resource::LibraryProfile(value) => put(&mut self.profiles, value.id, value, meta),
            Resource::LibraryStrategy(value) => put(&mut self.strategies, value.id, value, meta),
            Resource::OwnProfile(value) => self.put_own_profile(value, meta),
            Resource::OwnStrategy(value) => self.put_own_strategy(value, meta),
            // They are no part of the state.
            Resource::RingKey(_) | Resource::KeySeal(_) => {}
        }
    }

    fn remove(&mut self, key: &ResourceKey) {
        let Some(old) = self.resource(key) else {
            return;
        };
        self.digest.remove(&old);
        self.resources -= 1;
        match key {
            // What follows puts the account or its tombstone back, with its rows.
            ResourceKey::Account(_) | ResourceKey::RingKey(..) | ResourceKey::KeySeal(..) => {}
            ResourceKey::Override(id, kind) => {
                if let Resource::Override(row) = &old {
                    self.count_model(row, -1);
                }
                if let Some(entry) = self.accounts.get_mut(id) {
                    Arc::make_mut(entry).overrides.remove(kind);
                }
            }
            ResourceKey::AccountModules(id) => {
                if let Some(rare) = self.kept_rare(*id) {
                    rare.modules = None;
                }
            }
            ResourceKey::PlatformModules => self.modules = None,
            ResourceKey::GlobalSettings => self.globals = None,
            ResourceKey::KeyFreeze => self.freeze = None,
            ResourceKey::Provider(name) => drop(Arc::make_mut(&mut self.providers).remove(name)),
            ResourceKey::ProviderKey(name, version) => {
                let keys = Arc::make_mut(&mut self.keys);
                drop(keys.get_mut(name).and_then(|keys| keys.remove(version)));
            }
            ResourceKey::Model(id) => {
                drop(Arc::make_mut(&mut self.models).remove(id));
                drop(Arc::make_mut(&mut self.defaults).remove(id));
            }
            ResourceKey::Function(name) => drop(Arc::make_mut(&mut self.functions).remove(name)),
            ResourceKey::CreditOperation(name) => {
                drop(Arc::make_mut(&mut self.operations).remove(name));
            }
            ResourceKey::Token(id) => drop(Arc::make_mut(&mut self.tokens).remove(id)),
            ResourceKey::GlobalPrompt(name) => {
                drop(Arc::make_mut(&mut self.prompts).remove(name));
            }
            ResourceKey::PromptVersion(name, version) => {
                drop(Arc::make_mut(&mut self.versions).remove(&(name.clone(), *version)));
            }
            ResourceKey::AccountPrompt(id, name) => {
                if let Some(rare) = self.kept_rare(*id) {
                    rare.remove_prompt(name);
                }
            }
            ResourceKey::LibraryProfile(id) => drop(Arc::make_mut(&mut self.profiles).remove(id)),
            ResourceKey::LibraryStrategy(id) => {
                drop(Arc::make_mut(&mut self.strategies).remove(id));
            }
            ResourceKey::OwnProfile(id, item) => self.remove_own_profile(*id, *item),
            ResourceKey::OwnStrategy(id, item) => self.remove_own_strategy(*id, *item),
        }
    }

    /// The account of a row. Rows come in the order of their kinds, accounts first; a row without
    /// its account is kept behind a tombstone, so that the digest tells of it.
    fn entry(&mut self, id: AccountId, meta: &Meta) -> &mut AccountEntry {
        let entry = self.accounts.entry(id).or_insert_with(|| {
            let value = AccountState::Deleted {
                account_id: id,
                source_version: 0,
            };
            let meta = meta.clone();
            Arc::new(AccountEntry::new(Stored { value, meta }))
        });
        Arc::make_mut(entry)
    }

    fn kept_rare(&mut self, id: AccountId) -> Option<&mut Rare> {
        Arc::make_mut(self.accounts.get_mut(&id)?).kept_rare()
    }

    fn count_model(&mut self, row: &Override, by: i64) {
        if let Some(model) = &row.fields.model {
            let count = self.named_by_accounts.get(model).copied().unwrap_or(0) + by;
            if count == 0 {
                self.named_by_accounts.remove(model);
            } else {
                self.named_by_accounts.insert(Arc::clone(model), count);
            }
        }
    }

    /// Puts what a prompt is based on into one place with the same of others. Most are texts of the
    /// library, so they do not become many.
    fn share_base(&mut self, base: PromptBase) -> Arc<PromptBase> {
        if let Some(known) = self.bases.get(&base) {
            return Arc::clone(known);
        }
        let base = Arc::new(base);
        self.bases.insert(Arc::clone(&base));
        base
    }
}

fn put<K: Ord + Clone, V: Clone>(map: &mut Shared<K, V>, key: K, value: V, meta: Meta) {
    Arc::make_mut(map).insert(key, Arc::new(Stored { value, meta }));
}
