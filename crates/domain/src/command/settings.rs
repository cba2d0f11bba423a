//! Saves and resets of an account's integration settings (section 3).

use serde_json::Value;

use super::accounts::{plan_forbids, writable};
use super::{Decision, check_etag};
use crate::check::{FieldScope, check_fields};
use crate::effective::{defaults, model_of_row};
use crate::{
    AccountId, Change, Field, IntegrationType, Modality, ModelFields, Override, ParsedSettings,
    Reason, Rejection, Resource, ResourceKey, Snapshot, Violation, parse_settings,
    strip_credentials,
};

/// A save as a browser sent it.
#[derive(Clone, Debug)]
pub struct SaveSettings {
    /// Whose settings.
    pub account_id: AccountId,
    /// The name of the type.
    pub integration_type: String,
    /// The settings; credentials in it are stripped.
    pub config: Value,
    /// What is replaced; `None`: what is given is set, a null clears.
    pub mask: Option<Vec<String>>,
    /// The row's switch.
    pub enabled: Option<bool>,
    /// The row's etag.
    pub expected_etag: Option<String>,
}

/// "Reset to defaults".
#[derive(Clone, Debug)]
pub struct ResetSettings {
    /// Whose settings.
    pub account_id: AccountId,
    /// The name of the type.
    pub integration_type: String,
    /// The row's etag.
    pub expected_etag: Option<String>,
}

pub(super) fn save(snapshot: &Snapshot, command: &SaveSettings) -> Result<Decision, Rejection> {
    // A refusal names what was stripped as well, whatever it is about.
    read_save(snapshot, command).map_err(|rejection| {
        let stripped = strip_credentials(command.config.clone()).paths;
        if stripped.is_empty() {
            rejection
        } else {
            rejection.with("stripped_fields", stripped.join(","))
        }
    })
}

fn read_save(snapshot: &Snapshot, command: &SaveSettings) -> Result<Decision, Rejection> {
    let kind = IntegrationType::for_save(snapshot, &command.integration_type)?;
    let Some((modality, fields)) = kind.shape(snapshot) else {
        return Err(Rejection::invalid_field(
            "integration_type",
            "not an integration type",
        ));
    };
    let mask = command
        .mask
        .as_ref()
        .map(|paths| mask_fields(paths, fields))
        .transpose()?;
    let parsed = parse_settings(command.config.clone(), fields);
    decide_save(
        snapshot,
        command,
        &kind,
        modality,
        fields,
        mask.as_deref(),
        parsed,
    )
}

fn decide_save(
    snapshot: &Snapshot,
    command: &SaveSettings,
    kind: &IntegrationType,
    modality: Modality,
    fields: &'static [Field],
    mask: Option<&[Field]>,
    mut parsed: ParsedSettings,
) -> Result<Decision, Rejection> {
    let id = command.account_id;
    let account = writable(snapshot, id)?;
    let wants_override =
        parsed.gives_values || parsed.enabled == Some(true) || command.enabled == Some(true);
    if wants_override && !account.plan.rules().may_override {
        return Err(plan_forbids(account));
    }
    let key = ResourceKey::Override(id, kind.clone());
    check_etag(snapshot, &key, command.expected_etag.as_deref())?;
    let mut violations = std::mem::take(&mut parsed.violations);
    let mut unmasked = 0;
    if let (Some(one), Some(other)) = (parsed.enabled, command.enabled)
        && one != other
    {
        violations.push(Violation::new(
            "enabled",
            "the same as config.enabled, or only one of the two",
        ));
    }
    let given: Vec<Field> = parsed.values.set_fields().collect();
    if let Some(mask) = mask {
        let masked_out = given.iter().chain(&parsed.cleared);
        for field in masked_out.filter(|field| !mask.contains(field)) {
            unmasked += 1;
            violations.push(Violation::new(
                format!("config.{}", field.as_str()),
                "a field that update_mask names",
            ));
        }
    }
    let stored = snapshot
        .account(id)
        .and_then(|entry| entry.override_of(kind));
    let stored_row = stored.as_ref().map(|row| row.value.clone());
    let mut row = stored_row.unwrap_or_else(|| Override {
        account_id: id,
        integration_type: kind.clone(),
        enabled: true,
        fields: ModelFields::default(),
    });
    merge_given(&mut row.fields, &parsed, mask);
    row.fields.name_service(modality);
    row.enabled = parsed.enabled.or(command.enabled).unwrap_or(row.enabled);
    let defaults = defaults(snapshot, kind);
    let provider = match kind {
        IntegrationType::Provider(name) => Some(name),
        _ => None,
    };
    let fallback_model = model_of_row(snapshot, kind, modality, Some(&row.fields));
    let scope = FieldScope {
        modality,
        provider,
        fallback_model,
        prefix: "config.",
    };
    let mut decision = Decision {
        subject: Some(key.clone()),
        stripped_fields: parsed.stripped,
        ..Decision::default()
    };
    match check_fields(snapshot, &scope, &row.fields, &given) {
        Ok(warnings) => decision.warnings = warnings,
        Err(more) => violations.extend(more),
    }
    if !violations.is_empty() {
        return Err(Rejection::invalid_under_mask(violations, unmasked));
    }
    let same = |field: &Field| {
        row.fields.get(*field).is_some() && row.fields.get(*field) == defaults.get(*field)
    };
    decision.pinned_same_as_default = fields
        .iter()
        .copied()
        .filter(|field| given.contains(field) && same(field))
        .collect();
    let is_empty = row.fields.is_empty() && row.enabled;
    match stored {
        Some(stored) if !is_empty && stored.value == row => {}
        None if is_empty => {}
        _ if is_empty => decision.changes.push(Change::Delete(key)),
        _ => decision.changes.push(Change::Put(Resource::Override(row))),
    }
    Ok(decision)
}

/// Clears what the save clears and sets what it gives; what was stripped stays as it is.
fn merge_given(row: &mut ModelFields, parsed: &ParsedSettings, mask: Option<&[Field]>) {
    let cleared = if parsed.emptied {
        &[][..]
    } else {
        mask.unwrap_or(&parsed.cleared)
    };
    for field in cleared {
        if !parsed.untouched.contains(field) {
            row.take(*field, &ModelFields::default());
        }
    }
    for field in parsed.values.set_fields() {
        row.take(field, &parsed.values);
    }
}

pub(super) fn reset(snapshot: &Snapshot, command: &ResetSettings) -> Result<Decision, Rejection> {
    let kind = IntegrationType::for_save(snapshot, &command.integration_type)?;
    let account = writable(snapshot, command.account_id)?;
    let key = ResourceKey::Override(account.account_id, kind.clone());
    check_etag(snapshot, &key, command.expected_etag.as_deref())?;
    let stored = snapshot
        .account(account.account_id)
        .and_then(|entry| entry.override_of(&kind));
    let changes = stored
        .map(|_| Change::Delete(key.clone()))
        .into_iter()
        .collect();
    Ok(Decision {
        subject: Some(key),
        changes,
        ..Decision::default()
    })
}

/// The fields that a mask names; `enabled` and `config.` are allowed, `*` is all.
fn mask_fields(paths: &[String], fields: &'static [Field]) -> Result<Vec<Field>, Rejection> {
    let mut named = Vec::new();
    for path in paths {
        let path = path.strip_prefix("config.").unwrap_or(path);
        match Field::parse(path).filter(|field| fields.contains(field)) {
            Some(field) => named.push(field),
            None if path == "*" || path == "config" => named.extend(fields),
            None if path == "enabled" => {}
            None => {
                let known: Vec<&str> = fields.iter().map(|field| field.as_str()).collect();
                let right = format!(
                    "paths of this type's fields: {}, enabled or *",
                    known.join(", ")
                );
                return Err(Rejection {
                    reason: Reason::MaskInvalid,
                    ..Rejection::invalid_field("update_mask", right)
                });
            }
        }
    }
    Ok(named)
}
