//! `aiconfig vault`: make a key-encryption key, and open everything that is sealed.

use std::path::PathBuf;

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
    /// Open the ring and every stored key, and report. Nothing is printed of any key.
    Verify,
}

pub(super) async fn run(config: &Config, task: Task) -> Result<(), Failure> {
    match task {
        Task::Init { output } => init(config, output),
        Task::Verify => verify(config).await,
    }
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
    let app = start::open(config, false).await?;
    let report = app.verify_vault();
    for id in &report.missing_keks {
        say(&format!("MISSING  key-encryption key {id}"))?;
    }
    for (provider, version) in &report.opened {
        say(&format!("ok       {provider} version {version}"))?;
    }
    for (provider, version, why) in &report.faults {
        say(&format!("FAILED   {provider} version {version}: {why}"))?;
    }
    let (opened, faults) = (report.opened.len(), report.faults.len());
    say(&format!("{opened} keys opened, {faults} did not"))?;
    if report.is_sound() {
        Ok(())
    } else {
        Err("the vault is not whole: load the missing key-encryption key, or add the failed keys anew".into())
    }
}
