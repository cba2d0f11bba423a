//! The walk down the levels, field by field: the first level that gives a usable value wins.

use std::sync::Arc;

use aiconfig_domain::{
    Adjustment, AdjustmentKind, Field, FieldSource, Inherited, LevelFields, Modality, Model,
    ModelFields, SelectedService, Snapshot, select_model, select_service,
};

/// Where each field's value is from, by [`Field::index`].
pub type Sources = [Option<FieldSource>; Field::ALL.len()];

/// The values of one level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level<'a> {
    pub(crate) source: FieldSource,
    /// In force.
    pub(crate) fields: Option<&'a ModelFields>,
    /// Stored, but out of force.
    pub(crate) dormant: Option<&'a ModelFields>,
}

/// What a walk comes to.
pub(crate) struct Walked<'a> {
    pub(crate) service: SelectedService,
    pub(crate) model: &'a Model,
    pub(crate) fields: ModelFields,
    pub(crate) sources: Sources,
    /// The level that won each field, by its place among the levels; the catalogue's is past
    /// the last.
    pub(crate) winners: [Option<usize>; Field::ALL.len()],
    pub(crate) adjustments: Vec<Adjustment>,
}

/// The service, which is resolved before all else.
pub(crate) fn service(
    snapshot: &Snapshot,
    modality: Modality,
    levels: &[LevelFields<'_>],
) -> Option<SelectedService> {
    select_service(snapshot, modality, levels)
}

/// Resolves model and parameters of a service. `None` where no level yields a model.
pub(crate) fn walk<'a>(
    snapshot: &'a Snapshot,
    modality: Modality,
    service: SelectedService,
    wanted: &[Field],
    levels: &[Level<'_>],
) -> Option<Walked<'a>> {
    let mut adjustments = Vec::new();
    let named: [(FieldSource, Option<&ModelFields>); 6] = std::array::from_fn(|at| {
        levels
            .get(at)
            .map_or((FieldSource::Catalog, None), |level| {
                (level.source, level.fields)
            })
    });
    let selected = select_model(snapshot, &service.provider, modality, &named, &mut |note| {
        adjustments.push(note);
    })?;
    let model = selected.model;
    let mut walk = Walked {
        fields: ModelFields {
            service: Some(Arc::clone(&service.service)),
            model: Some(model.model_id.as_str().into()),
            ..ModelFields::default()
        },
        service,
        model,
        sources: [None; Field::ALL.len()],
        winners: [None; Field::ALL.len()],
        adjustments,
    };
    walk.sources[Field::Service.index()] = Some(walk.service.source);
    walk.sources[Field::Model.index()] = Some(selected.source);
    for field in wanted {
        walk.parameter(*field, levels);
    }
    Some(walk)
}

impl Walked<'_> {
    fn win(&mut self, field: Field, at: usize, source: FieldSource) {
        self.sources[field.index()] = Some(source);
        self.winners[field.index()] = Some(at);
    }

    fn parameter(&mut self, field: Field, levels: &[Level<'_>]) {
        if matches!(field, Field::Service | Field::Model) {
            return;
        }
        for (at, level) in levels.iter().enumerate() {
            let Some(fields) = level.fields else { continue };
            let Some(value) = fields.get(field) else {
                continue;
            };
            let (kind, to) = match self.model.inherit(field, &value) {
                Inherited::Unchanged => {
                    self.fields.set(field, value);
                    return self.win(field, at, level.source);
                }
                Inherited::Changed(kind, to) => (kind, Some(to)),
                Inherited::Unsupported => (AdjustmentKind::UnsupportedByModel, None),
            };
            self.adjustments.push(Adjustment {
                field,
                kind,
                from: value.to_string(),
                to: to.as_ref().map(ToString::to_string).unwrap_or_default(),
                level: level.source,
            });
            if let Some(to) = to {
                self.fields.set(field, to);
                return self.win(field, at, level.source);
            }
        }
        if let Some(value) = self.model.catalogue_value(field) {
            self.fields.set(field, value);
            self.win(field, levels.len(), FieldSource::Catalog);
        }
    }
}
