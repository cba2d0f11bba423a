//! The walk down the levels, field by field: the first level that gives a usable value wins.

use std::sync::Arc;

use aiconfig_domain::{
    Adjustment, AdjustmentKind, Field, FieldSource, LevelFields, Matched, Modality, Model,
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

    fn note(
        &mut self,
        field: Field,
        kind: AdjustmentKind,
        from: String,
        to: String,
        level: FieldSource,
    ) {
        self.adjustments.push(Adjustment {
            field,
            kind,
            from,
            to,
            level,
        });
    }

    fn parameter(&mut self, field: Field, levels: &[Level<'_>]) {
        let model = self.model;
        let supported = match field {
            Field::Service | Field::Model => return,
            Field::Temperature => model.capabilities.temperature,
            Field::Steps => model.capabilities.steps,
            Field::Guidance => model.capabilities.guidance,
            Field::ImageSize | Field::ImageQuality | Field::ImageStyle | Field::ImageFormat => {
                !model.list_of(field).is_empty()
            }
            Field::MaxTokens | Field::MaxInArticleImages => true,
        };
        for (at, level) in levels.iter().enumerate() {
            let Some(fields) = level.fields else { continue };
            let Some(value) = fields.get(field) else {
                continue;
            };
            if !supported {
                self.note(
                    field,
                    AdjustmentKind::UnsupportedByModel,
                    value.to_string(),
                    String::new(),
                    level.source,
                );
                continue;
            }
            if let Some(text) = fields.text(field) {
                match model.match_value(field, text) {
                    Some(Matched::Listed) => self.fields.take(field, fields),
                    Some(Matched::Alias(to)) => {
                        self.note(
                            field,
                            AdjustmentKind::AliasedForModel,
                            text.to_string(),
                            to.to_string(),
                            level.source,
                        );
                        put_text(&mut self.fields, field, to);
                    }
                    None => {
                        let from = text.to_string();
                        self.note(
                            field,
                            AdjustmentKind::UnsupportedByModel,
                            from,
                            String::new(),
                            level.source,
                        );
                        continue;
                    }
                }
            } else {
                self.fields.take(field, fields);
                self.clamp(field, level.source);
            }
            self.win(field, at, level.source);
            return;
        }
        // The catalogue gives the model's own limit and the first of its lists.
        if field == Field::MaxTokens && model.max_output_tokens.is_some() {
            self.fields.max_tokens = model.max_output_tokens;
            self.win(field, levels.len(), FieldSource::Catalog);
        } else if let Some(first) = model.list_of(field).first() {
            put_text(&mut self.fields, field, Arc::clone(first));
            self.win(field, levels.len(), FieldSource::Catalog);
        }
    }

    fn clamp(&mut self, field: Field, level: FieldSource) {
        let kind = AdjustmentKind::ClampedToModelLimit;
        if field == Field::Temperature
            && let Some(value) = self.fields.temperature
            && value > self.model.capabilities.max_temperature
        {
            let max = self.model.capabilities.max_temperature;
            self.fields.temperature = Some(max);
            self.note(field, kind, value.to_string(), max.to_string(), level);
        }
        if field == Field::MaxTokens
            && let (Some(value), Some(limit)) =
                (self.fields.max_tokens, self.model.max_output_tokens)
            && value > limit
        {
            self.fields.max_tokens = Some(limit);
            self.note(field, kind, value.to_string(), limit.to_string(), level);
        }
    }
}

fn put_text(fields: &mut ModelFields, field: Field, value: Arc<str>) {
    match field {
        Field::ImageSize => fields.image_size = Some(value),
        Field::ImageQuality => fields.image_quality = Some(value),
        Field::ImageStyle => fields.image_style = Some(value),
        Field::ImageFormat => fields.image_format = Some(value),
        _ => {}
    }
}
