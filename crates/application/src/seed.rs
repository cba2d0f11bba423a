//! The shipped catalogue, functions, credit costs and defaults, put into an empty database.

mod library;

use std::collections::BTreeMap;
use std::sync::Arc;

use aiconfig_domain::template::Variables;
use aiconfig_domain::{
    Change, CreditOperation, Function, GlobalPrompt, GlobalSettings, KeyFreeze, Model, ModelFields,
    ModelPrice, PromptText, PromptType, PromptVersion, Provider, Record, Resource, Timestamp,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{AppError, Application, Caller, WriteCall, texts};

/// The shipped defaults cannot be read. It is found by the tests of this crate.
#[derive(Debug, thiserror::Error)]
#[error("the shipped {file} is not valid: {source}")]
pub struct SeedError {
    file: &'static str,
    source: toml::de::Error,
}

#[derive(Deserialize)]
struct Catalogue {
    prices_as_of: String,
    #[serde(rename = "provider")]
    providers: Vec<Provider>,
    #[serde(rename = "model")]
    models: Vec<toml::Table>,
}

#[derive(Deserialize)]
struct Functions {
    #[serde(rename = "function")]
    functions: Vec<Function>,
}

#[derive(Deserialize)]
struct Credits {
    #[serde(rename = "credit_operation")]
    operations: Vec<CreditOperation>,
}

#[derive(Deserialize)]
struct Globals {
    sections: BTreeMap<Arc<str>, ModelFields>,
}

#[derive(Deserialize)]
struct Prompts {
    #[serde(rename = "prompt")]
    prompts: Vec<SeedPrompt>,
}

#[derive(Deserialize)]
struct SeedPrompt {
    prompt_type: PromptType,
    description: String,
    file: String,
    #[serde(rename = "variable")]
    variables: Variables,
}

/// The texts of the prompts, by their names in the list.
const PROMPTS: &[(&str, &str)] = &[
    (
        "prompts/clustering.md",
        include_str!("../seed/prompts/clustering.md"),
    ),
    (
        "prompts/content_generation.md",
        include_str!("../seed/prompts/content_generation.md"),
    ),
    ("prompts/ideas.md", include_str!("../seed/prompts/ideas.md")),
    (
        "prompts/image_prompt_extraction.md",
        include_str!("../seed/prompts/image_prompt_extraction.md"),
    ),
    (
        "prompts/image_prompt_template.md",
        include_str!("../seed/prompts/image_prompt_template.md"),
    ),
    (
        "prompts/negative_prompt.md",
        include_str!("../seed/prompts/negative_prompt.md"),
    ),
    (
        "prompts/product_generation.md",
        include_str!("../seed/prompts/product_generation.md"),
    ),
    (
        "prompts/service_generation.md",
        include_str!("../seed/prompts/service_generation.md"),
    ),
    (
        "prompts/site_structure_generation.md",
        include_str!("../seed/prompts/site_structure_generation.md"),
    ),
    (
        "prompts/taxonomy_generation.md",
        include_str!("../seed/prompts/taxonomy_generation.md"),
    ),
];

fn read<T: DeserializeOwned>(file: &'static str, text: &str) -> Result<T, SeedError> {
    toml::from_str(text).map_err(|source| SeedError { file, source })
}

/// Everything that an empty database starts with.
pub(crate) fn resources() -> Result<(Vec<Resource>, Vec<PromptText>), SeedError> {
    let catalogue: Catalogue = read("catalogue.toml", include_str!("../seed/catalogue.toml"))?;
    let functions: Functions = read("functions.toml", include_str!("../seed/functions.toml"))?;
    let credits: Credits = read("credits.toml", include_str!("../seed/credits.toml"))?;
    let globals: Globals = read("globals.toml", include_str!("../seed/globals.toml"))?;
    let prompts: Prompts = read("prompts.toml", include_str!("../seed/prompts.toml"))?;
    let mut all = vec![Resource::KeyFreeze(KeyFreeze::default())];
    all.extend(catalogue.providers.into_iter().map(Resource::Provider));
    let as_of = Timestamp::parse_rfc3339(&catalogue.prices_as_of).unwrap_or_default();
    for table in catalogue.models {
        all.push(Resource::Model(model(table, as_of)?));
    }
    all.extend(functions.functions.into_iter().map(Resource::Function));
    all.extend(
        credits
            .operations
            .into_iter()
            .map(Resource::CreditOperation),
    );
    all.extend(library::resources()?);
    all.push(Resource::GlobalSettings(GlobalSettings {
        sections: globals.sections,
    }));
    let mut texts = Vec::new();
    for prompt in prompts.prompts {
        let (first, text) = prompt.resources()?;
        all.extend(first);
        texts.push(text);
    }
    Ok((all, texts))
}

impl SeedPrompt {
    /// The prompt with its first version, and its text.
    fn resources(self) -> Result<([Resource; 2], PromptText), SeedError> {
        let wrong = |what: String| SeedError {
            file: "prompts.toml",
            source: serde::de::Error::custom(what),
        };
        let (_, text) = PROMPTS
            .iter()
            .find(|(file, _)| *file == self.file)
            .ok_or_else(|| wrong(format!("no text {}", self.file)))?;
        let text = PromptText::new(*text).map_err(|fault| wrong(fault.to_string()))?;
        let version = PromptVersion {
            prompt_type: self.prompt_type.clone(),
            version: 1,
            text: text.hash(),
            bytes: text.bytes(),
            variables: self.variables.clone(),
            note: "the shipped text".to_owned(),
        };
        let prompt = GlobalPrompt {
            prompt_type: self.prompt_type,
            description: self.description,
            text: text.hash(),
            variables: self.variables,
            version: 1,
            active: true,
        };
        let both = [
            Resource::PromptVersion(version),
            Resource::GlobalPrompt(prompt),
        ];
        Ok((both, text))
    }
}

fn model(mut table: toml::Table, as_of: Timestamp) -> Result<Model, SeedError> {
    let wrong = |source| SeedError {
        file: "catalogue.toml",
        source,
    };
    // Dates stand in the file as people write them.
    for date in ["deprecated_at", "shutdown_at"] {
        if let Some(text) = table.get(date).and_then(toml::Value::as_str) {
            let time = Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z")).unwrap_or_default();
            table.insert(date.to_owned(), toml::Value::Integer(time.as_micros()));
        }
    }
    let mut prices = Vec::new();
    if let Some(toml::Value::Array(rows)) = table.remove("price") {
        for mut row in rows {
            if let Some(row) = row.as_table_mut() {
                row.insert(
                    "effective_from".to_owned(),
                    toml::Value::Integer(as_of.as_micros()),
                );
            }
            prices.push(row.try_into::<ModelPrice>().map_err(wrong)?);
        }
    }
    let mut model: Model = table.try_into().map_err(wrong)?;
    model.prices = prices;
    Ok(model)
}

impl Application {
    /// Puts the shipped defaults into an empty database, as its first revision.
    pub(crate) async fn seed(&self) -> Result<(), crate::OpenError> {
        let (resources, texts) = resources()?;
        let _turn = self.turn.lock().await;
        let transaction = self.store.begin_write().await.map_err(AppError::from)?;
        if transaction.head().revision > 0 {
            // Another server was first.
            transaction.rollback().await.map_err(AppError::from)?;
            return Ok(self.catch_up().await?);
        }
        let call = WriteCall {
            caller: Caller {
                token_id: "bootstrap".into(),
                ..Caller::command_line()
            },
            rpc: "bootstrap",
            request_id: None,
            trace_id: "bootstrap".to_owned(),
            body: Vec::new().into(),
            validate_only: false,
            reason: "the shipped catalogue and defaults".to_owned(),
        };
        let live = self.live.load_full();
        let time = self.now();
        let actor = call.caller.name();
        let records: Vec<Record> = resources
            .into_iter()
            .map(|resource| Record {
                change: Change::Put(resource),
                revision: 1,
                time,
                actor: Arc::clone(&actor),
            })
            .collect();
        let mut snapshot = live.snapshot.clone();
        for record in &records {
            snapshot.apply(record);
        }
        let mut commit = self.commit_of(
            &call,
            transaction.head(),
            &live,
            &records,
            Vec::new(),
            None,
            "shipped defaults",
        )?;
        commit.texts = texts.iter().map(texts::row).collect();
        self.commit(&call, transaction, commit).await?;
        self.publish_change(&live, snapshot, Vec::new(), &texts);
        Ok(())
    }
}
