//! Any resource of the state by its key.

use crate::digest::{ABSENT, etag, prompt_etag};
use crate::{Meta, Resource, ResourceKey, Snapshot};

impl Snapshot {
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
                self.provider_key(name, *version)?.meta.clone()
            }
            ResourceKey::Model(id) => self.models.get(id)?.meta.clone(),
            ResourceKey::Function(name) => self.functions.get(name)?.meta.clone(),
            ResourceKey::CreditOperation(name) => self.operations.get(name)?.meta.clone(),
            ResourceKey::Token(id) => self.tokens.get(id)?.meta.clone(),
            ResourceKey::GlobalPrompt(name) => self.prompts.get(name)?.meta.clone(),
            ResourceKey::PromptVersion(name, version) => {
                self.versions.get(&(name.clone(), *version))?.meta.clone()
            }
            ResourceKey::AccountPrompt(id, name) => {
                self.accounts.get(id)?.prompt_of(name)?.meta().clone()
            }
            ResourceKey::LibraryProfile(id) => self.profiles.get(id)?.meta.clone(),
            ResourceKey::LibraryStrategy(id) => self.strategies.get(id)?.meta.clone(),
            ResourceKey::OwnProfile(id, item) => self.own_profile(*id, *item)?.meta.clone(),
            ResourceKey::OwnStrategy(id, item) => self.own_strategy(*id, *item)?.meta.clone(),
            ResourceKey::RingKey(..) | ResourceKey::KeySeal(..) => return None,
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
                Resource::ProviderKey(self.provider_key(name, *version)?.value.clone())
            }
            ResourceKey::Model(id) => Resource::Model(self.models.get(id)?.value.clone()),
            ResourceKey::Function(name) => {
                Resource::Function(self.functions.get(name)?.value.clone())
            }
            ResourceKey::CreditOperation(name) => {
                Resource::CreditOperation(self.operations.get(name)?.value.clone())
            }
            ResourceKey::Token(id) => Resource::Token(self.tokens.get(id)?.value.clone()),
            ResourceKey::GlobalPrompt(name) => {
                Resource::GlobalPrompt(self.prompts.get(name)?.value.clone())
            }
            ResourceKey::PromptVersion(name, version) => {
                let key = (name.clone(), *version);
                Resource::PromptVersion(self.versions.get(&key)?.value.clone())
            }
            ResourceKey::AccountPrompt(id, name) => {
                let row = self.accounts.get(id)?.prompt_of(name)?;
                Resource::AccountPrompt(row.of(*id))
            }
            ResourceKey::LibraryProfile(id) => {
                Resource::LibraryProfile(self.profiles.get(id)?.value.clone())
            }
            ResourceKey::LibraryStrategy(id) => {
                Resource::LibraryStrategy(self.strategies.get(id)?.value.clone())
            }
            ResourceKey::OwnProfile(id, item) => {
                Resource::OwnProfile(self.own_profile(*id, *item)?.value.clone())
            }
            ResourceKey::OwnStrategy(id, item) => {
                Resource::OwnStrategy(self.own_strategy(*id, *item)?.value.clone())
            }
            ResourceKey::RingKey(..) | ResourceKey::KeySeal(..) => return None,
        })
    }

    /// The etag of a resource: of what is stored, and a constant where nothing is.
    #[must_use]
    pub fn etag(&self, key: &ResourceKey) -> String {
        if let ResourceKey::AccountPrompt(id, name) = key {
            let entry = self.account(*id);
            return prompt_etag(*id, entry.and_then(|entry| entry.prompt_of(name)));
        }
        self.resource(key)
            .map_or_else(|| ABSENT.to_owned(), |resource| etag(&resource))
    }
}
