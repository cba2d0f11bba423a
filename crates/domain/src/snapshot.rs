//! The whole live state, in memory. A copy is cheap; applying a change costs what it changes.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use imbl::OrdMap;

use crate::digest::{ABSENT, StateDigest, etag};
use crate::{
    AccountEntry, AccountId, AccountModules, AccountState, Change, CreditOperation, Function,
    FunctionName, GlobalSettings, KeyFreeze, Meta, Modality, Model, ModelId, ModelStatus, Module,
    ModuleOff, ModuleSwitches, OperationType, Override, Provider, ProviderKey, ProviderName,
    Record, Resource, ResourceKey, Stored, Timestamp, Token, TokenId,
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
    modules: Option<Arc<Stored<ModuleSwitches>>>,
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
                let state = Stored { value, meta };
                if let Some(entry) = self.accounts.get_mut(&id) {
                    Arc::make_mut(entry).state = state;
                } else {
                    self.accounts.insert(id, Arc::new(AccountEntry::new(state)));
                }
            }
            Resource::Override(value) => {
                self.count_model(&value, 1);
                let row = Stored { value, meta };
                self.entry(row.value.account_id, &row.meta.clone())
                    .overrides
                    .push(row);
            }
            Resource::AccountModules(value) => {
                let id = value.account_id;
                let row = Arc::new(Stored { value, meta });
                self.entry(id, &row.meta).modules = Some(Arc::clone(&row));
            }
            Resource::PlatformModules(value) => {
                self.modules = Some(Arc::new(Stored { value, meta }));
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
            ResourceKey::AccountModules(id) => {
                if let Some(entry) = self.accounts.get_mut(id) {
                    Arc::make_mut(entry).modules = None;
                }
            }
            ResourceKey::PlatformModules => self.modules = None,
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
            ResourceKey::AccountModules(id) => self.account_modules(*id)?.meta.clone(),
            ResourceKey::PlatformModules => self.modules.as_ref()?.meta.clone(),
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
            ResourceKey::AccountModules(id) => {
                Resource::AccountModules(self.account_modules(*id)?.value.clone())
            }
            ResourceKey::PlatformModules => {
                Resource::PlatformModules(self.modules.as_ref()?.value.clone())
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
    pub fn accounts_after(
        &self,
        id: Option<AccountId>,
    ) -> impl DoubleEndedIterator<Item = &AccountEntry> {
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

    /// The platform's switches of modules.
    #[must_use]
    pub fn platform_modules(&self) -> Option<&ModuleSwitches> {
        self.modules.as_ref().map(|stored| &stored.value)
    }

    /// When and by whom the platform's switches were changed.
    #[must_use]
    pub fn platform_modules_meta(&self) -> Option<&Meta> {
        self.modules.as_ref().map(|stored| &stored.meta)
    }

    /// An account's switches of modules; none if all are on.
    #[must_use]
    pub fn account_modules(&self, id: AccountId) -> Option<&Stored<AccountModules>> {
        self.accounts.get(&id)?.modules.as_deref()
    }

    /// Why a module is off for an account; `None`: it is on. An unknown account has no switches.
    #[must_use]
    pub fn module_off(&self, id: AccountId, module: Module) -> Option<ModuleOff> {
        let off = |switches: &ModuleSwitches| !switches.is_on(module);
        if self.platform_modules().is_some_and(off) {
            return Some(ModuleOff::Platform);
        }
        let own = self.account_modules(id);
        own.is_some_and(|row| off(&row.value.switches))
            .then_some(ModuleOff::Account)
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

    /// Where a model is named.
    #[must_use]
    pub fn uses_of(&self, model: &ModelId) -> ModelUses {
        let named = |value: &Option<Arc<str>>| value.as_deref() == Some(model.as_str());
        let functions = self
            .functions()
            .filter(|function| named(&function.value.defaults.model));
        let sections = self
            .globals()
            .into_iter()
            .flat_map(|globals| &globals.value.sections);
        let replaced = self
            .models()
            .filter(|other| other.value.replacement.as_ref() == Some(model));
        let rows = self.named_by_accounts.get(model.as_str());
        ModelUses {
            account_rows: rows.copied().unwrap_or(0),
            functions: functions.map(|f| f.value.name.to_string()).collect(),
            sections: sections
                .filter(|(_, fields)| named(&fields.model))
                .map(|(name, _)| name.to_string())
                .collect(),
            replacements: replaced.map(|m| m.value.model_id.to_string()).collect(),
        }
    }
}

/// Where a model is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelUses {
    /// How many rows of accounts.
    pub account_rows: i64,
    /// Functions with it as their default.
    pub functions: Vec<String>,
    /// Sections of the global settings.
    pub sections: Vec<String>,
    /// Models that it replaces.
    pub replacements: Vec<String>,
}

impl ModelUses {
    /// How many in all.
    #[must_use]
    pub fn total(&self) -> i64 {
        let named = self.functions.len() + self.sections.len() + self.replacements.len();
        self.account_rows + i64::try_from(named).unwrap_or(i64::MAX)
    }

    /// Each kind of place with its names or count; those without any are left out.
    #[must_use]
    pub fn by_kind(&self) -> Vec<(&'static str, String)> {
        let rows = (self.account_rows > 0).then(|| self.account_rows.to_string());
        let list = |names: &[String]| (!names.is_empty()).then(|| names.join(", "));
        [
            ("account_rows", rows),
            ("functions", list(&self.functions)),
            ("sections", list(&self.sections)),
            ("replacements", list(&self.replacements)),
        ]
        .into_iter()
        .filter_map(|(kind, what)| Some((kind, what?)))
        .collect()
    }
}

fn put<K: Ord + Clone, V: Clone>(map: &mut Shared<K, V>, key: K, value: V, meta: Meta) {
    Arc::make_mut(map).insert(key, Arc::new(Stored { value, meta }));
}
