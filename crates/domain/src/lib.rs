//! The rules of AI configuration: plans, accounts, overrides, catalogue, prices, keys' life cycle.
//!
//! Everything here is pure. Time comes in as an argument, nothing reads a clock, a socket or a
//! database. Two functions are the heart: [`decide`] turns a [`Command`] into [`Record`]s or a
//! [`Rejection`], and [`Snapshot::apply`] puts a record into the state. Replicas, restarts,
//! replays and dry runs use these two and nothing else.
#![forbid(unsafe_code)]

mod account;
mod catalogue;
mod check;
mod codec;
mod command;
mod credit;
mod digest;
mod effective;
mod fields;
mod fit;
mod function;
mod globals;
mod ids;
mod inherit;
mod integration;
mod key;
mod library;
mod masked;
pub mod merge;
mod model;
mod module;
mod plan;
mod price;
mod price_list;
mod prompt;
mod provider;
mod quote;
mod record;
mod rejection;
mod rewrap;
mod role;
mod selection;
mod settings_json;
mod snapshot;
mod strip;
pub mod template;
mod timestamp;
mod token;

pub use account::{Account, AccountEntry, AccountState, Override, OverrideRows, PromptRow};
pub use catalogue::{Finding, FindingKind, ModelStatus, findings};
pub use check::{FieldScope, check_fields, model_choices, service_choices};
pub use codec::{CODEC_VERSION, CodecError, decode, encode};
pub use command::{
    AcknowledgePrompt, AddKey, CloneItems, Command, CommandContext, CreateCreditOperation,
    CreateFunction, CreateGlobalPrompt, CreateModel, CreateProvider, CreateToken, CustomizePrompt,
    Decision, DeleteAccount, DeleteCreditOperation, DeleteFunction, DeleteGlobalPrompt,
    DeleteModel, DestroyKey, FinishedMerge, ImportPrices, IncrementPromptVersions, ItemOutcome,
    LibraryCommand, MOST_ROWS, MergeExpected, MergePrompt, MergeTexts, ProfileCommand, PromoteKey,
    PushOutcome, ResetPrompts, ResetSettings, ResetTarget, RestorePromptVersion, RevokeKey,
    RevokeToken, RollbackKey, SaveSettings, SetDefaultModel, SetKeyFreeze, SetPromptsActive,
    StrategyCommand, UpdateAccountModules, UpdateCreditOperation, UpdateFunction,
    UpdateGlobalPrompt, UpdateGlobals, UpdateModel, UpdatePlatformModules, UpdateProvider,
    UpsertAccounts, decide,
};
pub use credit::{CreditOperation, CreditOperationField, CreditUnit};
pub use digest::{Leaf, Leaves, StateDigest, prompt_etag};
pub use effective::defaults;
pub use fields::{Field, FieldSource, FieldValue, ModelFields};
pub use fit::{Fitted, fit_settings};
pub use function::{Function, FunctionField};
pub use globals::{GlobalPatch, GlobalPath, GlobalSettings};
pub use ids::{
    AccountId, FunctionName, ModelId, OperationType, PromptType, ProviderName, TokenId, is_slug,
};
pub use inherit::Inherited;
pub use integration::{IntegrationType, provider_of_service, service_of_provider};
pub use key::{KeyFingerprint, KeyFreeze, KeyState, ProviderKey};
pub use library::{
    AuthorProfile, Draft, ItemId, LANGUAGE_RULE, LibraryContent, LibraryItem,
    MAX_ITEM_DESCRIPTION_CHARS, MAX_STRUCTURE_BYTES, MAX_STRUCTURE_DEPTH, Origin, OriginState,
    OriginView, OwnItem, OwnLibrary, ProfileCategory, ProfileField, Strategy, StrategyCategory,
    StrategyField, language_tag, origin_view,
};
pub use model::{Capabilities, Matched, Modality, Model, ModelField, NumberRange};
pub use module::{AccountModules, Module, ModuleOff, ModuleSwitches};
pub use plan::{Plan, PlanRules};
pub use price::{ModelPrice, PriceDimension, PriceKind, prices_at};
pub use price_list::{ListedModel, ListedPrice, PriceChange, PriceImport, PriceLeft};
pub use prompt::{AccountPrompt, GlobalPrompt, PromptText, PromptVersion, TextHash};
pub use provider::{Provider, ProviderField, has_origin, origin_of};
pub use quote::{Quote, QuoteLine, QuoteNote, QuoteRequest, Usage, quote};
pub use record::{Change, Kind, Meta, Record, Resource, ResourceKey, Stored};
pub use rejection::{Reason, Rejection, Violation};
pub use rewrap::{KeySeal, RingKey};
pub use role::Role;
pub use selection::{
    Adjustment, AdjustmentKind, LevelFields, SelectedModel, SelectedService, select_model,
    select_service,
};
pub use settings_json::{ParsedSettings, parse_settings};
pub use snapshot::{ModelUses, PromptUses, Snapshot};
pub use strip::{Stripped, looks_like_key, names_credential, strip_credentials};
pub use timestamp::Timestamp;
pub use token::Token;
