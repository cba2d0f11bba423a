//! `aiconfig vault`: key-encryption keys, what they seal, and their rotation.

mod rotate;
mod status;

use std::path::PathBuf;
use std::sync::Arc;

use aiconfig_application::{Application, VaultFault};
use aiconfig_persistence::SchemaStatus;
use aiconfig_vault::kek::generate_file;
use aiconfig_vault::random::OsRandom;
use clap::Subcommand;

use super::say;
use crate::config::Config;
use crate::start::{self, Failure};

#[derive(Subcommand)]
pub(super) enum Task {
    /// Write a new key-encryption key to a file that only its owner can read. An existing file is
    /// never touched. Keep a copy apart from the database: without it no stored key opens again.
    Init {
        /// Where; by default where the configuration says that it is.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Show the key-encryption keys and the ring: what wraps what, what a rotation has left to do,
    /// and which key-encryption key is needed no more. It works without any key.
    Status,
    /// Open the ring and every stored key, and report. Nothing is printed of any key.
    Verify,
    /// Wrap the ring by the primary key-encryption key, while servers go on serving.
    ///
    /// Before: give the new key to every server as one that only opens (`AICONFIG_KEK_OPEN_FILES`),
    /// then make it the primary everywhere (`AICONFIG_KEK_FILE`) with the former one open only. All
    /// rows move in one transaction; run again it changes nothing. `docs/rotation.md` has the steps.
    RotateKek(rotate::KekArgs),
    /// Seal every provider key with a new data key, while servers go on serving.
    ///
    /// Keys are opened, sealed, opened again and compared, some in each transaction. After a kill
    /// the same command goes on where it was. The first key that does not open stops it; it is
    /// named and left as it is.
    RotateDek(rotate::DekArgs),
    /// Erase a disabled data key for good. What a backup holds needs that backup's ring then.
    DestroyDek(rotate::DestroyArgs),
}

pub(super) async fn run(config: &Config, task: Task) -> Result<(), Failure> {
    match task {
        Task::Init { output } => init(config, output),
        Task::Status => status::show(&*open(config).await?, config).await,
        Task::Verify => verify(config).await,
        Task::RotateKek(args) => rotate::kek(&*open(config).await?, &args).await,
        Task::RotateDek(args) => rotate::dek(&*open(config).await?, &args).await,
        Task::DestroyDek(args) => rotate::destroy(&*open(config).await?, &args).await,
    }
}

/// Opens the application over a database in use; nothing is made or migrated for it.
async fn open(config: &Config) -> Result<Arc<Application>, Failure> {
    if config.database_url.is_none() && !start::embedded_file(config).is_file() {
        return Err("there is no database yet; `aiconfig serve` makes it".into());
    }
    let store = start::connect(config).await?;
    match store.schema_status().await? {
        SchemaStatus::Empty => return Err("the database is empty; run `aiconfig migrate`".into()),
        SchemaStatus::Behind { .. } => {
            return Err("the schema is older than this version; run `aiconfig migrate`".into());
        }
        status => status.check_write()?,
    }
    start::open_as_it_is(config, store).await
}

fn init(config: &Config, output: Option<PathBuf>) -> Result<(), Failure> {
    let path = output.or_else(|| config.kek_file.clone());
    let path = path.unwrap_or_else(|| config.data_dir.join("kek"));
    if path.exists() {
        return Err(format!("{} is there already and was not touched", path.display()).into());
    }
    let kek = generate_file(&path, &OsRandom)?;
    say(&format!("wrote {} with key {}", path.display(), kek.id()))?;
    say("keep a copy of it apart from the database; set AICONFIG_KEK_FILE to its place")?;
    Ok(())
}

async fn verify(config: &Config) -> Result<(), Failure> {
    let report = open(config).await?.verify_vault().await?;
    for id in &report.missing_keks {
        say(&format!("MISSING  key-encryption key {id}"))?;
    }
    for resource in &report.opened {
        say(&format!("ok       {resource}"))?;
    }
    for VaultFault { resource, why, .. } in &report.faults {
        say(&format!("FAILED   {resource}: {why}"))?;
    }
    let (keys, faults) = (report.keys_opened(), report.faults.len());
    let rows = report.opened.len() - keys;
    say(&format!(
        "{rows} rows of the ring and {keys} keys opened, {faults} did not"
    ))?;
    if report.is_sound() {
        Ok(())
    } else {
        Err("the vault is not whole: load the missing key-encryption key, or add the failed keys anew".into())
    }
}
