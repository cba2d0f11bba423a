//! From options to a running application: connect, migrate, open, first tokens.

use std::fs::{self, OpenOptions as FileOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use aiconfig_application::{Application, Caller, OpenOptions, SystemClock, TokenSpec, WriteCall};
use aiconfig_domain::Role;
use aiconfig_persistence::{SchemaStatus, Store, StoreConfig};
use aiconfig_vault::kek::KekConfig;
use aiconfig_vault::random::{OsRandom, RandomSource};
use secrecy::{ExposeSecret, SecretString};

use crate::config::Options;

/// Why a start fails, as a sentence for the terminal.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Connects, migrates where that is wanted, and opens the application.
pub(crate) async fn open(options: &Options, migrate: bool) -> Result<Arc<Application>, Failure> {
    let dir = &options.data_dir;
    let embedded = options.database_url.is_none();
    if embedded {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)?;
    }
    let url = options
        .database_url
        .clone()
        .unwrap_or_else(|| format!("sqlite://{}", dir.join("aiconfig.db").display()));
    let store = Store::connect(&StoreConfig::new(SecretString::from(url))).await?;
    let status = store.schema_status().await?;
    if migrate || store.is_embedded() {
        let mut deployment = [0; 16];
        OsRandom.fill(&mut deployment);
        store.migrate(deployment).await?;
    } else if matches!(status, SchemaStatus::Empty | SchemaStatus::Behind { .. }) {
        return Err("the database is not at this version's schema; run `aiconfig migrate`, or serve with --migrate".into());
    } else {
        status.check_read()?;
    }
    let keks = KekConfig {
        credentials_directory: std::env::var_os("CREDENTIALS_DIRECTORY").map(Into::into),
        file: options.kek_file.clone(),
        open_files: options.kek_open_files.clone(),
        generate_at: embedded.then(|| dir.join("kek")),
        ..KekConfig::default()
    };
    let open = OpenOptions {
        keks,
        clock: Box::new(SystemClock),
        random: Box::new(OsRandom),
        seed: true,
    };
    let app = Application::open(store, open).await?;
    first_tokens(&app, dir).await?;
    Ok(app)
}

/// Writes the first tokens where there is no token at all.
async fn first_tokens(app: &Application, dir: &Path) -> Result<(), Failure> {
    if app.live().snapshot.tokens().next().is_some() {
        return Ok(());
    }
    let tokens = dir.join("tokens");
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&tokens)?;
    for (name, role) in [("admin", Role::Admin), ("backend", Role::Backend)] {
        let call = WriteCall {
            caller: Caller::command_line(),
            rpc: "bootstrap",
            request_id: None,
            trace_id: app.new_trace_id(),
            body: Vec::new().into(),
            validate_only: false,
            reason: "first start".to_owned(),
        };
        let spec = TokenSpec {
            label: format!("first {name} token"),
            role,
            account_ids: Vec::new(),
            expire_time: None,
            allow_key_roles: true,
        };
        let created = app
            .create_token(&call, spec, |_, _| (), |()| Vec::new())
            .await?;
        let mut file = FileOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(tokens.join(name))?;
        file.write_all(created.secret.expose_secret().as_bytes())?;
        file.sync_all()?;
    }
    tracing::info!(directory = %tokens.display(), "wrote the first tokens");
    Ok(())
}
