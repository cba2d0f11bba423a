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

impl<'a> Level<'a> {
    /// A level whose values are all in force.
    pub(crate) const fn in_force(source: FieldSource, fields: Option<&'a ModelFields>) -> Self {
        Self {
            source,
            fields,
            dormant: None,
        }
    }
}

/// The levels that a function's values come from.
pub(crate) struct Ladder<'a> {
    pub(crate) modality: Modality,
    /// Where the service stands: the rows and sections of the general types alone.
    pub(crate) service: [Level<'a>; 4],
    /// Where model and parameters stand, once the service is known.
    pub(crate) values: Levels<'a>,
}

/// Up to five levels, from the top.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Levels<'a> {
    all: [Level<'a>; 5],
    count: usize,
}

impl<'a> Levels<'a> {
    /// Four levels, and perhaps one between the last two.
    pub(crate) const fn new(
        [first, second, third, last]: [Level<'a>; 4],
        between: Option<Level<'a>>,
    ) -> Self {
        let (fourth, count) = match between {
            Some(level) => (level, 5),
            None => (last, 4),
        };
        Self {
            all: [first, second, third, fourth, last],
            count,
        }
    }

    /// Those that there are.
    pub(crate) fn as_slice(&self) -> &[Level<'a>] {
        self.all.get(..self.count).unwrap_or(&self.all)
    }
}

impl<'a> Ladder<'a> {
    /// Whether a model without a service gives the service at a level.
    pub(crate) fn model_gives_service(modality: Modality, level: FieldSource) -> bool {
        match level {
            FieldSource::Request | FieldSource::Function => true,
            FieldSource::Account => modality != Modality::Text,
            FieldSource::Global => modality == Modality::Embedding,
            FieldSource::Catalog => false,
        }
    }

    /// The first level that gives a service.
    pub(crate) fn select_service(
        snapshot: &Snapshot,
        modality: Modality,
        levels: &[Level<'a>],
    ) -> Option<SelectedService> {
        let levels = levels.iter().map(|level| LevelFields {
            source: level.source,
            service: level.fields,
            model_gives_service: Self::model_gives_service(modality, level.source),
        });
        select_service(snapshot, modality, levels)
    }
}

/// What a walk comes to.
pub(crate) struct Walked<'a> {
    pub(crate) service: SelectedService,
    pub(crate) model: &'a Model,
    pub(crate) fields: ModelFields,
    pub(crate) sources: Sources,
    /// The level that won each field but the service, by its place among the levels; the
    /// catalogue's is past the last.
    pub(crate) winners: [Option<usize>; Field::ALL.len()],
    pub(crate) adjustments: Vec<Adjustment>,
}

/// Resolves model and parameters of a service, which is given back where no level yields a model.
pub(crate) fn walk<'a>(
    snapshot: &'a Snapshot,
    modality: Modality,
    service: SelectedService,
    wanted: &[Field],
    levels: &[Level<'_>],
) -> Result<Walked<'a>, SelectedService> {
    let mut adjustments = Vec::new();
    let named = levels.iter().map(|level| (level.source, level.fields));
    let mut note = |note| adjustments.push(note);
    let Some(selected) = select_model(snapshot, &service.provider, modality, named, &mut note)
    else {
        return Err(service);
    };
    let model = selected.model;
    let mut walk = Walked {
        fields: ModelFields {
            service: Some(Arc::clone(&service.service)),
            model: Some(model.model_id.shared()),
            ..ModelFields::default()
        },
        service,
        model,
        sources: [None; Field::ALL.len()],
        winners: [None; Field::ALL.len()],
        adjustments,
    };
    walk.sources[Field::Service.index()] = Some(walk.service.source);
    walk.win(Field::Model, selected.at, selected.source);
    for field in wanted {
        walk.parameter(*field, levels);
    }
    Ok(walk)
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
