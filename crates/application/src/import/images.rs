//! An account's image settings: one row here, where the old tables had parts for each service.

use std::collections::BTreeMap;

use aiconfig_domain::{
    Field, IntegrationType, Modality, ProviderName, Snapshot, fit_settings, provider_of_service,
};

use super::globals::reason;
use super::planner::RowId;
use super::reading::Reading;

/// What found no place in the one row: the row that it is from, its name there, and why.
pub(super) type Left = Vec<(RowId, String, String)>;

/// The one row, and what found no place in it.
pub(super) struct Images {
    pub(super) values: Reading,
    /// The provider whose part is in it.
    pub(super) part: Option<ProviderName>,
    pub(super) left: Left,
}

/// Puts the general part and the part of its service together. Without a service the model gives
/// it; a part that stands alone gives its own.
pub(super) fn merge(
    snapshot: &Snapshot,
    mut general: Reading,
    parts: &BTreeMap<ProviderName, Reading>,
) -> Images {
    let mut left = Left::new();
    let kind = IntegrationType::ImageGeneration;
    let fitted = fit_settings(snapshot, &kind, general.fields.clone(), &[Field::Service]);
    let unknown = fitted.left_out.iter().find(|(f, _)| *f == Field::Service);
    if let Some((field, why)) = unknown {
        let why = reason(&general.fields, *field, why);
        leave(&mut left, &general, *field, why);
        general.fields.service = None;
    }
    let provider = provider_of(snapshot, &general, parts);
    for (name, part) in parts
        .iter()
        .filter(|(name, _)| Some(*name) != provider.as_ref())
    {
        let used = provider.as_ref().map_or("none", ProviderName::as_str);
        for field in part.fields.set_fields() {
            let why = format!("the account's images are of provider {used}, not of {name}");
            leave(&mut left, part, field, why);
        }
    }
    let part = provider.as_ref().and_then(|name| parts.get(name));
    if let Some(part) = part {
        let named = general.fields.model.as_deref();
        let known = named.and_then(|name| snapshot.model(name));
        let fits = known.is_some_and(|model| Some(&model.value.provider) == provider.as_ref());
        if named.is_some() && !fits && part.fields.model.is_some() {
            let why = format!("{} is the model of its service", part.name(Field::Model));
            leave(&mut left, &general, Field::Model, why);
            general.fields.model = None;
        }
        for field in part.fields.set_fields() {
            if general.fields.get(field).is_none() {
                general.take(field, part);
            } else if general.fields.get(field) != part.fields.get(field) {
                let why = format!("{} says otherwise, and counts", general.name(field));
                leave(&mut left, part, field, why);
            }
        }
    }
    let part = part.and(provider);
    Images {
        values: general,
        part,
        left,
    }
}

fn leave(left: &mut Left, from: &Reading, field: Field, why: String) {
    let (row, name) = from.origin(field);
    left.push((row, name, why));
}

/// The provider that the row is about: that of its service, of its model, of the one part with a
/// model, or else the one that everybody uses.
fn provider_of(
    snapshot: &Snapshot,
    general: &Reading,
    parts: &BTreeMap<ProviderName, Reading>,
) -> Option<ProviderName> {
    let of_service = |service: &str| provider_of_service(Modality::Image, service);
    if let Some(service) = &general.fields.service {
        return of_service(service);
    }
    let model = general.fields.model.as_deref();
    if let Some(model) = model.and_then(|name| snapshot.model(name)) {
        return Some(model.value.provider.clone());
    }
    let globals = snapshot.globals();
    let section = globals.and_then(|globals| globals.value.section("image_generation"));
    let usual = section
        .and_then(|section| section.service.as_deref())
        .and_then(of_service);
    let mut with_model = parts
        .iter()
        .filter(|(_, part)| part.fields.model.is_some())
        .map(|(name, _)| name);
    match (with_model.next(), with_model.next()) {
        (Some(one), None) => Some(one.clone()),
        _ => usual,
    }
}
