//! The magic account and the newer global table: which row gives which global setting and key.

use std::collections::{BTreeMap, BTreeSet};

use aiconfig_domain::{Field, IntegrationType, Modality, provider_of_service};

use super::cells::shown;
use super::config::Entry;
use super::keys::FoundKey;
use super::planner::{Planner, RowId};
use super::reading::{Reading, read};
use super::report::Consequence;
use super::sources::Source;

/// A value on its way into the global settings.
pub(super) struct GlobalValue {
    pub(super) row: RowId,
    /// Holds just this field.
    pub(super) value: Reading,
}

/// What is to hold for everybody.
#[derive(Default)]
pub(super) struct Platform {
    pub(super) values: BTreeMap<(IntegrationType, Field), GlobalValue>,
    pub(super) keys: Vec<FoundKey>,
}

/// Finds what holds for everybody: of each type the row of the weightiest magic account, and over
/// it what the newer global table says.
pub(super) fn platform(
    planner: &mut Planner<'_>,
    magic: Vec<(usize, Source)>,
    newer: Vec<Source>,
) -> Platform {
    let mut platform = Platform::default();
    let mut keys = Vec::new();
    let chosen = choose(&magic);
    // Where the image row names a model of its own for a provider, that one is in use.
    let (images, others): (Vec<_>, Vec<_>) = magic
        .into_iter()
        .map(|(_, source)| source)
        .partition(|source| source.declared == Some(IntegrationType::ImageGeneration));
    for source in others.into_iter().chain(images) {
        keys.extend(platform.take_chosen(planner, source, &chosen));
    }
    for source in newer {
        platform.take_newer(planner, source);
    }
    // The newer table's keys come first, so that they are the primary ones.
    platform.keys.extend(keys);
    platform
}

/// The row that counts for each type: one of the type itself before one with prefixed names.
fn choose(magic: &[(usize, Source)]) -> BTreeMap<IntegrationType, RowId> {
    let mut best: BTreeMap<IntegrationType, (usize, bool, RowId)> = BTreeMap::new();
    for (weight, source) in magic.iter().filter(|(_, source)| source.enabled) {
        for kind in types_of(source) {
            let rank = (*weight, source.declared.as_ref() != Some(&kind), source.row);
            best.entry(kind)
                .and_modify(|known| *known = rank.min(*known))
                .or_insert(rank);
        }
    }
    best.into_iter()
        .map(|(kind, (_, _, row))| (kind, row))
        .collect()
}

/// The types that a row counts for. What an image row says of providers goes with it.
fn types_of(source: &Source) -> BTreeSet<IntegrationType> {
    let all = source.split.parts.keys().cloned();
    let keys = source.split.keys.iter();
    let keys = keys.map(|(provider, ..)| IntegrationType::Provider(provider.clone()));
    if source.declared == Some(IntegrationType::ImageGeneration) {
        all.filter(|kind| !matches!(kind, IntegrationType::Provider(_)))
            .chain(keys)
            .collect()
    } else {
        all.chain(keys).collect()
    }
}

impl Platform {
    /// Takes of a magic account's row what it was chosen for; answers with its keys.
    fn take_chosen(
        &mut self,
        planner: &mut Planner<'_>,
        source: Source,
        chosen: &BTreeMap<IntegrationType, RowId>,
    ) -> Vec<FoundKey> {
        let row = source.row;
        let mine = |kind: &IntegrationType| chosen.get(kind) == Some(&row);
        if !types_of(&source).iter().any(mine) {
            let why = if source.enabled {
                "of this type another magic account's row counts"
            } else {
                "it is switched off, so it held for nobody"
            };
            planner.leave_out(row, "", why);
            for (_, name, _) in &source.split.keys {
                drop_key(planner, row, &format!("{}{name}", source.prefix), why);
            }
            return Vec::new();
        }
        let with_images = source.declared == Some(IntegrationType::ImageGeneration)
            && mine(&IntegrationType::ImageGeneration);
        if with_images {
            for name in &source.split.blank_credentials {
                let field = format!("{}{name}", source.prefix);
                let why = "images use the key of their service's provider; this one is empty";
                planner.tell(row, Consequence::CredentialDropped, &field, "dropped", why);
            }
        }
        // What a row names by itself counts over what it names for a provider.
        for (kind, entries) in source.split.parts.into_iter().rev() {
            let travels = with_images && matches!(kind, IntegrationType::Provider(_));
            if mine(&kind) || travels {
                self.put(planner, row, &kind, entries, source.prefix);
            } else if !entries.is_empty() {
                let why = "of this type another row counts";
                let field = kind.as_str();
                planner.tell(row, Consequence::PlatformValue, field, "left out", why);
            }
        }
        let mut keys = Vec::new();
        for (provider, name, secret) in source.split.keys {
            let name = format!("{}{name}", source.prefix);
            if mine(&IntegrationType::Provider(provider.clone())) {
                keys.push(FoundKey {
                    row,
                    provider,
                    name,
                    secret,
                });
            } else {
                drop_key(planner, row, &name, "of this provider another row counts");
            }
        }
        keys
    }

    fn take_newer(&mut self, planner: &mut Planner<'_>, source: Source) {
        let row = source.row;
        if !source.enabled {
            let why = "it is switched off";
            planner.leave_out(row, "is_active", why);
            for (_, name, _) in &source.split.keys {
                drop_key(planner, row, name, why);
            }
            return;
        }
        for (kind, entries) in source.split.parts {
            self.put(planner, row, &kind, entries, source.prefix);
        }
        for (provider, name, secret) in source.split.keys {
            self.keys.push(FoundKey {
                row,
                provider,
                name,
                secret,
            });
        }
    }

    /// Puts the values of a part where they belong. Of an image row that names a model, the model
    /// and what goes with it belong to the model's provider.
    fn put(
        &mut self,
        planner: &mut Planner<'_>,
        row: RowId,
        kind: &IntegrationType,
        entries: Vec<Entry>,
        prefix: &'static str,
    ) {
        let class = Consequence::PlatformValue;
        let mut reading = read(planner, row, kind, entries, prefix, class);
        let home = match kind {
            IntegrationType::ImageGeneration => home_of(planner, row, &mut reading),
            _ => None,
        };
        for field in reading.fields.set_fields() {
            let with_model = matches!(
                field,
                Field::Model | Field::ImageSize | Field::ImageQuality | Field::ImageStyle
            );
            let section = home.as_ref().filter(|_| with_model).unwrap_or(kind);
            let mut value = Reading::default();
            value.take(field, &reading);
            let place = (section.clone(), field);
            let stands = value.fields.clone();
            let value = GlobalValue { row, value };
            if let Some(former) = self.values.insert(place, value)
                && former.value.fields != stands
            {
                let (name, winner) = (former.value.name(field), planner.name(row));
                let why = format!(
                    "{winner} ({}) says otherwise, and counts",
                    reading.name(field)
                );
                planner.tell(former.row, class, &name, "left out", why);
            }
        }
    }
}

/// The section that an image row's model belongs to, else the one of its service; a model that is
/// not in the catalogue belongs nowhere.
fn home_of(
    planner: &mut Planner<'_>,
    row: RowId,
    reading: &mut Reading,
) -> Option<IntegrationType> {
    let named = reading.fields.model.clone();
    let model = named.as_deref().and_then(|name| planner.after.model(name));
    let provider = model
        .filter(|model| model.value.modality == Modality::Image)
        .map(|model| model.value.provider.clone());
    if let (Some(name), None) = (&named, &provider) {
        let why = format!("{} is not an image model of the catalogue", shown(name));
        let field = reading.name(Field::Model);
        planner.tell(row, Consequence::PlatformValue, &field, "dropped", why);
        reading.fields.model = None;
    }
    let service = reading.fields.service.as_deref();
    provider
        .or_else(|| provider_of_service(Modality::Image, service?))
        .map(IntegrationType::Provider)
        .filter(|kind| kind.shape(&planner.after).is_some())
}

fn drop_key(planner: &mut Planner<'_>, row: RowId, field: &str, why: &str) {
    planner.drop_credentials(row, 1);
    planner.tell(row, Consequence::ProviderKey, field, "key dropped", why);
}
