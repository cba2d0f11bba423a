//! The whole live state, in memory. A copy is cheap; applying a change costs what it changes.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use imbl::OrdMap;

use crate::digest::{ABSENT, StateDigest, etag};
use crate::{
    AccountEntry, AccountId, AccountState, Change, CreditOperation, Function, FunctionName,
    GlobalSettings, KeyFreeze, Meta, Modality, Model, ModelId, ModelStatus, OperationType,
    Override, Provider, ProviderKey, ProviderName, Record, Resource, ResourceKey, Stored,
    Timestamp, Token, TokenId,
};

type Shared<K, V> = Arc<BTreeMap<K, Arc<Stored<V>>>>;

/// The state that the log adds up to at a revision.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    revision: u64,
    log_time: Timestamp,
    digest: StateDigest,
    resources: i64,
    accounts: OrdMap<AccountId, Arc<AccountEntry>>,
    globals: Option<Arc<Stored<GlobalSettings>>>,
    freeze: Option<Arc<Stored<KeyFreeze>>>,
    providers: Shared<ProviderName, Provider>,
    keys: Shared<(ProviderName, u32), ProviderKey>,
    models: Shared<ModelId, Model>,
    functions: Shared<FunctionName, Function>,
    operations: Shared<OperationType, CreditOperation>,
    tokens: Shared<TokenId, Token>,
    /// How many account rows name a model.
    named_by_accounts: OrdMap<Arc<str>, i64>,
}

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
        self.remove(&resource.key());
        self.digest.add(&resource);
        self.resources += 1;
        match resource {
            Resource::Account(value) => {
                let id = value.account_id();
                let overrides = self
                    .accounts
                    .get(&id)
                    .map(|entry| entry.overrides.clone())
                    .unwrap_or_default();
                self.accounts.insert(
                    id,
                    Arc::new(AccountEntry {
                        state: Stored { value, meta },
                        overrides,
                    }),
                );
            }
            Resource::Override(value) => {
                self.count_model(&value, 1);
                self.put_override(Stored { value, meta });
            }
            Resource::GlobalSettings(value) => {
                self.globals = Some(Arc::new(Stored { value, meta }));
            }
            Resource::KeyFreeze(value) => self.freeze = Some(Arc::new(Stored { value, meta })),
            Resource::Provider(value) => put(&mut self.providers, value.name.clone(), value, meta),
            Resource::ProviderKey(value) => put(
                &mut self.keys,
                (value.provider.clone(), value.version),
                value,
                meta,
            ),
            Resource::Model(value) => put(&mut self.models, value.model_id.clone(), value, meta),
            Resource::Function(value) => put(&mut self.functions, value.name.clone(), value, meta),
            Resource::CreditOperation(value) => put(
                &mut self.operations,
                value.operation_type.clone(),
                value,
                meta,
            ),
            Resource::Token(value) => put(&mut self.tokens, value.token_id.clone(), value, meta),
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
            ResourceKey::Account(_) => {}
            ResourceKey::Override(id, kind) => {
                if let Resource::Override(row) = &old {
                    self.count_model(row, -1);
                }
                if let Some(entry) = self.accounts.get_mut(id) {
                    Arc::make_mut(entry)
                        .overrides
                        .retain(|row| row.value.integration_type != *kind);
                }
            }
            ResourceKey::GlobalSettings => self.globals = None,
            ResourceKey::KeyFreeze => self.freeze = None,
            ResourceKey::Provider(name) => drop(Arc::make_mut(&mut self.providers).remove(name)),
            ResourceKey::ProviderKey(name, version) => {
                drop(Arc::make_mut(&mut self.keys).remove(&(name.clone(), *version)));
            }
            ResourceKey::Model(id) => drop(Arc::make_mut(&mut self.models).remove(id)),
            ResourceKey::Function(name) => drop(Arc::make_mut(&mut self.functions).remove(name)),
            ResourceKey::CreditOperation(name) => {
                drop(Arc::make_mut(&mut self.operations).remove(name));
            }
            ResourceKey::Token(id) => drop(Arc::make_mut(&mut self.tokens).remove(id)),
        }
    }

    fn put_override(&mut self, row: Stored<Override>) {
        let id = row.value.account_id;
        if let Some(entry) = self.accounts.get_mut(&id) {
            Arc::make_mut(entry).overrides.push(row);
        } else {
            // Rows come in the order of their kinds, accounts first; a row without its account
            // is kept behind a tombstone, so that the digest tells of it.
            let state = Stored {
                value: AccountState::Deleted {
                    account_id: id,
                    source_version: 0,
                },
                meta: row.meta.clone(),
            };
            self.accounts.insert(
                id,
                Arc::new(AccountEntry {
                    state,
                    overrides: vec![row],
                }),
            );
        }
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

    /// When and by whom a resource was changed last.
    #[must_use]
    pub fn meta(&self, key: &ResourceKey) -> Option<Meta> {
        Some(match key {
            ResourceKey::Account(id) => self.accounts.get(id)?.state.meta.clone(),
            ResourceKey::Override(id, kind) => {
                self.accounts.get(id)?.override_of(kind)?.meta.clone()
            }
            ResourceKey::GlobalSettings => self.globals.as_ref()?.meta.clone(),
            ResourceKey::KeyFreeze => self.freeze.as_ref()?.meta.clone(),
            ResourceKey::Provider(name) => self.providers.get(name)?.meta.clone(),
            ResourceKey::ProviderKey(name, version) => {
                self.keys.get(&(name.clone(), *version))?.meta.clone()
            }
            ResourceKey::Model(id) => self.models.get(id)?.meta.clone(),
            ResourceKey::Function(name) => self.functions.get(name)?.meta.clone(),
            ResourceKey::CreditOperation(name) => self.operations.get(name)?.meta.clone(),
            ResourceKey::Token(id) => self.tokens.get(id)?.meta.clone(),
        })
    }

    /// A resource by its key.
    #[must_use]
    pub fn resource(&self, key: &ResourceKey) -> Option<Resource> {
        Some(match key {
            ResourceKey::Account(id) => {
                Resource::Account(self.accounts.get(id)?.state.value.clone())
            }
            ResourceKey::Override(id, kind) => {
                Resource::Override(self.accounts.get(id)?.override_of(kind)?.value.clone())
            }
            ResourceKey::GlobalSettings => {
                Resource::GlobalSettings(self.globals.as_ref()?.value.clone())
            }
            ResourceKey::KeyFreeze => Resource::KeyFreeze(self.freeze.as_ref()?.value.clone()),
            ResourceKey::Provider(name) => {
                Resource::Provider(self.providers.get(name)?.value.clone())
            }
            ResourceKey::ProviderKey(name, version) => {
                Resource::ProviderKey(self.keys.get(&(name.clone(), *version))?.value.clone())
            }
            ResourceKey::Model(id) => Resource::Model(self.models.get(id)?.value.clone()),
            ResourceKey::Function(name) => {
                Resource::Function(self.functions.get(name)?.value.clone())
            }
            ResourceKey::CreditOperation(name) => {
                Resource::CreditOperation(self.operations.get(name)?.value.clone())
            }
            ResourceKey::Token(id) => Resource::Token(self.tokens.get(id)?.value.clone()),
        })
    }

    /// The etag of a resource: of what is stored, and a constant where nothing is.
    #[must_use]
    pub fn etag(&self, key: &ResourceKey) -> String {
        self.resource(key)
            .map_or_else(|| ABSENT.to_owned(), |resource| etag(&resource))
    }

    /// What is stored of an account, its tombstone too.
    #[must_use]
    pub fn account(&self, id: AccountId) -> Option<&AccountEntry> {
        self.accounts.get(&id).map(Arc::as_ref)
    }

    /// What is stored of the accounts after an id, in order.
    pub fn accounts_after(&self, id: Option<AccountId>) -> impl Iterator<Item = &AccountEntry> {
        let from = id.map_or(Bound::Unbounded, Bound::Excluded);
        self.accounts
            .range((from, Bound::Unbounded))
            .map(|(_, entry)| entry.as_ref())
    }

    /// The global settings.
    #[must_use]
    pub fn globals(&self) -> Option<&Stored<GlobalSettings>> {
        self.globals.as_deref()
    }

    /// The stop of key releases.
    #[must_use]
    pub fn key_freeze(&self) -> KeyFreeze {
        self.freeze
            .as_ref()
            .map(|freeze| freeze.value.clone())
            .unwrap_or_default()
    }

    /// Whether releases of a provider's keys are stopped.
    #[must_use]
    pub fn is_frozen(&self, provider: &ProviderName) -> bool {
        self.freeze
            .as_ref()
            .is_some_and(|freeze| freeze.value.stops(provider))
    }

    /// A provider.
    #[must_use]
    pub fn provider(&self, name: &str) -> Option<&Stored<Provider>> {
        self.providers.get(name).map(Arc::as_ref)
    }

    /// Every provider, by name.
    pub fn providers(&self) -> impl Iterator<Item = &Stored<Provider>> {
        self.providers.values().map(Arc::as_ref)
    }

    /// A key version.
    #[must_use]
    pub fn provider_key(&self, name: &ProviderName, version: u32) -> Option<&Stored<ProviderKey>> {
        self.keys.get(&(name.clone(), version)).map(Arc::as_ref)
    }

    /// The key versions of a provider, from the first.
    pub fn provider_keys(&self, name: &ProviderName) -> impl Iterator<Item = &Stored<ProviderKey>> {
        self.keys
            .range((name.clone(), 0)..=(name.clone(), u32::MAX))
            .map(|(_, key)| key.as_ref())
    }

    /// A model.
    #[must_use]
    pub fn model(&self, id: &str) -> Option<&Stored<Model>> {
        self.models.get(id).map(Arc::as_ref)
    }

    /// Every model, by id.
    pub fn models(&self) -> impl Iterator<Item = &Stored<Model>> {
        self.models.values().map(Arc::as_ref)
    }

    /// A function.
    #[must_use]
    pub fn function(&self, name: &str) -> Option<&Stored<Function>> {
        self.functions.get(name).map(Arc::as_ref)
    }

    /// Every function, by name.
    pub fn functions(&self) -> impl Iterator<Item = &Stored<Function>> {
        self.functions.values().map(Arc::as_ref)
    }

    /// A credit operation.
    #[must_use]
    pub fn credit_operation(&self, name: &str) -> Option<&Stored<CreditOperation>> {
        self.operations.get(name).map(Arc::as_ref)
    }

    /// Every credit operation, by type.
    pub fn credit_operations(&self) -> impl Iterator<Item = &Stored<CreditOperation>> {
        self.operations.values().map(Arc::as_ref)
    }

    /// A token.
    #[must_use]
    pub fn token(&self, id: &str) -> Option<&Stored<Token>> {
        self.tokens.get(id).map(Arc::as_ref)
    }

    /// Every token, by id.
    pub fn tokens(&self) -> impl Iterator<Item = &Stored<Token>> {
        self.tokens.values().map(Arc::as_ref)
    }

    /// The default model of a provider and modality, whatever its state.
    #[must_use]
    pub fn default_model(&self, provider: &ProviderName, modality: Modality) -> Option<&Model> {
        self.models().map(|model| &model.value).find(|model| {
            model.is_default && model.provider == *provider && model.modality == modality
        })
    }

    /// What is used where a model is named: itself if active, else the end of its replacements.
    #[must_use]
    pub fn usable<'a>(&'a self, model: &'a Model) -> Option<&'a Model> {
        let mut at = model;
        // Chains have no loops; the bound holds even if a stored one had.
        for _ in 0..=self.models.len() {
            if at.active {
                return Some(at);
            }
            at = &self.model(at.replacement.as_ref()?.as_str())?.value;
        }
        None
    }

    /// Whether a model is usable, retired or inactive (section 7).
    #[must_use]
    pub fn model_status(&self, model: &Model) -> ModelStatus {
        match self.usable(model) {
            Some(_) if model.active => ModelStatus::Usable,
            Some(_) => ModelStatus::Retired,
            None => ModelStatus::Inactive,
        }
    }

    /// Whether a provider has a usable model of a modality.
    #[must_use]
    pub fn has_usable_model(&self, provider: &ProviderName, modality: Modality) -> bool {
        self.models().any(|model| {
            let model = &model.value;
            model.active && model.provider == *provider && model.modality == modality
        })
    }

    /// Where a model is named: account rows by count, functions, sections and replacements.
    #[must_use]
    pub fn places_of(&self, model: &ModelId) -> Vec<String> {
        let mut places = Vec::new();
        let accounts = self
            .named_by_accounts
            .get(model.as_str())
            .copied()
            .unwrap_or(0);
        if accounts > 0 {
            places.push(format!("{accounts} account rows"));
        }
        let named = |value: &Option<Arc<str>>| value.as_deref() == Some(model.as_str());
        let functions = self
            .functions()
            .filter(|function| named(&function.value.defaults.model));
        places.extend(functions.map(|function| format!("function {}", function.value.name)));
        if let Some(globals) = self.globals() {
            let sections = globals
                .value
                .sections
                .iter()
                .filter(|(_, fields)| named(&fields.model));
            places.extend(sections.map(|(name, _)| format!("global section {name}")));
        }
        let replaced = self
            .models()
            .filter(|other| other.value.replacement.as_ref() == Some(model));
        places.extend(replaced.map(|other| format!("replacement of {}", other.value.model_id)));
        places
    }

    /// How many account rows, functions and sections name a model.
    #[must_use]
    pub fn used_by(&self, model: &ModelId) -> i64 {
        let accounts = self
            .named_by_accounts
            .get(model.as_str())
            .copied()
            .unwrap_or(0);
        let named = |value: &Option<Arc<str>>| value.as_deref() == Some(model.as_str());
        let functions = self
            .functions()
            .filter(|function| named(&function.value.defaults.model))
            .count();
        let sections = self.globals().map_or(0, |globals| {
            globals
                .value
                .sections
                .values()
                .filter(|fields| named(&fields.model))
                .count()
        });
        accounts + i64::try_from(functions + sections).unwrap_or(i64::MAX)
    }
}

fn put<K: Ord + Clone, V: Clone>(map: &mut Shared<K, V>, key: K, value: V, meta: Meta) {
    Arc::make_mut(map).insert(key, Arc::new(Stored { value, meta }));
}
