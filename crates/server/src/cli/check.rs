//! `aiconfig check`: what is in force and whether it works. It changes nothing.

use aiconfig_application::{Severity, VaultFault};
use aiconfig_persistence::SchemaStatus;

use super::say;
use crate::config::{self, Config, Flags};
use crate::start::{self, Failure};
use crate::telemetry;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Check the stored state too: a model, limits, a key and prompts for all that is in use,
    /// dangling models, prompt texts, dormant rows, stored values that look like credentials.
    #[arg(long)]
    data: bool,
}

pub(super) async fn run(flags: &Flags, args: Args) -> Result<(), Failure> {
    for setting in config::shown(flags)? {
        let config::Shown { key, value, origin } = setting;
        say(&format!("{key} = {value}  ({origin})"))?;
    }
    say("")?;
    let config = Config::load(flags)?;
    telemetry::log(&config)?;
    say("ok       configuration")?;
    if let Some(files) = config.tls()? {
        files.load()?;
        say("ok       TLS files")?;
    }
    if config.database_url.is_none() && !start::embedded_file(&config).is_file() {
        say("ok       there is no database yet; `aiconfig serve` makes it")?;
        return Ok(());
    }
    let store = start::connect(&config).await?;
    say("ok       database answers")?;
    match store.schema_status().await? {
        SchemaStatus::Empty if store.is_embedded() => {
            say("ok       database is empty; `aiconfig serve` fills it")?;
            return Ok(());
        }
        SchemaStatus::Empty => {
            return Err("the database is empty; run `aiconfig migrate`".into());
        }
        SchemaStatus::Behind { .. } => {
            return Err("the schema is older than this version; run `aiconfig migrate`".into());
        }
        status => status.check_read()?,
    }
    say("ok       schema")?;
    let app = start::open_as_it_is(&config, store).await?;
    let report = app.verify_vault().await?;
    for id in &report.missing_keks {
        say(&format!(
            "FAILED   key-encryption key {id} is missing: set AICONFIG_KEK_FILE or AICONFIG_KEK_OPEN_FILES"
        ))?;
    }
    for VaultFault { resource, why, .. } in &report.faults {
        let cure = match () {
            // What they lack was told above.
            () if !report.missing_keks.is_empty() => "see docs/rotation.md",
            () if resource.starts_with("providers/") => "add it anew with AddProviderKey",
            () => "restore a backup",
        };
        say(&format!("FAILED   {resource}: {why}; {cure}"))?;
    }
    let mut errors = report.missing_keks.len() + report.faults.len();
    if errors == 0 {
        let opened = report.keys_opened();
        say(&format!("ok       keyring; {opened} stored keys open"))?;
    }
    if args.data {
        let faults = app.check_data().await?;
        for found in &faults {
            let word = match found.severity {
                Severity::Error => "FAILED   ",
                Severity::Warning => "warning  ",
                Severity::Info => "note     ",
            };
            say(&format!("{word}{}: {}", found.resource, found.message))?;
        }
        let bad = |severity| move |found: &&aiconfig_application::Fault| found.severity == severity;
        let failed = faults.iter().filter(bad(Severity::Error)).count();
        errors += failed;
        if failed == 0 {
            say("ok       data")?;
        }
    }
    if errors == 0 {
        Ok(())
    } else {
        Err(format!("{errors} checks failed").into())
    }
}
