//! A small platform for tests, built through the public API: four providers, models in every
//! state, functions, global settings and an account of each plan.

use std::sync::Arc;

use aiconfig_domain::{
    Account, AccountId, Change, Command, CommandContext, CreateCreditOperation, CreateFunction,
    CreateModel, CreateProvider, Decision, DeleteAccount, FunctionName, GlobalPatch,
    GlobalSettings, ModelField, ModelFields, ModelId, Plan, Record, Rejection, SaveSettings,
    SetDefaultModel, Snapshot, Timestamp, UpdateFunction, UpdateGlobals, UpdateModel,
    UpsertAccounts, decide,
};
use serde_json::{Value, json};

/// Accounts of the fixture: one of each plan, one that is switched off, one that was deleted.
pub(crate) const FREE: i64 = 1;
pub(crate) const STARTER: i64 = 2;
pub(crate) const GROWTH: i64 = 3;
pub(crate) const SCALE: i64 = 4;
pub(crate) const SUSPENDED: i64 = 5;
pub(crate) const DELETED: i64 = 6;
pub(crate) const UNKNOWN: i64 = 99;

/// The first second of the fixture's log.
pub(crate) const START: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

/// A state with the log that made it.
#[derive(Clone, Default)]
pub(crate) struct Platform {
    pub(crate) snapshot: Snapshot,
    pub(crate) log: Vec<Record>,
}

impl Platform {
    /// The fixture.
    pub(crate) fn new() -> Self {
        let mut platform = Self::default();
        for provider in providers() {
            let value = serde_json::from_value(provider).unwrap();
            platform.run(&Command::CreateProvider(CreateProvider { value }));
        }
        for model in models() {
            let value = serde_json::from_value(model).unwrap();
            platform.run(&Command::CreateModel(CreateModel { value }));
        }
        for id in [
            "gpt-4o-mini",
            "embed-small",
            "claude-sonnet",
            "gpt-image",
            "runware:97@1",
        ] {
            platform.run(&set_default(id));
        }
        for operation in [
            json!({"operation_type": "content_generation", "unit": "per_100_words", "nano_credits_cost": 1_000_000_000}),
            json!({"operation_type": "image_generation", "unit": "per_image", "nano_credits_cost": 5_000_000_000_i64}),
        ] {
            let value = serde_json::from_value(operation).unwrap();
            platform.run(&Command::CreateCreditOperation(CreateCreditOperation {
                value,
            }));
        }
        for function in [
            json!({"name": "generate_content", "modality": "text", "module": "writer", "prompt_types": ["content_generation"], "operation_type": "content_generation"}),
            json!({"name": "generate_ideas", "modality": "text", "module": "planner"}),
            json!({"name": "generate_images", "modality": "image", "module": "writer", "operation_type": "image_generation"}),
            json!({"name": "embed_content", "modality": "embedding"}),
        ] {
            let value = serde_json::from_value(function).unwrap();
            platform.run(&Command::CreateFunction(CreateFunction { value }));
        }
        for (section, values) in [
            ("text_generation", json!({"service": "openai"})),
            (
                "openai",
                json!({"model": "gpt-4o-mini", "temperature": 0.7, "max_tokens": 8192}),
            ),
            (
                "anthropic",
                json!({"model": "claude-sonnet", "temperature": 0.7, "max_tokens": 8192}),
            ),
            (
                "image_generation",
                json!({"service": "openai", "image_format": "webp", "max_in_article_images": 2}),
            ),
            (
                "dalle",
                json!({"model": "gpt-image", "image_size": "1024x1024"}),
            ),
            (
                "runware",
                json!({"model": "runware:97@1", "image_size": "1280x768"}),
            ),
        ] {
            platform.run(&globals(section, values));
        }
        for (id, plan) in [
            (FREE, Plan::Free),
            (STARTER, Plan::Starter),
            (GROWTH, Plan::Growth),
            (SCALE, Plan::Scale),
            (SUSPENDED, Plan::Starter),
            (DELETED, Plan::Starter),
        ] {
            platform.run(&push(Account {
                active: id != SUSPENDED,
                ..account(id, plan, 1)
            }));
        }
        platform.run(&Command::DeleteAccount(DeleteAccount {
            account_id: account_id(DELETED),
            source_version: 2,
            expected_etag: None,
        }));
        platform
    }

    /// When and for whom the next command is decided.
    pub(crate) fn context(&self) -> CommandContext {
        CommandContext {
            now: Timestamp::next_log_time(START, self.snapshot.log_time()),
            actor: Arc::from("token:test"),
        }
    }

    /// Decides a command on the state.
    pub(crate) fn decide(&self, command: &Command) -> Result<Decision, Rejection> {
        decide(&self.snapshot, command, &self.context())
    }

    /// Runs a command that must be accepted.
    #[track_caller]
    pub(crate) fn run(&mut self, command: &Command) -> Decision {
        match self.decide(command) {
            Ok(decision) => {
                self.apply(&decision.changes);
                decision
            }
            Err(rejection) => panic!("{command:?} is refused: {rejection:?}"),
        }
    }

    /// Puts changes into the state, as one revision.
    pub(crate) fn apply(&mut self, changes: &[Change]) {
        let CommandContext { now, actor } = self.context();
        let revision = self.snapshot.revision() + 1;
        for change in changes {
            let record = Record {
                change: change.clone(),
                revision,
                time: now,
                actor: Arc::clone(&actor),
            };
            self.snapshot.apply(&record);
            self.log.push(record);
        }
    }
}

fn providers() -> [Value; 4] {
    [
        json!({"name": "openai", "display_name": "OpenAI", "modalities": ["text", "embedding"], "base_url": "https://api.openai.com/v1"}),
        json!({"name": "anthropic", "display_name": "Anthropic", "modalities": ["text"], "base_url": "https://api.anthropic.com/v1"}),
        json!({"name": "dalle", "display_name": "OpenAI Images", "modalities": ["image"], "base_url": "https://api.openai.com/v1", "key_fallback": "openai"}),
        json!({"name": "runware", "display_name": "Runware", "modalities": ["image"], "base_url": "https://api.runware.ai/v1"}),
    ]
}

fn models() -> Vec<Value> {
    let warm = |max: f64| json!({"temperature": true, "max_temperature": max});
    let aliases = json!({"image_quality:standard": "medium", "image_quality:hd": "high", "image_format:jpg": "jpeg"});
    vec![
        json!({"model_id": "gpt-4o-mini", "provider": "openai", "modality": "text", "active": true, "max_output_tokens": 16384, "capabilities": warm(2.0)}),
        json!({"model_id": "gpt-4o", "provider": "openai", "modality": "text", "active": true, "max_output_tokens": 16384, "capabilities": warm(2.0)}),
        json!({"model_id": "gpt-small", "provider": "openai", "modality": "text", "active": true, "max_output_tokens": 4096, "capabilities": warm(1.0)}),
        // A reasoning model: it takes no temperature.
        json!({"model_id": "gpt-5", "provider": "openai", "modality": "text", "active": true, "max_output_tokens": 128_000}),
        // Retired: the chain ends in a usable model.
        json!({"model_id": "gpt-4", "provider": "openai", "modality": "text", "active": false, "max_output_tokens": 4096, "capabilities": warm(2.0), "replacement": "gpt-4o"}),
        json!({"model_id": "gpt-4-32k", "provider": "openai", "modality": "text", "active": false, "max_output_tokens": 4096, "capabilities": warm(2.0), "replacement": "gpt-4"}),
        // Inactive: it has no replacement.
        json!({"model_id": "gpt-3", "provider": "openai", "modality": "text", "active": false, "max_output_tokens": 2048, "capabilities": warm(2.0)}),
        json!({"model_id": "embed-small", "provider": "openai", "modality": "embedding", "active": true}),
        json!({"model_id": "embed-large", "provider": "openai", "modality": "embedding", "active": true}),
        json!({"model_id": "claude-sonnet", "provider": "anthropic", "modality": "text", "active": true, "max_output_tokens": 64000, "capabilities": warm(1.0)}),
        json!({"model_id": "claude-haiku", "provider": "anthropic", "modality": "text", "active": true, "max_output_tokens": 4096, "capabilities": warm(1.0)}),
        json!({"model_id": "claude-2", "provider": "anthropic", "modality": "text", "active": false, "max_output_tokens": 4096, "capabilities": warm(1.0), "replacement": "claude-sonnet"}),
        json!({"model_id": "gpt-image", "provider": "dalle", "modality": "image", "active": true, "valid_sizes": ["1024x1024", "1536x1024"], "valid_qualities": ["medium", "low", "high"], "valid_formats": ["webp", "png", "jpeg"], "value_aliases": aliases}),
        json!({"model_id": "gpt-image-wide", "provider": "dalle", "modality": "image", "active": true, "valid_sizes": ["1536x1024"], "valid_styles": ["vivid", "natural"], "valid_formats": ["png"]}),
        json!({"model_id": "dall-e-3", "provider": "dalle", "modality": "image", "active": false, "valid_sizes": ["1024x1024", "1792x1024"], "valid_qualities": ["standard", "hd"], "valid_styles": ["vivid", "natural"], "valid_formats": ["png"], "replacement": "gpt-image"}),
        json!({"model_id": "runware:97@1", "provider": "runware", "modality": "image", "active": true, "capabilities": {"steps": true, "guidance": true}, "valid_sizes": ["1280x768", "1024x1024"], "valid_formats": ["webp", "png", "jpg"], "value_aliases": {"image_format:jpeg": "jpg"}}),
        // It takes steps, but no guidance.
        json!({"model_id": "runware:100@1", "provider": "runware", "modality": "image", "active": true, "capabilities": {"steps": true}, "valid_sizes": ["1024x1024"], "valid_formats": ["png"]}),
        json!({"model_id": "runware:1@1", "provider": "runware", "modality": "image", "active": false, "capabilities": {"steps": true}, "valid_sizes": ["512x512"], "valid_formats": ["png"]}),
    ]
}

pub(crate) fn account_id(id: i64) -> AccountId {
    AccountId::new(id).unwrap()
}

pub(crate) fn account(id: i64, plan: Plan, source_version: i64) -> Account {
    Account {
        account_id: account_id(id),
        plan,
        display_name: format!("Account {id}"),
        active: true,
        source_version,
    }
}

pub(crate) fn push(account: Account) -> Command {
    Command::UpsertAccounts(UpsertAccounts {
        pushes: vec![Ok(account)],
        partial: false,
        expected_etag: None,
    })
}

pub(crate) fn set_default(id: &str) -> Command {
    Command::SetDefaultModel(SetDefaultModel {
        provider: None,
        model_id: ModelId::parse(id).unwrap(),
        expected_etag: None,
    })
}

/// The fields of a JSON object.
pub(crate) fn fields(values: Value) -> ModelFields {
    serde_json::from_value(values).unwrap()
}

/// Sets values of one section of the global settings; a null clears one.
pub(crate) fn globals(section: &str, values: Value) -> Command {
    let paths = values.as_object().unwrap().keys().map(|name| {
        let field = aiconfig_domain::Field::parse(name).unwrap();
        aiconfig_domain::GlobalPath::Field(section.into(), field)
    });
    Command::UpdateGlobals(UpdateGlobals {
        patch: GlobalPatch {
            mask: Some(paths.collect()),
            values: GlobalSettings {
                sections: [(section.into(), fields(values))].into(),
            },
        },
        expected_etag: None,
    })
}

/// A save of the given settings: what is absent stays, a null clears.
pub(crate) fn save(id: i64, integration_type: &str, config: Value) -> Command {
    Command::SaveSettings(SaveSettings {
        account_id: account_id(id),
        integration_type: integration_type.to_owned(),
        config,
        mask: None,
        enabled: None,
        expected_etag: None,
    })
}

/// Changes fields of a model, given as the JSON of the model.
pub(crate) fn update_model(snapshot: &Snapshot, id: &str, changes: Value) -> Command {
    let mut value = serde_json::to_value(&snapshot.model(id).unwrap().value).unwrap();
    let mut named = Vec::new();
    for (name, change) in changes.as_object().unwrap() {
        named.push(ModelField::parse(name).unwrap());
        value[name] = change.clone();
    }
    Command::UpdateModel(UpdateModel {
        value: serde_json::from_value(value).unwrap(),
        fields: named,
        expected_etag: None,
    })
}

/// Replaces the defaults of a function.
pub(crate) fn function_defaults(snapshot: &Snapshot, name: &str, defaults: Value) -> Command {
    let function = FunctionName::parse(name).unwrap();
    Command::UpdateFunction(UpdateFunction {
        value: aiconfig_domain::Function {
            defaults: fields(defaults),
            ..snapshot.function(function.as_str()).unwrap().value.clone()
        },
        fields: vec![aiconfig_domain::FunctionField::Defaults],
        expected_etag: None,
    })
}
