//! The parts of the state by name.

use std::ops::Bound;
use std::sync::Arc;

use crate::{
    AccountEntry, AccountId, AccountModules, AuthorProfile, CreditOperation, Function,
    GlobalPrompt, GlobalSettings, ItemId, KeyFreeze, LibraryItem, Meta, Model, Module, ModuleOff,
    ModuleSwitches, OwnItem, PromptType, PromptVersion, Provider, ProviderKey, ProviderName,
    Snapshot, Stored, Strategy, Token,
};

impl Snapshot {
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
        self.accounts.get(&id)?.modules()
    }

    /// Why a module is off for an account; `None`: it is on. An unknown account has no switches.
    #[must_use]
    pub fn module_off(&self, id: AccountId, module: Module) -> Option<ModuleOff> {
        self.module_off_for(self.account(id), module)
    }

    /// As [`Snapshot::module_off`], for who has the account at hand.
    #[must_use]
    pub fn module_off_for(
        &self,
        account: Option<&AccountEntry>,
        module: Module,
    ) -> Option<ModuleOff> {
        let off = |switches: &ModuleSwitches| !switches.is_on(module);
        if self.platform_modules().is_some_and(off) {
            return Some(ModuleOff::Platform);
        }
        let own = account.and_then(AccountEntry::modules);
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
        self.keys.get(name)?.get(&version).map(Arc::as_ref)
    }

    /// The key versions of a provider, from the first.
    pub fn provider_keys(&self, name: &ProviderName) -> impl Iterator<Item = &Stored<ProviderKey>> {
        let versions = self.keys.get(name).into_iter();
        versions.flat_map(|keys| keys.values().map(Arc::as_ref))
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

    /// A prompt of the library.
    #[must_use]
    pub fn global_prompt(&self, prompt_type: &str) -> Option<&Stored<GlobalPrompt>> {
        self.prompts.get(prompt_type).map(Arc::as_ref)
    }

    /// Every prompt of the library, by type.
    pub fn global_prompts(&self) -> impl Iterator<Item = &Stored<GlobalPrompt>> {
        self.prompts.values().map(Arc::as_ref)
    }

    /// The versions of a type, from the first; those of a deleted prompt too.
    #[must_use]
    pub fn prompt_versions(
        &self,
        prompt_type: &PromptType,
    ) -> impl DoubleEndedIterator<Item = &Stored<PromptVersion>> {
        self.prompt_versions_from(prompt_type, 0)
    }

    /// The versions of a type from a number on.
    #[must_use]
    pub fn prompt_versions_from(
        &self,
        prompt_type: &PromptType,
        first: u32,
    ) -> impl DoubleEndedIterator<Item = &Stored<PromptVersion>> {
        self.versions
            .range((prompt_type.clone(), first)..=(prompt_type.clone(), u32::MAX))
            .map(|(_, version)| version.as_ref())
    }

    /// A version of a type.
    #[must_use]
    pub fn prompt_version(
        &self,
        prompt_type: &PromptType,
        version: u32,
    ) -> Option<&Stored<PromptVersion>> {
        let key = (prompt_type.clone(), version);
        self.versions.get(&key).map(Arc::as_ref)
    }

    /// An author profile of the library.
    #[must_use]
    pub fn library_profile(&self, id: ItemId) -> Option<&Stored<LibraryItem<AuthorProfile>>> {
        self.profiles.get(&id).map(Arc::as_ref)
    }

    /// Every author profile of the library, by number.
    pub fn library_profiles(&self) -> impl Iterator<Item = &Stored<LibraryItem<AuthorProfile>>> {
        self.profiles.values().map(Arc::as_ref)
    }

    /// A strategy of the library.
    #[must_use]
    pub fn library_strategy(&self, id: ItemId) -> Option<&Stored<LibraryItem<Strategy>>> {
        self.strategies.get(&id).map(Arc::as_ref)
    }

    /// Every strategy of the library, by number.
    pub fn library_strategies(&self) -> impl Iterator<Item = &Stored<LibraryItem<Strategy>>> {
        self.strategies.values().map(Arc::as_ref)
    }

    /// An author profile of an account.
    #[must_use]
    pub fn own_profile(
        &self,
        account: AccountId,
        id: ItemId,
    ) -> Option<&Stored<OwnItem<AuthorProfile>>> {
        let items = self.accounts.get(&account)?.profiles();
        let at = items.binary_search_by_key(&id, |item| item.value.id).ok()?;
        items.get(at)
    }

    /// A strategy of an account.
    #[must_use]
    pub fn own_strategy(
        &self,
        account: AccountId,
        id: ItemId,
    ) -> Option<&Stored<OwnItem<Strategy>>> {
        let items = self.accounts.get(&account)?.strategies();
        let at = items.binary_search_by_key(&id, |item| item.value.id).ok()?;
        items.get(at)
    }
}
