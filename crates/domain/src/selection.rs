//! Service first, then model: the walk down the levels that resolution, views and checks share.

use std::sync::Arc;

use crate::integration::{known_service, service_of_provider};
use crate::{Field, FieldSource, Modality, Model, ModelFields, ProviderName, Snapshot};

/// Why a value on the way was changed or passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    missing_docs,
    reason = "each name is its meaning; the API documents them"
)]
pub enum AdjustmentKind {
    OtherProviderSkipped,
    ModelInactiveSkipped,
    ModelUnknownSkipped,
    ModelRetiredReplaced,
    UnsupportedByModel,
    ClampedToModelLimit,
    AliasedForModel,
}

/// A value that was changed or passed over on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// The field.
    pub field: Field,
    /// Why.
    pub kind: AdjustmentKind,
    /// The value as it stood.
    pub from: String,
    /// What it became; empty: passed over.
    pub to: String,
    /// The level that it stood at.
    pub level: FieldSource,
}

/// The values of one level that decide on service and model.
#[derive(Clone, Copy, Debug)]
pub struct LevelFields<'a> {
    /// Which level.
    pub source: FieldSource,
    /// Where its service stands, if it has any.
    pub service: Option<&'a ModelFields>,
    /// Whether a model without a service gives the service here.
    pub model_gives_service: bool,
}

/// A service with the level that gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectedService {
    /// The name that users see.
    pub service: Arc<str>,
    /// The provider behind it.
    pub provider: ProviderName,
    /// The level.
    pub source: FieldSource,
}

/// A model with the level that gave it.
#[derive(Clone, Copy, Debug)]
pub struct SelectedModel<'a> {
    /// A usable model.
    pub model: &'a Model,
    /// The level.
    pub source: FieldSource,
    /// Its place among the levels; the catalogue's is past the last.
    pub at: usize,
}

/// The first level that gives a service.
#[must_use]
pub fn select_service<'l>(
    snapshot: &Snapshot,
    modality: Modality,
    levels: impl IntoIterator<Item = LevelFields<'l>>,
) -> Option<SelectedService> {
    levels.into_iter().find_map(|level| {
        let fields = level.service?;
        if let Some(service) = &fields.service {
            let (service, provider) = known_service(snapshot, modality, service)?;
            return Some(SelectedService {
                service,
                provider,
                source: level.source,
            });
        }
        let named = fields
            .model
            .as_ref()
            .filter(|_| level.model_gives_service)?;
        let model = &snapshot.model(named)?.value;
        let usable = model.modality == modality && snapshot.usable(model).is_some();
        usable.then(|| SelectedService {
            service: service_of_provider(modality, &model.provider),
            provider: model.provider.clone(),
            source: level.source,
        })
    })
}

/// The first level whose model belongs to a provider and modality; the catalogue's default last.
/// Whatever is passed over or replaced on the way is noted.
#[must_use]
pub fn select_model<'a, 'l>(
    snapshot: &'a Snapshot,
    provider: &ProviderName,
    modality: Modality,
    levels: impl IntoIterator<Item = (FieldSource, Option<&'l ModelFields>)>,
    note: &mut impl FnMut(Adjustment),
) -> Option<SelectedModel<'a>> {
    let mut at = 0;
    for (source, fields) in levels {
        let place = at;
        at += 1;
        let Some(named) = fields.and_then(|fields| fields.model.as_ref()) else {
            continue;
        };
        match usable_here(snapshot, provider, modality, named) {
            Ok(model) => {
                if model.model_id.as_str() != &**named {
                    note(replaced(named, model, source));
                }
                return Some(SelectedModel {
                    model,
                    source,
                    at: place,
                });
            }
            Err(kind) => {
                note(Adjustment {
                    field: Field::Model,
                    kind,
                    from: named.to_string(),
                    to: String::new(),
                    level: source,
                });
            }
        }
    }
    let default = snapshot.default_model(provider, modality)?;
    let model = snapshot.usable(default)?;
    if model.model_id != default.model_id {
        note(replaced(
            default.model_id.as_str(),
            model,
            FieldSource::Catalog,
        ));
    }
    Some(SelectedModel {
        model,
        source: FieldSource::Catalog,
        at,
    })
}

fn replaced(named: &str, model: &Model, level: FieldSource) -> Adjustment {
    Adjustment {
        field: Field::Model,
        kind: AdjustmentKind::ModelRetiredReplaced,
        from: named.to_owned(),
        to: model.model_id.to_string(),
        level,
    }
}

fn usable_here<'a>(
    snapshot: &'a Snapshot,
    provider: &ProviderName,
    modality: Modality,
    named: &str,
) -> Result<&'a Model, AdjustmentKind> {
    let model = &snapshot
        .model(named)
        .ok_or(AdjustmentKind::ModelUnknownSkipped)?
        .value;
    if model.provider != *provider || model.modality != modality {
        return Err(AdjustmentKind::OtherProviderSkipped);
    }
    snapshot
        .usable(model)
        .ok_or(AdjustmentKind::ModelInactiveSkipped)
}
