//! The global settings: what was found for everybody, fitted section by section.

use std::collections::BTreeMap;
use std::sync::Arc;

use aiconfig_domain::{
    Change, Field, GlobalSettings, IntegrationType, ModelFields, Resource, ResourceKey,
    fit_settings,
};

use super::cells::shown;
use super::ledger::Cell;
use super::magic::GlobalValue;
use super::planner::{Planner, RowId};
use super::reading::Reading;
use super::report::Consequence;

/// Takes the values. Providers come before the types that name a service, whose limits are those
/// of a provider's model.
pub(super) fn take(
    planner: &mut Planner<'_>,
    values: BTreeMap<(IntegrationType, Field), GlobalValue>,
) {
    let mut sections: BTreeMap<(bool, IntegrationType), Vec<(Field, GlobalValue)>> =
        BTreeMap::new();
    for ((kind, field), value) in values {
        let general = !matches!(kind, IntegrationType::Provider(_));
        sections
            .entry((general, kind))
            .or_default()
            .push((field, value));
    }
    for ((_, kind), values) in sections {
        section(planner, &kind, values);
    }
}

fn section(planner: &mut Planner<'_>, kind: &IntegrationType, values: Vec<(Field, GlobalValue)>) {
    let globals = planner.after.globals();
    let mut next = globals.map_or_else(GlobalSettings::default, |stored| stored.value.clone());
    let present = next.section(kind.as_str()).cloned().unwrap_or_default();
    let mut merged = present.clone();
    let mut given: BTreeMap<Field, (RowId, Reading)> = BTreeMap::new();
    for (field, GlobalValue { row, value }) in values {
        let at = format!("/sections/{}/{}", kind.as_str(), field.as_str());
        let cell = Cell::part(ResourceKey::GlobalSettings, at);
        let same = present.get(field) == value.fields.get(field);
        if planner.may_write(row, cell, &value.name(field), same) {
            merged.take(field, &value.fields);
            given.insert(field, (row, value));
        }
    }
    let fields: Vec<Field> = given.keys().copied().collect();
    let fitted = fit_settings(&planner.after, kind, merged, &fields);
    let mut kept = fitted.fields;
    for (field, why) in fitted.left_out {
        kept.take(field, &present);
        if let Some((row, value)) = given.get(&field) {
            let why = reason(&value.fields, field, &why);
            let name = value.name(field);
            let done = "dropped; the present global value stays";
            planner.tell(*row, Consequence::PlatformValue, &name, done, why);
        }
    }
    for (field, warning) in fitted.warnings {
        if let Some((row, value)) = given.get(&field) {
            let name = value.name(field);
            planner.tell(*row, Consequence::WithoutEffect, &name, "kept", warning);
        }
    }
    let changed = Field::ALL
        .into_iter()
        .filter(|field| kept.get(*field) != present.get(*field))
        .count();
    if changed > 0 {
        planner.draft.totals.global_fields += changed as u64;
        next.sections.insert(Arc::from(kind.as_str()), kept);
        planner.change(Change::Put(Resource::GlobalSettings(next)));
    }
}

/// Why a value does not fit, naming it where it is a name.
pub(super) fn reason(fields: &ModelFields, field: Field, why: &str) -> String {
    match (field, fields.text(field)) {
        (Field::Model, Some(name)) => format!("{}: {why}", shown(name)),
        (Field::Service, Some(name)) => format!("{} is not {why}", shown(name)),
        // The model takes no such value at all.
        _ if why.starts_with("model ") => why.to_owned(),
        _ => format!("not {why}"),
    }
}
