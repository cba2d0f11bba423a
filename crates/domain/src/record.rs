//! Resources, their keys, and the records that put them into the state.

use std::fmt;
use std::sync::Arc;

use crate::{
    AccountId, AccountModules, AccountPrompt, AccountState, AuthorProfile, CreditOperation,
    Function, FunctionName, GlobalPrompt, GlobalSettings, IntegrationType, ItemId, KeyFreeze,
    KeySeal, LibraryItem, Model, ModelId, ModuleSwitches, OperationType, Override, OwnItem,
    PromptType, PromptVersion, Provider, ProviderKey, ProviderName, RingKey, Strategy, Timestamp,
    Token, TokenId,
};

macro_rules! kinds {
    ($($kind:ident $name:literal $value:ty;)*) => {
        /// A kind of resource.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each variant is the resource of its name")]
        pub enum Kind { $($kind,)* }

        impl Kind {
            /// The name in the log.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// The kind of a name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$kind),)* _ => None }
            }
        }

        /// A resource with all its fields but its meta data.
        #[derive(Clone, Debug, PartialEq)]
        #[expect(missing_docs, reason = "each variant is the resource of its name")]
        pub enum Resource { $($kind($value),)* }

        impl Resource {
            /// What it is.
            #[must_use]
            pub const fn kind(&self) -> Kind {
                match self { $(Self::$kind(_) => Kind::$kind,)* }
            }

            /// The canonical JSON of its value.
            pub(crate) fn to_json(&self) -> serde_json::Result<String> {
                match self { $(Self::$kind(value) => serde_json::to_string(value),)* }
            }

            /// Writes that behind what is there.
            pub(crate) fn write_json(&self, to: &mut Vec<u8>) -> serde_json::Result<()> {
                match self { $(Self::$kind(value) => serde_json::to_writer(to, value),)* }
            }

            /// Reads the JSON of a value.
            pub(crate) fn from_json(kind: Kind, text: &str) -> serde_json::Result<Self> {
                match kind { $(Kind::$kind => serde_json::from_str(text).map(Self::$kind),)* }
            }
        }
    };
}

kinds! {
    Account "account" AccountState;
    AccountModules "account_modules" AccountModules;
    Override "override" Override;
    GlobalSettings "global_settings" GlobalSettings;
    PlatformModules "platform_modules" ModuleSwitches;
    Provider "provider" Provider;
    ProviderKey "provider_key" ProviderKey;
    KeyFreeze "key_freeze" KeyFreeze;
    Model "model" Model;
    Function "function" Function;
    CreditOperation "credit_operation" CreditOperation;
    Token "token" Token;
    GlobalPrompt "global_prompt" GlobalPrompt;
    PromptVersion "prompt_version" PromptVersion;
    AccountPrompt "account_prompt" AccountPrompt;
    LibraryProfile "library_author_profile" LibraryItem<AuthorProfile>;
    LibraryStrategy "library_strategy" LibraryItem<Strategy>;
    OwnProfile "own_author_profile" OwnItem<AuthorProfile>;
    OwnStrategy "own_strategy" OwnItem<Strategy>;
    RingKey "ring_key" RingKey;
    KeySeal "key_seal" KeySeal;
}

impl Kind {
    /// Whether a record of this kind is a notice: it stands in the log alone, and tells servers to
    /// read sealed rows again. It is no part of the state, and no digest or export counts it.
    #[must_use]
    pub const fn is_notice(self) -> bool {
        matches!(self, Self::RingKey | Self::KeySeal)
    }
}

/// What tells a resource from all others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each variant is the resource of its name")]
pub enum ResourceKey {
    Account(AccountId),
    AccountModules(AccountId),
    Override(AccountId, IntegrationType),
    GlobalSettings,
    PlatformModules,
    Provider(ProviderName),
    ProviderKey(ProviderName, u32),
    KeyFreeze,
    Model(ModelId),
    Function(FunctionName),
    CreditOperation(OperationType),
    Token(TokenId),
    GlobalPrompt(PromptType),
    PromptVersion(PromptType, u32),
    AccountPrompt(AccountId, PromptType),
    LibraryProfile(ItemId),
    LibraryStrategy(ItemId),
    OwnProfile(AccountId, ItemId),
    OwnStrategy(AccountId, ItemId),
    RingKey(Arc<str>, u32),
    KeySeal(ProviderName, u32),
}

impl ResourceKey {
    /// What it is the key of.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Account(_) => Kind::Account,
            Self::AccountModules(_) => Kind::AccountModules,
            Self::Override(..) => Kind::Override,
            Self::GlobalSettings => Kind::GlobalSettings,
            Self::PlatformModules => Kind::PlatformModules,
            Self::Provider(_) => Kind::Provider,
            Self::ProviderKey(..) => Kind::ProviderKey,
            Self::KeyFreeze => Kind::KeyFreeze,
            Self::Model(_) => Kind::Model,
            Self::Function(_) => Kind::Function,
            Self::CreditOperation(_) => Kind::CreditOperation,
            Self::Token(_) => Kind::Token,
            Self::GlobalPrompt(_) => Kind::GlobalPrompt,
            Self::PromptVersion(..) => Kind::PromptVersion,
            Self::AccountPrompt(..) => Kind::AccountPrompt,
            Self::LibraryProfile(_) => Kind::LibraryProfile,
            Self::LibraryStrategy(_) => Kind::LibraryStrategy,
            Self::OwnProfile(..) => Kind::OwnProfile,
            Self::OwnStrategy(..) => Kind::OwnStrategy,
            Self::RingKey(..) => Kind::RingKey,
            Self::KeySeal(..) => Kind::KeySeal,
        }
    }

    /// The resource's name for people and clients, such as `providers/openai/keys/2`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Account(id) => format!("accounts/{id}"),
            Self::AccountModules(id) => format!("accounts/{id}/modules"),
            Self::Override(id, kind) => {
                format!("accounts/{id}/integrationSettings/{}", kind.as_str())
            }
            Self::GlobalSettings => "globalSettings".to_owned(),
            Self::PlatformModules => "platformModules".to_owned(),
            Self::Provider(name) => format!("providers/{name}"),
            Self::ProviderKey(name, version) => format!("providers/{name}/keys/{version}"),
            Self::KeyFreeze => "keyFreeze".to_owned(),
            Self::Model(id) => format!("models/{id}"),
            Self::Function(name) => format!("functions/{name}"),
            Self::CreditOperation(name) => format!("creditOperations/{name}"),
            Self::Token(id) => format!("tokens/{id}"),
            Self::GlobalPrompt(name) => format!("globalPrompts/{name}"),
            Self::PromptVersion(name, version) => {
                format!("globalPrompts/{name}/versions/{version}")
            }
            Self::AccountPrompt(id, name) => format!("accounts/{id}/prompts/{name}"),
            Self::LibraryProfile(item) => format!("globalAuthorProfiles/{item}"),
            Self::LibraryStrategy(item) => format!("globalStrategies/{item}"),
            Self::OwnProfile(id, item) => format!("accounts/{id}/authorProfiles/{item}"),
            Self::OwnStrategy(id, item) => format!("accounts/{id}/strategies/{item}"),
            Self::RingKey(purpose, version) => format!("keyring/{purpose}/{version}"),
            Self::KeySeal(name, version) => format!("providers/{name}/keys/{version}/seal"),
        }
    }

    /// Reads the text of a key.
    #[must_use]
    pub fn parse(kind: Kind, text: &str) -> Option<Self> {
        let account = |text: &str| text.parse().ok().and_then(AccountId::new);
        let item = |text: &str| text.parse().ok().and_then(ItemId::new);
        match kind {
            Kind::Account => account(text).map(Self::Account),
            Kind::AccountModules => account(text).map(Self::AccountModules),
            Kind::Override => {
                let (id, name) = text.split_once('/')?;
                Some(Self::Override(account(id)?, IntegrationType::parse(name)?))
            }
            Kind::GlobalSettings => text.is_empty().then_some(Self::GlobalSettings),
            Kind::PlatformModules => text.is_empty().then_some(Self::PlatformModules),
            Kind::KeyFreeze => text.is_empty().then_some(Self::KeyFreeze),
            Kind::Provider => ProviderName::parse(text).map(Self::Provider),
            Kind::ProviderKey => {
                let (name, version) = text.split_once('/')?;
                Some(Self::ProviderKey(
                    ProviderName::parse(name)?,
                    version.parse().ok()?,
                ))
            }
            Kind::Model => ModelId::parse(text).map(Self::Model),
            Kind::Function => FunctionName::parse(text).map(Self::Function),
            Kind::CreditOperation => OperationType::parse(text).map(Self::CreditOperation),
            Kind::Token => TokenId::parse(text).map(Self::Token),
            Kind::GlobalPrompt => PromptType::parse(text).map(Self::GlobalPrompt),
            Kind::PromptVersion => {
                let (name, version) = text.split_once('/')?;
                let name = PromptType::parse(name)?;
                Some(Self::PromptVersion(name, version.parse().ok()?))
            }
            Kind::AccountPrompt => {
                let (id, name) = text.split_once('/')?;
                Some(Self::AccountPrompt(account(id)?, PromptType::parse(name)?))
            }
            Kind::LibraryProfile => item(text).map(Self::LibraryProfile),
            Kind::LibraryStrategy => item(text).map(Self::LibraryStrategy),
            Kind::OwnProfile => {
                let (id, own) = text.split_once('/')?;
                Some(Self::OwnProfile(account(id)?, item(own)?))
            }
            Kind::OwnStrategy => {
                let (id, own) = text.split_once('/')?;
                Some(Self::OwnStrategy(account(id)?, item(own)?))
            }
            Kind::RingKey => {
                let (purpose, version) = text.split_once('/')?;
                Some(Self::RingKey(purpose.into(), version.parse().ok()?))
            }
            Kind::KeySeal => {
                let (name, version) = text.split_once('/')?;
                Some(Self::KeySeal(
                    ProviderName::parse(name)?,
                    version.parse().ok()?,
                ))
            }
        }
    }
}

impl fmt::Display for ResourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) | Self::AccountModules(id) => id.fmt(f),
            Self::Override(id, kind) => write!(f, "{id}/{}", kind.as_str()),
            Self::GlobalSettings | Self::PlatformModules | Self::KeyFreeze => Ok(()),
            Self::Provider(name) => name.fmt(f),
            Self::ProviderKey(name, version) | Self::KeySeal(name, version) => {
                write!(f, "{name}/{version}")
            }
            Self::RingKey(purpose, version) => write!(f, "{purpose}/{version}"),
            Self::Model(id) => id.fmt(f),
            Self::Function(name) => name.fmt(f),
            Self::CreditOperation(name) => name.fmt(f),
            Self::Token(id) => id.fmt(f),
            Self::GlobalPrompt(name) => name.fmt(f),
            Self::PromptVersion(name, version) => write!(f, "{name}/{version}"),
            Self::AccountPrompt(id, name) => write!(f, "{id}/{name}"),
            Self::LibraryProfile(item) | Self::LibraryStrategy(item) => item.fmt(f),
            Self::OwnProfile(id, item) | Self::OwnStrategy(id, item) => write!(f, "{id}/{item}"),
        }
    }
}

impl Resource {
    /// What tells it from all others.
    #[must_use]
    pub fn key(&self) -> ResourceKey {
        match self {
            Self::Account(state) => ResourceKey::Account(state.account_id()),
            Self::Override(row) => {
                ResourceKey::Override(row.account_id, row.integration_type.clone())
            }
            Self::AccountModules(row) => ResourceKey::AccountModules(row.account_id),
            Self::GlobalSettings(_) => ResourceKey::GlobalSettings,
            Self::PlatformModules(_) => ResourceKey::PlatformModules,
            Self::Provider(provider) => ResourceKey::Provider(provider.name.clone()),
            Self::ProviderKey(key) => ResourceKey::ProviderKey(key.provider.clone(), key.version),
            Self::KeyFreeze(_) => ResourceKey::KeyFreeze,
            Self::Model(model) => ResourceKey::Model(model.model_id.clone()),
            Self::Function(function) => ResourceKey::Function(function.name.clone()),
            Self::CreditOperation(operation) => {
                ResourceKey::CreditOperation(operation.operation_type.clone())
            }
            Self::Token(token) => ResourceKey::Token(token.token_id.clone()),
            Self::GlobalPrompt(prompt) => ResourceKey::GlobalPrompt(prompt.prompt_type.clone()),
            Self::PromptVersion(version) => {
                ResourceKey::PromptVersion(version.prompt_type.clone(), version.version)
            }
            Self::AccountPrompt(row) => {
                ResourceKey::AccountPrompt(row.account_id, row.prompt_type.clone())
            }
            Self::LibraryProfile(item) => ResourceKey::LibraryProfile(item.id),
            Self::LibraryStrategy(item) => ResourceKey::LibraryStrategy(item.id),
            Self::OwnProfile(item) => ResourceKey::OwnProfile(item.account_id, item.id),
            Self::OwnStrategy(item) => ResourceKey::OwnStrategy(item.account_id, item.id),
            Self::RingKey(key) => ResourceKey::RingKey(Arc::clone(&key.purpose), key.version),
            Self::KeySeal(seal) => ResourceKey::KeySeal(seal.provider.clone(), seal.version),
        }
    }
}

/// A change of one resource: its whole new value, or its end.
#[expect(clippy::large_enum_variant, reason = "nearly every change is a put")]
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The new value.
    Put(Resource),
    /// It is no more.
    Delete(ResourceKey),
}

impl Change {
    /// The resource that changes.
    #[must_use]
    pub fn key(&self) -> ResourceKey {
        match self {
            Self::Put(resource) => resource.key(),
            Self::Delete(key) => key.clone(),
        }
    }
}

/// A change in its place in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// What changes.
    pub change: Change,
    /// The revision that it belongs to.
    pub revision: u64,
    /// The revision's time.
    pub time: Timestamp,
    /// Who made it.
    pub actor: Arc<str>,
}

/// When and by whom a resource was made and changed last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// The revision of the last change.
    pub revision: u64,
    /// When it was made.
    pub create_time: Timestamp,
    /// When it was changed last.
    pub update_time: Timestamp,
    /// Who changed it last.
    pub updated_by: Arc<str>,
}

/// A value with its meta data.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored<T> {
    /// The value.
    pub value: T,
    /// When and by whom.
    pub meta: Meta,
}
