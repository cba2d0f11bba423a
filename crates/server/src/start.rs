//! From options to a running application: connect, migrate, open, first tokens.

use std::fs::{self, OpenOptions as FileOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aiconfig_application::{Application, Caller, OpenOptions, SystemClock, TokenSpec, WriteCall};
use aiconfig_domain::Role;
use aiconfig_persistence::{SchemaStatus, Store, StoreConfig};
use aiconfig_vault::kek::KekConfig;
use aiconfig_vault::random::{OsRandom, RandomSource};
use secrecy::{ExposeSecret, SecretString};

use crate::config::Config;

/// Why a start fails, as a sentence for the terminal.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Connects, migrates where that is wanted, and opens the application.
pub(crate) async fn open(config: &Config, migrate: bool) -> Result<Arc<Application>, Failure> {
    if config.database_url.is_none() {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&config.data_dir)?;
    }
    let store = connect(config).await?;
    let status = store.schema_status().await?;
    if status == SchemaStatus::Current {
        // Nothing to write: a read-only database is served.
    } else if migrate || store.is_embedded() {
        let mut deployment = [0; 16];
        OsRandom.fill(&mut deployment);
        store.migrate(deployment).await?;
    } else if matches!(status, SchemaStatus::Empty | SchemaStatus::Behind { .. }) {
        return Err("the database is not at this version's schema; run `aiconfig migrate`, or serve with --migrate".into());
    } else {
        status.check_read()?;
    }
    let generate_at = config
        .database_url
        .is_none()
        .then(|| config.data_dir.join("kek"));
    let app = Application::open(store, options(config, generate_at, true)).await?;
    first_tokens(&app, &config.data_dir).await?;
    Ok(app)
}

/// Opens the application over a database in use: makes no key, fills nothing in.
pub(crate) async fn open_as_it_is(
    config: &Config,
    store: Store,
) -> Result<Arc<Application>, Failure> {
    let generated = config.data_dir.join("kek");
    let generated = (config.database_url.is_none() && generated.is_file()).then_some(generated);
    Ok(Application::open(store, options(config, generated, false)).await?)
}

/// Where the embedded database is.
pub(crate) fn embedded_file(config: &Config) -> PathBuf {
    config.data_dir.join("aiconfig.db")
}

/// Connects to the database.
pub(crate) async fn connect(config: &Config) -> Result<Store, Failure> {
    let url = config.database_url.clone().unwrap_or_else(|| {
        let file = embedded_file(config);
        SecretString::from(format!("sqlite://{}", file.display()))
    });
    connect_to(config, url).await
}

/// Connects to a database that is not the configured one.
pub(crate) async fn connect_to(config: &Config, url: SecretString) -> Result<Store, Failure> {
    let mut store = StoreConfig::new(url);
    store.max_connections = config.database_connections;
    Ok(Store::connect(&store).await?)
}

fn options(config: &Config, generate_at: Option<PathBuf>, seed: bool) -> OpenOptions {
    let keks = KekConfig {
        credentials_directory: std::env::var_os("CREDENTIALS_DIRECTORY").map(Into::into),
        file: config.kek_file.clone(),
        env_value: config.kek.clone(),
        allow_env: config.kek_allow_env,
        generate_at,
        open_files: config.kek_open_files.clone(),
    };
    OpenOptions {
        keks,
        clock: Box::new(SystemClock),
        random: Box::new(OsRandom),
        text_cache_bytes: config.prompt_cache_bytes(),
        seed,
    }
}

/// A write by the command line.
pub(crate) fn command_line(app: &Application, rpc: &'static str, reason: &str) -> WriteCall {
    WriteCall {
        caller: Caller::command_line(),
        rpc,
        request_id: None,
        trace_id: app.new_trace_id(),
        body: Vec::new().into(),
        validate_only: false,
        reason: reason.to_owned(),
    }
}

/// Makes the first tokens where there are no others. Each is in its file before it is valid, so
/// that a start that was killed leaves none that nobody knows.
async fn first_tokens(app: &Application, dir: &Path) -> Result<(), Failure> {
    let first = [("admin", Role::Admin), ("backend", Role::Backend)];
    let first = first.map(|(name, role)| (name, format!("first {name} token"), role));
    let labels: Vec<String> = {
        let live = app.live();
        let tokens = live.snapshot.tokens();
        tokens.map(|token| token.value.label.clone()).collect()
    };
    let others = |label: &String| !first.iter().any(|(_, first, _)| first == label);
    if labels.len() >= first.len() || labels.iter().any(others) {
        return Ok(());
    }
    let tokens = dir.join("tokens");
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&tokens)?;
    for (name, label, role) in first {
        if labels.contains(&label) {
            continue;
        }
        let token = app.draw_token();
        let mut file = FileOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(tokens.join(name))?;
        file.write_all(token.secret.expose_secret().as_bytes())?;
        file.sync_all()?;
        fs::File::open(&tokens)?.sync_all()?;
        let call = command_line(app, "bootstrap", "first start");
        let spec = TokenSpec {
            label,
            role,
            account_ids: Vec::new(),
            expire_time: None,
            allow_key_roles: true,
        };
        app.create_drawn_token(&call, token, spec, |_, _| (), |()| Vec::new())
            .await?;
    }
    tracing::info!(directory = %tokens.display(), "wrote the first tokens");
    Ok(())
}
