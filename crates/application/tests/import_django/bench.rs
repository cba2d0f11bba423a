//! An application over a database of its own, and imports into it.

use std::sync::Arc;

use aiconfig_application::{
    Application, Caller, Dump, ImportOptions, ImportReport, Live, OpenOptions, ReportConsequence,
    ReportLine, Sidecar, SystemClock, WriteCall,
};
use aiconfig_domain::{
    AccountId, Command, IntegrationType, ModelFields, Override, PromptType, TextHash,
};
use aiconfig_persistence::{Store, StoreConfig};
use aiconfig_vault::kek::KekConfig;
use aiconfig_vault::random::OsRandom;
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;

/// An open application, seeded.
pub(crate) struct Bench {
    pub(crate) app: Arc<Application>,
    pub(crate) url: String,
    folder: TempDir,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::at("sqlite::memory:".to_owned(), tempfile::tempdir().unwrap()).await
    }

    pub(crate) async fn at(url: String, folder: TempDir) -> Self {
        let app = open(&url, &folder).await;
        Self { app, url, folder }
    }

    /// A second program over the same database.
    pub(crate) async fn second(&self) -> Arc<Application> {
        open(&self.url, &self.folder).await
    }

    pub(crate) async fn import(&self, dump: Value) -> ImportReport {
        self.import_with(dump, &ImportOptions::default()).await
    }

    pub(crate) async fn import_with(&self, dump: Value, options: &ImportOptions) -> ImportReport {
        let dump = Dump::read(dump.to_string().as_bytes()).unwrap();
        let call = call(false);
        self.app.import_django(&call, dump, options).await.unwrap()
    }

    pub(crate) async fn run(&self, command: Command) {
        self.run_beside(command, Sidecar::None).await;
    }

    pub(crate) async fn run_with_key(&self, command: Command, key: SecretString) {
        self.run_beside(command, Sidecar::Key(key)).await;
    }

    async fn run_beside(&self, command: Command, sidecar: Sidecar) {
        self.app
            .write(
                &call(false),
                |_| Ok(command),
                sidecar,
                |_| (),
                |()| Vec::new(),
            )
            .await
            .unwrap();
    }

    pub(crate) fn live(&self) -> Arc<Live> {
        Arc::clone(&self.app.live())
    }

    /// The text, base and version of an account's prompt.
    pub(crate) async fn own_prompt(
        &self,
        account: i64,
        kind: &str,
    ) -> Option<(String, String, u32)> {
        let live = self.live();
        let account = AccountId::new(account)?;
        let entry = live.snapshot.account(account)?;
        let stored = entry.prompt_of(&PromptType::parse(kind)?)?.of(account);
        let text = self.text(stored.text).await;
        Some((
            text,
            self.text(stored.default_text).await,
            stored.based_on_version,
        ))
    }

    /// The text and version of a prompt of the library.
    pub(crate) async fn library_prompt(&self, kind: &str) -> Option<(String, u32)> {
        let live = self.live();
        let prompt = live.snapshot.global_prompt(kind)?.value.clone();
        Some((self.text(prompt.text).await, prompt.version))
    }

    pub(crate) async fn text(&self, hash: TextHash) -> String {
        let live = self.live();
        self.app
            .text(&live, hash)
            .await
            .unwrap()
            .as_ref()
            .to_owned()
    }

    pub(crate) fn row(&self, account: i64, kind: &str) -> Option<Override> {
        let live = self.live();
        let entry = live.snapshot.account(AccountId::new(account)?)?;
        let kind = IntegrationType::parse(kind)?;
        entry.override_of(&kind).map(|stored| stored.value.clone())
    }

    /// The values of an account's row as JSON, null without a row.
    pub(crate) fn values(&self, account: i64, kind: &str) -> Value {
        let row = self.row(account, kind);
        row.map_or(Value::Null, |row| json(&row.fields))
    }

    pub(crate) fn section(&self, name: &str) -> Value {
        let live = self.live();
        let globals = live.snapshot.globals().unwrap();
        globals.value.section(name).map_or(Value::Null, json)
    }
}

fn json(fields: &ModelFields) -> Value {
    serde_json::to_value(fields).unwrap()
}

async fn open(url: &str, folder: &TempDir) -> Arc<Application> {
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
    Application::open(store, options).await.unwrap()
}

pub(crate) fn call(validate_only: bool) -> WriteCall {
    WriteCall {
        caller: Caller::command_line(),
        rpc: "import django",
        request_id: None,
        trace_id: "import".to_owned(),
        body: Vec::new().into(),
        validate_only,
        reason: "a test".to_owned(),
    }
}

pub(crate) fn row(model: &str, pk: impl Into<Value>, fields: impl Into<Value>) -> Value {
    let (pk, fields): (Value, Value) = (pk.into(), fields.into());
    json!({"model": model, "pk": pk, "fields": fields})
}

/// The five plans of the old system, the fifth of which is none here.
pub(crate) fn plans() -> Vec<Value> {
    ["free", "starter", "growth", "scale", "enterprise"]
        .into_iter()
        .zip(1..)
        .map(|(slug, pk)| row("igny8_core_auth.plan", pk, json!({"slug": slug})))
        .collect()
}

pub(crate) fn account(pk: i64, plan: impl Into<Value>) -> Value {
    account_as(pk, &format!("acc-{pk}"), plan)
}

pub(crate) fn account_as(pk: i64, slug: &str, plan: impl Into<Value>) -> Value {
    let fields = json!({"name": slug, "slug": slug, "plan": plan.into(), "status": "active",
        "is_deleted": false});
    row("igny8_core_auth.account", pk, fields)
}

pub(crate) fn settings(pk: i64, account: i64, kind: &str, config: impl Into<Value>) -> Value {
    let config: Value = config.into();
    let fields = json!({"account": account, "integration_type": kind, "config": config,
        "is_active": true, "updated_at": "2026-01-01T00:00:00Z"});
    row("system.integrationsettings", pk, fields)
}

/// A dump of the plans and these rows.
pub(crate) fn dump(rows: impl IntoIterator<Item = Value>) -> Value {
    Value::Array(plans().into_iter().chain(rows).collect())
}

/// A row with other fields.
pub(crate) fn with(mut row: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else {
        panic!("fields are an object");
    };
    for (name, value) in fields {
        row["fields"][name] = value;
    }
    row
}

/// The lines about a row, as consequence and field.
pub(crate) fn lines(
    report: &ImportReport,
    model: &str,
    pk: i64,
) -> Vec<(ReportConsequence, String)> {
    found(report, model, pk)
        .into_iter()
        .map(|line| (line.consequence, line.field.clone()))
        .collect()
}

pub(crate) fn found<'a>(report: &'a ImportReport, model: &str, pk: i64) -> Vec<&'a ReportLine> {
    let pk = pk.to_string();
    let about = |line: &&ReportLine| line.model.ends_with(&format!(".{model}")) && line.pk == pk;
    report.lines.iter().filter(about).collect()
}

/// A prompt's row of an account.
pub(crate) fn prompt(pk: i64, account: i64, kind: &str, text: &str, default: &str) -> Value {
    let fields = json!({"account": account, "prompt_type": kind, "prompt_value": text,
        "default_prompt": default, "is_active": true, "updated_at": "2026-01-01T00:00:00Z"});
    row("system.aiprompt", pk, fields)
}
