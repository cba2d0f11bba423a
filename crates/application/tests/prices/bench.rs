//! An application over a database of its own, and small price files.

use std::sync::Arc;

use aiconfig_application::{
    AppError, Application, Caller, OpenOptions, PriceFile, PriceOptions, PriceReport, SystemClock,
    WriteCall, Written,
};
use aiconfig_domain::{Model, PriceDimension};
use aiconfig_persistence::{Store, StoreConfig};
use aiconfig_vault::kek::KekConfig;
use aiconfig_vault::random::OsRandom;
use tempfile::TempDir;

/// An open application with the shipped catalogue.
pub(crate) struct Bench {
    pub(crate) app: Arc<Application>,
    _folder: TempDir,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = "sqlite::memory:".to_owned();
        let store = Store::connect(&StoreConfig::new(url.into())).await.unwrap();
        store.migrate(*b"sixteen bytes id").await.unwrap();
        let options = OpenOptions {
            keks: KekConfig {
                generate_at: Some(folder.path().join("kek")),
                ..KekConfig::default()
            },
            clock: Box::new(SystemClock),
            random: Box::new(OsRandom),
            text_cache_bytes: 1024 * 1024,
            seed: true,
        };
        let app = Application::open(store, options).await.unwrap();
        Self {
            app,
            _folder: folder,
        }
    }

    /// Imports a file.
    pub(crate) async fn try_import(
        &self,
        content: &str,
        options: &PriceOptions,
        validate_only: bool,
    ) -> Result<PriceReport, AppError> {
        let file = PriceFile::read(content.as_bytes(), None).unwrap();
        let call = WriteCall {
            caller: Caller::command_line(),
            rpc: "import prices",
            request_id: None,
            trace_id: self.app.new_trace_id(),
            body: Vec::new().into(),
            validate_only,
            reason: String::new(),
        };
        let written =
            self.app
                .import_prices(&call, &file, options, |report, _| report, |_| Vec::new());
        match written.await? {
            Written::Fresh(report) => Ok(report),
            Written::Replayed(_) => unreachable!("no request id"),
        }
    }

    /// Imports a file of version 9 without adding models.
    pub(crate) async fn import(&self, content: &str) -> PriceReport {
        let options = PriceOptions {
            version: "9".to_owned(),
            create_missing: false,
        };
        self.try_import(content, &options, false).await.unwrap()
    }

    pub(crate) fn model(&self, id: &str) -> Option<Model> {
        let live = self.app.live();
        live.snapshot.model(id).map(|stored| stored.value.clone())
    }

    /// The prices of a model in effect, by dimension and tier.
    pub(crate) fn prices(&self, id: &str) -> Vec<(PriceDimension, i64, i64)> {
        let model = self.model(id).unwrap();
        aiconfig_domain::prices_at(&model.prices, self.app.now())
            .into_iter()
            .map(|price| (price.dimension, price.from_tokens, price.micro_usd))
            .collect()
    }
}

/// A file of `LiteLLM`'s form with these entries, and all that the shipped catalogue has from there
/// at prices that are stored already, so that it is a plausible one.
pub(crate) fn litellm(entries: &str) -> String {
    let entry = |id: &str, vendor: &str, input: &str| {
        format!(
            "\"{id}\": {{\"litellm_provider\": \"{vendor}\", \"mode\": \"chat\", \
             \"input_cost_per_token\": {input}}}"
        )
    };
    let others = (0..60).map(|at| entry(&format!("other/m{at}"), "other", "1e-06"));
    let shipped = SHIPPED.iter();
    let shipped = shipped.filter(|(id, ..)| !entries.contains(&format!("\"{id}\"")));
    let all: Vec<String> = others
        .chain(shipped.map(|(id, vendor, input)| entry(id, vendor, input)))
        .chain([entries.to_owned()])
        .collect();
    format!("{{{}}}", all.join(",\n"))
}

/// Over half of the shipped models that are priced from `LiteLLM`'s file, with their input prices
/// in USD per token.
const SHIPPED: [(&str, &str, &str); 19] = [
    ("gpt-4o-mini", "openai", "1.5e-07"),
    ("gpt-4o", "openai", "2.5e-06"),
    ("gpt-4.1", "openai", "0.000002"),
    ("gpt-4.1-mini", "openai", "4e-07"),
    ("gpt-4.1-nano", "openai", "1e-07"),
    ("gpt-4", "openai", "3e-05"),
    ("gpt-5.4", "openai", "2.5e-06"),
    ("gpt-5.4-mini", "openai", "7.5e-07"),
    ("gpt-5.6-terra", "openai", "2e-06"),
    ("gpt-5.6-luna", "openai", "2e-07"),
    ("gpt-6-luna", "openai", "1e-07"),
    ("gpt-6.1-sol", "openai", "2e-06"),
    ("gpt-6.1-terra", "openai", "1e-06"),
    ("claude-sonnet-4-6", "anthropic", "3e-06"),
    ("claude-sonnet-5-5", "anthropic", "2e-06"),
    ("claude-opus-4-6", "anthropic", "5e-06"),
    ("claude-opus-5-5", "anthropic", "4e-06"),
    ("claude-haiku-4-5", "anthropic", "1e-06"),
    ("claude-haiku-5-5", "anthropic", "1e-07"),
];
