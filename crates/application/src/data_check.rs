//! Whether the state can do its work: a model, limits and a key for everything in use, and nothing
//! stored that looks like a credential.

mod prompts;

use std::collections::BTreeSet;

use aiconfig_domain::{
    AccountEntry, AccountId, FindingKind, Modality, ModelFields, Reason, findings, looks_like_key,
};
use aiconfig_resolution::{Query, key_choice, resolve};
use serde_json::Value;

use crate::{AppError, Application, Live};

/// How bad a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Calls fail, or a secret lies open.
    Error,
    /// Calls may fail soon, or do not do what was meant.
    Warning,
    /// Good to know.
    Info,
}

/// Something that a check found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// How bad it is.
    pub severity: Severity,
    /// What it is about, such as `functions/auto_cluster`.
    pub resource: String,
    /// What is wrong and what to do.
    pub message: String,
}

fn fault(severity: Severity, resource: impl Into<String>, message: impl Into<String>) -> Fault {
    let (resource, message) = (resource.into(), message.into());
    Fault {
        severity,
        resource,
        message,
    }
}

impl Application {
    /// Checks the state, the worst first.
    ///
    /// # Errors
    /// As [`Application::export`]: every stored value is looked at.
    pub async fn check_data(&self) -> Result<Vec<Fault>, AppError> {
        let live = self.live().clone();
        let mut faults = self.functions_work(&live);
        faults.extend(prompts::prompts_are_there(&live));
        faults.extend(prompts::strategies_hold(&live));
        faults.extend(dormant(&live));
        for finding in findings(&live.snapshot, self.now()) {
            let severity = match finding.kind {
                FindingKind::DanglingModel => Severity::Error,
                FindingKind::DatePassed
                | FindingKind::RetiredModelUsed
                | FindingKind::PriceMissing => Severity::Warning,
                FindingKind::DateNear => Severity::Info,
            };
            faults.push(fault(severity, finding.resource, finding.message));
        }
        for found in self.verify_vault().await?.faults {
            faults.push(fault(Severity::Error, found.resource, found.why));
        }
        let exported = self.export_resources(|line| {
            let mut paths = Vec::new();
            key_like(&line["value"], "", &mut paths);
            let name = |part: &str| line[part].as_str().unwrap_or_default().to_owned();
            let resource = format!("{}/{}", name("kind"), name("key"));
            faults.extend(paths.into_iter().map(|path| {
                let message = format!("{path} looks like a credential; clear it and revoke it");
                fault(Severity::Error, resource.clone(), message)
            }));
        });
        let exported = exported.await?;
        let each = self.each_text(&exported.named, |hash, by, text| {
            faults.extend(prompts::text_fault(hash, by, text));
        });
        each.await?;
        let exported = exported.summary;
        let (revision, replayed) = self.replay_log().await?;
        if revision == exported.revision && replayed.to_hex() != exported.digest {
            let message = "the log leads to another state than the stored one: a row was changed \
                           beside it; restore a backup";
            faults.push(fault(Severity::Error, "log", message));
        }
        faults.sort();
        faults.dedup();
        Ok(faults)
    }

    /// Every function resolves for an account without rows, to a model with a limit and a key.
    fn functions_work(&self, live: &Live) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut providers = BTreeSet::new();
        let Some(nobody) = AccountId::new(i64::MAX) else {
            return faults;
        };
        for stored in live.snapshot.functions() {
            let function = &stored.value.name;
            let resource = format!("functions/{function}");
            let query = Query {
                function: function.clone(),
                account: nobody,
                overrides: ModelFields::default(),
                explain: false,
            };
            match resolve(&live.snapshot, &query, self.now()) {
                Ok(resolved) => {
                    if resolved.modality == Modality::Text && resolved.fields.max_tokens.is_none() {
                        let message = format!("{} has no max_output_tokens", resolved.model);
                        faults.push(fault(Severity::Error, resource, message));
                    }
                    providers.insert(resolved.provider);
                }
                Err(refusal) if refusal.reason == Reason::NoModelConfigured => {
                    faults.push(fault(Severity::Error, resource, refusal.message));
                }
                Err(refusal) => faults.push(fault(Severity::Info, resource, refusal.message)),
            }
        }
        for provider in providers {
            if key_choice(&live.snapshot, provider).is_err() {
                let message = "functions use it and it has no usable key; AddProviderKey and \
                               PromoteProviderKey give it one";
                faults.push(fault(
                    Severity::Error,
                    format!("providers/{provider}"),
                    message,
                ));
            }
        }
        faults
    }
}

fn dormant(live: &Live) -> Option<Fault> {
    let accounts = live.snapshot.accounts_after(None).filter(|entry| {
        let dormant = entry
            .live()
            .is_some_and(|account| !account.plan.rules().may_override);
        dormant && has_rows(entry)
    });
    let count = accounts.count();
    (count > 0).then(|| {
        let message = format!("{count} accounts have rows that their plan keeps dormant");
        fault(Severity::Info, "accounts", message)
    })
}

/// Whether an account has rows that a plan can put to rest.
fn has_rows(entry: &AccountEntry) -> bool {
    !entry.overrides.is_empty()
        || !entry.prompts().is_empty()
        || !entry.profiles().is_empty()
        || !entry.strategies().is_empty()
}

fn key_like(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::String(text) if looks_like_key(text) => found.push(path.to_owned()),
        Value::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                key_like(value, &format!("{path}[{at}]"), found);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                let dot = if path.is_empty() { "" } else { "." };
                key_like(value, &format!("{path}{dot}{name}"), found);
            }
        }
        _ => {}
    }
}
