//! Commands, and the one function that decides them.

mod account_prompts;
mod accounts;
mod credits;
mod functions;
mod global_prompts;
mod globals;
mod keys;
mod library;
mod models;
mod modules;
mod prices;
mod prompt_bulk;
mod prompt_merge;
mod providers;
mod settings;
mod tokens;

use std::sync::Arc;

pub use account_prompts::{AcknowledgePrompt, CustomizePrompt, ResetPrompts, ResetTarget};
pub use accounts::{DeleteAccount, PushOutcome, UpsertAccounts};
pub use credits::{CreateCreditOperation, DeleteCreditOperation, UpdateCreditOperation};
pub use functions::{CreateFunction, DeleteFunction, UpdateFunction};
pub use global_prompts::{
    CreateGlobalPrompt, DeleteGlobalPrompt, RestorePromptVersion, UpdateGlobalPrompt,
};
pub use globals::UpdateGlobals;
pub use keys::{AddKey, DestroyKey, PromoteKey, RevokeKey, RollbackKey, SetKeyFreeze};
pub use library::{
    CloneItems, ItemOutcome, LibraryCommand, MOST_ROWS, ProfileCommand, StrategyCommand,
};
pub use models::{CreateModel, DeleteModel, SetDefaultModel, UpdateModel};
pub use modules::{UpdateAccountModules, UpdatePlatformModules};
pub use prices::ImportPrices;
pub use prompt_bulk::{IncrementPromptVersions, SetPromptsActive};
pub use prompt_merge::{FinishedMerge, MergeExpected, MergePrompt, MergeTexts};
pub use providers::{CreateProvider, UpdateProvider};
pub use settings::{ResetSettings, SaveSettings};
pub use tokens::{CreateToken, RevokeToken};

use crate::{Change, Field, PriceImport, PromptText, Rejection, ResourceKey, Snapshot, Timestamp};
use providers::check_etag;

macro_rules! commands {
    ($($command:ident by $decide:expr;)*) => {
        /// A command: everything that can be asked of the state but reading it.
        #[derive(Clone, Debug)]
        #[expect(missing_docs, reason = "each variant is documented at its payload")]
        pub enum Command { $($command($command),)* }

        /// Decides a command on a state: the changes that it comes to, or why it is refused.
        ///
        /// # Errors
        /// A [`Rejection`]; nothing is changed by it.
        pub fn decide(snapshot: &Snapshot, command: &Command, context: &CommandContext) -> Result<Decision, Rejection> {
            match command { $(Command::$command(command) => $decide(snapshot, command, context),)* }
        }
    };
}

commands! {
    UpsertAccounts by |s, c: &UpsertAccounts, _| accounts::upsert(s, c);
    DeleteAccount by |s, c: &DeleteAccount, _| accounts::delete(s, c);
    SaveSettings by |s, c: &SaveSettings, _| settings::save(s, c);
    ResetSettings by |s, c: &ResetSettings, _| settings::reset(s, c);
    UpdateGlobals by |s, c: &UpdateGlobals, _| globals::update(s, c);
    UpdatePlatformModules by UpdatePlatformModules::decide;
    UpdateAccountModules by UpdateAccountModules::decide;
    CreateProvider by CreateProvider::decide;
    UpdateProvider by UpdateProvider::decide;
    AddKey by AddKey::decide;
    PromoteKey by PromoteKey::decide;
    RollbackKey by RollbackKey::decide;
    RevokeKey by RevokeKey::decide;
    DestroyKey by DestroyKey::decide;
    SetKeyFreeze by SetKeyFreeze::decide;
    CreateModel by CreateModel::decide;
    UpdateModel by UpdateModel::decide;
    DeleteModel by DeleteModel::decide;
    SetDefaultModel by SetDefaultModel::decide;
    ImportPrices by ImportPrices::decide;
    CreateFunction by CreateFunction::decide;
    UpdateFunction by UpdateFunction::decide;
    DeleteFunction by DeleteFunction::decide;
    CreateCreditOperation by CreateCreditOperation::decide;
    UpdateCreditOperation by UpdateCreditOperation::decide;
    DeleteCreditOperation by DeleteCreditOperation::decide;
    CreateToken by CreateToken::decide;
    RevokeToken by RevokeToken::decide;
    CreateGlobalPrompt by CreateGlobalPrompt::decide;
    UpdateGlobalPrompt by UpdateGlobalPrompt::decide;
    RestorePromptVersion by RestorePromptVersion::decide;
    DeleteGlobalPrompt by DeleteGlobalPrompt::decide;
    IncrementPromptVersions by IncrementPromptVersions::decide;
    SetPromptsActive by SetPromptsActive::decide;
    CustomizePrompt by CustomizePrompt::decide;
    ResetPrompts by ResetPrompts::decide;
    AcknowledgePrompt by AcknowledgePrompt::decide;
    MergePrompt by MergePrompt::decide;
    ProfileCommand by |s, c: &ProfileCommand, _| c.decide(s);
    StrategyCommand by |s, c: &StrategyCommand, _| c.decide(s);
}

/// When and for whom a command is decided.
#[derive(Clone, Debug)]
pub struct CommandContext {
    /// The time that its records get.
    pub now: Timestamp,
    /// Who asks.
    pub actor: Arc<str>,
}

/// What a command comes to. Without changes it takes no revision.
#[derive(Clone, Debug, Default)]
pub struct Decision {
    /// The changes, in order.
    pub changes: Vec<Change>,
    /// The new texts that the changes name by hash.
    pub texts: Vec<PromptText>,
    /// What it is about.
    pub subject: Option<ResourceKey>,
    /// What the caller should know.
    pub warnings: Vec<String>,
    /// Where credentials were taken out.
    pub stripped_fields: Vec<String>,
    /// Given values that equal the present default.
    pub pinned_same_as_default: Vec<Field>,
    /// What the subject took the place of, such as the former primary version.
    pub former: Option<String>,
    /// What became of each push of accounts.
    pub pushes: Vec<Result<PushOutcome, Rejection>>,
    /// What became of each prompt of a command on many, in their order: whether it changed.
    pub prompts: Vec<Result<bool, Rejection>>,
    /// What became of each row of a command on many items of a library, in their order.
    pub items: Vec<Result<ItemOutcome, Rejection>>,
    /// What an import of prices comes to.
    pub price_import: Option<PriceImport>,
}
