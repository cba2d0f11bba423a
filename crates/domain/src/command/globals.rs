//! Changes of the global settings (section 3).

use super::{Decision, check_etag};
use crate::check::{FieldScope, check_fields};
use crate::globals::GlobalPath;
use crate::{
    Change, Field, FieldSource, GlobalPatch, GlobalSettings, IntegrationType, Modality,
    ModelFields, Rejection, Resource, ResourceKey, Snapshot, Violation, select_model,
};

/// A change of the global settings.
#[derive(Clone, Debug)]
pub struct UpdateGlobals {
    /// What changes.
    pub patch: GlobalPatch,
    /// The etag of the settings.
    pub expected_etag: Option<String>,
}

#[expect(
    clippy::too_many_lines,
    reason = "the steps of an update in their one order"
)]
pub(super) fn update(snapshot: &Snapshot, command: &UpdateGlobals) -> Result<Decision, Rejection> {
    check_etag(
        snapshot,
        &ResourceKey::GlobalSettings,
        command.expected_etag.as_deref(),
    )?;
    let stored = snapshot
        .globals()
        .map(|globals| globals.value.clone())
        .unwrap_or_default();
    let GlobalPatch { values, mask } = &command.patch;
    let mut next = stored.clone();
    let mut violations = Vec::new();
    let paths: Vec<GlobalPath> = match mask {
        Some(paths) => paths.clone(),
        None => values
            .sections
            .iter()
            .flat_map(|(name, fields)| {
                fields
                    .set_fields()
                    .map(move |field| GlobalPath::Field(name.clone(), field))
            })
            .collect(),
    };
    for path in &paths {
        match path {
            GlobalPath::All => next = values.clone(),
            GlobalPath::Section(name) => {
                next.sections.insert(
                    name.clone(),
                    values.section(name).cloned().unwrap_or_default(),
                );
            }
            GlobalPath::Field(name, field) => {
                let from = values.section(name).cloned().unwrap_or_default();
                next.sections
                    .entry(name.clone())
                    .or_default()
                    .take(*field, &from);
            }
        }
    }
    let mut unmasked = 0;
    if mask.is_some() {
        for (name, fields) in &values.sections {
            let masked = |field: Field| {
                paths.iter().any(|path| match path {
                    GlobalPath::All => true,
                    GlobalPath::Section(section) => section == name,
                    GlobalPath::Field(section, other) => section == name && *other == field,
                })
            };
            for field in fields.set_fields().filter(|field| !masked(*field)) {
                unmasked += 1;
                violations.push(Violation::new(
                    path_of(name, field),
                    "a field that update_mask names",
                ));
            }
        }
    }
    next.sections.retain(|_, fields| !fields.is_empty());
    for modality in Modality::ALL {
        let general = IntegrationType::general(modality);
        if let Some(fields) = next.sections.get_mut(general.as_str()) {
            fields.name_service(modality);
        }
    }
    let mut warnings = Vec::new();
    for (name, fields) in &next.sections {
        let before = stored.section(name).cloned().unwrap_or_default();
        let given: Vec<Field> = fields
            .set_fields()
            .filter(|field| fields.get(*field) != before.get(*field))
            .collect();
        match check_section(snapshot, &next, name, fields, &given) {
            Ok(more) => warnings.extend(more),
            Err(more) => violations.extend(more),
        }
    }
    for name in ["text_generation", "image_generation"] {
        let had = stored
            .section(name)
            .is_some_and(|fields| fields.service.is_some());
        if had
            && next
                .section(name)
                .is_none_or(|fields| fields.service.is_none())
        {
            violations.push(Violation::new(
                path_of(name, Field::Service),
                "cannot be cleared; name another service",
            ));
        }
    }
    if !violations.is_empty() {
        return Err(Rejection::invalid_under_mask(violations, unmasked));
    }
    let changes = if next == stored {
        Vec::new()
    } else {
        vec![Change::Put(Resource::GlobalSettings(next))]
    };
    Ok(Decision {
        subject: Some(ResourceKey::GlobalSettings),
        changes,
        warnings,
        ..Decision::default()
    })
}

fn path_of(section: &str, field: Field) -> String {
    format!("global_settings.sections.{section}.{}", field.as_str())
}

fn check_section(
    snapshot: &Snapshot,
    next: &GlobalSettings,
    name: &str,
    fields: &ModelFields,
    given: &[Field],
) -> Result<Vec<String>, Vec<Violation>> {
    let shape = IntegrationType::parse(name).and_then(|kind| Some((kind.shape(snapshot)?, kind)));
    let Some(((modality, allowed), kind)) = shape else {
        let known: Vec<String> = IntegrationType::all(snapshot)
            .into_iter()
            .map(String::from)
            .collect();
        let right = format!("not a section; the sections are {}", known.join(", "));
        return Err(vec![Violation::new(
            format!("global_settings.sections.{name}"),
            right,
        )]);
    };
    let foreign: Vec<Violation> = fields
        .set_fields()
        .filter(|field| !allowed.contains(field))
        .map(|field| Violation::new(path_of(name, field), "not a field of this section"))
        .collect();
    if !foreign.is_empty() {
        return Err(foreign);
    }
    let prefix = format!("global_settings.sections.{name}.");
    let provider = match &kind {
        IntegrationType::Provider(provider) => Some(provider.clone()),
        _ => fields
            .service
            .as_ref()
            .and_then(|service| crate::integration::provider_of_service(modality, service)),
    };
    let fallback_model = provider
        .as_ref()
        .filter(|_| modality != Modality::Text || allowed.len() > 1)
        .and_then(|provider| {
            let own = next.section(provider.as_str());
            let levels = [
                (FieldSource::Global, own),
                (FieldSource::Global, Some(fields)),
            ];
            select_model(snapshot, provider, modality, &levels, &mut |_| {})
                .map(|selected| selected.model)
        });
    let fixed = if matches!(kind, IntegrationType::Provider(_)) {
        provider.as_ref()
    } else {
        None
    };
    check_fields(
        snapshot,
        &FieldScope {
            modality,
            provider: fixed,
            fallback_model,
            prefix: &prefix,
        },
        fields,
        given,
    )
}
