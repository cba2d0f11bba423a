//! `aiconfig backup`: a copy of the embedded database while a server works on it.

use std::fs::File;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use aiconfig_application::{AppError, Application, VaultFault};
use aiconfig_persistence::Store;
use aiconfig_vault::error::VaultError;
use indicatif::{ProgressBar, ProgressStyle};
use secrecy::SecretString;
use tempfile::{Builder, NamedTempFile};
use tokio::signal::unix::{SignalKind, signal};

use super::say;
use crate::config::Config;
use crate::start::{self, Failure};
use crate::wire::hex;

/// How often the bar on the terminal moves.
const TICK: Duration = Duration::from_millis(200);
const INTERRUPTED: &str = "interrupted; nothing was left behind";

#[derive(clap::Args)]
pub(super) struct Args {
    /// The file of the copy, which only its owner can read. An existing one is not overwritten.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

pub(super) async fn run(config: &Config, args: Args) -> Result<(), Failure> {
    let output = args.output;
    if output.symlink_metadata().is_ok() {
        return Err(format!("{} is there already and was not touched", output.display()).into());
    }
    if config.database_url.is_none() && !start::embedded_file(config).is_file() {
        return Err("there is no database yet".into());
    }
    let store = start::connect(config).await?;
    if !store.is_embedded() {
        return Err(
            "PostgreSQL is backed up with its own tools, such as `pg_dump --format=custom`; see docs/operations/backup.md".into(),
        );
    }
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let sound = tokio::select! {
        made = make(config, &store, &output) => made?,
        _ = terminate.recv() => return Err(INTERRUPTED.into()),
        _ = interrupt.recv() => return Err(INTERRUPTED.into()),
    };
    if sound {
        Ok(())
    } else {
        Err("the copy is as the database is, which is not whole".into())
    }
}

/// Makes the copy in a folder of its own, which goes away however this ends, also with what SQLite
/// puts beside the copy: what has the right name is whole. Whether all in it is sound.
async fn make(config: &Config, store: &Store, output: &Path) -> Result<bool, Failure> {
    let beside = output.parent().filter(|path| !path.as_os_str().is_empty());
    let beside = beside.unwrap_or(Path::new("."));
    let mut folder = Builder::new();
    let folder = folder.prefix(".aiconfig-backup-").tempdir_in(beside);
    let folder = folder.map_err(|error| format!("{}: {error}", beside.display()))?;
    let copy = NamedTempFile::new_in(folder.path())?;
    copy_to(store, copy.path()).await?;
    copy.as_file().sync_all()?;
    let sound = examine(config, &copy).await?;
    let bytes = copy.as_file().metadata()?.len();
    let kept = copy.persist_noclobber(output);
    kept.map_err(|error| format!("{}: {}", output.display(), error.error))?;
    File::open(beside)?.sync_all()?;
    say(&format!("wrote {}, {bytes} bytes", output.display()))?;
    Ok(sound)
}

/// Copies, with a bar on the terminal where there is one.
async fn copy_to(store: &Store, file: &Path) -> Result<(), Failure> {
    let bar = if io::stderr().is_terminal() {
        ProgressBar::new(store.size().await?)
    } else {
        ProgressBar::hidden()
    };
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {eta}") {
        bar.set_style(style);
    }
    let growing = async {
        loop {
            tokio::time::sleep(TICK).await;
            if let Ok(file) = file.metadata() {
                bar.set_position(file.len());
            }
        }
    };
    let copied = tokio::select! {
        copied = store.copy_to(file) => copied,
        () = growing => Ok(()),
    };
    bar.finish_and_clear();
    Ok(copied?)
}

/// Opens the copy as a server would, and says what is in it; whether all of it is sound.
async fn examine(config: &Config, copy: &NamedTempFile) -> Result<bool, Failure> {
    let path = copy.path().canonicalize()?;
    let url = url::Url::from_file_path(&path).map_err(|()| "the copy has no absolute path")?;
    let url = SecretString::from(format!("sqlite://{}?mode=ro", url.path()));
    let store = start::connect_to(config, url).await?;
    let app = start::open_as_it_is(config, store).await?;
    {
        let live = app.live();
        say(&format!(
            "revision {}, digest {}, {} resources",
            live.snapshot.revision(),
            live.snapshot.digest().to_hex(),
            live.snapshot.resource_count()
        ))?;
    }
    let audit = audit(&app).await?;
    let report = app.verify_vault().await?;
    // A missing key-encryption key is no fault of the copy.
    let damaged: Vec<_> = report.faults.iter().filter(|fault| fault.damaged).collect();
    for VaultFault { resource, why, .. } in &damaged {
        say(&format!("FAILED   {resource}: {why}"))?;
    }
    let (opened, faults) = (report.keys_opened(), report.faults.len());
    if report.missing_keks.is_empty() {
        say(&format!("{opened} stored keys open, {faults} do not"))?;
    } else {
        let missing = report.missing_keks.join(", ");
        let unopened = faults - damaged.len();
        say(&format!(
            "{unopened} stored keys were not opened: key-encryption key {missing} is not here"
        ))?;
    }
    let whole = damaged.is_empty();
    app.store().close().await?;
    Ok(audit && whole)
}

/// Checks the chain of the audit; whether it holds or cannot be checked here.
async fn audit(app: &Application) -> Result<bool, Failure> {
    let report = match app.verify_audit().await {
        Ok(report) => report,
        Err(AppError::Vault(error)) => {
            let missing = matches!(error, VaultError::KeyUnavailable { .. });
            let why = if missing { "is not here" } else { "is damaged" };
            let head = app.store().head().await?;
            say(&format!(
                "audit head {} {}; the chain was not checked, its key {why}",
                head.audit_sequence,
                hex(&head.audit_hash)
            ))?;
            return Ok(missing);
        }
        Err(error) => return Err(error.into()),
    };
    let head = hex(&report.head_hash);
    say(&format!("audit head {} {head}", report.head_sequence))?;
    if let Some((sequence, what)) = &report.fault {
        say(&format!("FAILED   audit record {sequence}: {what}"))?;
    }
    Ok(report.fault.is_none())
}
