//! `aiconfig vault status`: where a rotation stands.

use aiconfig_application::{Application, KekStatus, KekUse, RingStatus, VaultStatus};

use super::super::say;
use crate::config::Config;
use crate::start::Failure;

pub(super) async fn show(app: &Application, config: &Config) -> Result<(), Failure> {
    let VaultStatus {
        keks,
        ring,
        rows_left,
        keys_left,
        unreadable,
    } = app.vault_status().await?;
    say("key-encryption key                used       wraps")?;
    for KekStatus { id, used, wraps } in &keks {
        let name = match used {
            KekUse::Primary => "primary",
            KekUse::OpenOnly => "open-only",
            KekUse::Missing => "MISSING",
        };
        let note = match (used, wraps) {
            (KekUse::OpenOnly, 0) => "  not needed by this database; its backups may need it",
            _ => "",
        };
        say(&format!("{id}  {name:9}  {wraps:5}{note}"))?;
    }
    for path in config.kek_open_files.iter().filter(|path| !path.exists()) {
        say(&format!("no file at {}", path.display()))?;
    }
    say("")?;
    say("data key          state      wrapped by                        seals")?;
    for row in &ring {
        let RingStatus {
            purpose,
            version,
            state,
            kek_id,
            seals,
            fault,
        } = row;
        let name = format!("{} {version}", purpose.as_str());
        let kek_id = if state.is_kept() {
            kek_id.to_string()
        } else {
            "-".to_owned()
        };
        let fault = fault.as_ref().map(|fault| format!("  FAILED: {fault}"));
        let fault = fault.unwrap_or_default();
        let state = state.as_str();
        say(&format!(
            "{name:16}  {state:9}  {kek_id:32}  {seals:5}{fault}"
        ))?;
    }
    say("")?;
    say(&match rows_left {
        0 => "the primary wraps the whole ring".to_owned(),
        left => format!("{left} rows of the ring are left for `aiconfig vault rotate-kek`"),
    })?;
    say(&match keys_left {
        0 => "the active data key seals all provider keys".to_owned(),
        left => format!("{left} provider keys are left for `aiconfig vault rotate-dek`"),
    })?;
    if unreadable > 0 {
        say(&format!(
            "{unreadable} provider keys cannot be read; `aiconfig vault verify` names them"
        ))?;
    }
    Ok(())
}
