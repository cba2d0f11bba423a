//! What holds for a type or a function by its own values, the global settings and the catalogue.

use crate::{
    Field, FieldSource, Function, Inherited, IntegrationType, LevelFields, Modality, Model,
    ModelFields, ProviderName, Snapshot, select_model, select_service,
};

/// Whose values stand above the global settings.
struct Above<'a> {
    source: FieldSource,
    fields: Option<&'a ModelFields>,
    /// Whether a model without a service gives the service there.
    model_gives_service: bool,
}

fn section<'a>(snapshot: &'a Snapshot, name: &str) -> Option<&'a ModelFields> {
    snapshot
        .globals()
        .and_then(|globals| globals.value.section(name))
}

/// The provider of the service that holds.
fn provider(snapshot: &Snapshot, modality: Modality, above: &Above<'_>) -> Option<ProviderName> {
    let general = IntegrationType::general(modality);
    let levels = [
        LevelFields {
            source: above.source,
            service: above.fields,
            model_gives_service: above.model_gives_service,
        },
        LevelFields {
            source: FieldSource::Global,
            service: section(snapshot, general.as_str()),
            model_gives_service: modality == Modality::Embedding,
        },
    ];
    select_service(snapshot, modality, &levels).map(|selected| selected.provider)
}

/// The sections that give values for a provider, the first one first.
fn sections<'a>(
    snapshot: &'a Snapshot,
    modality: Modality,
    provider: &ProviderName,
) -> [Option<&'a ModelFields>; 2] {
    let own = (modality != Modality::Embedding).then(|| provider.as_str());
    let general = IntegrationType::general(modality);
    let general = (modality != Modality::Text).then(|| general.as_str());
    [own, general].map(|name| name.and_then(|name| section(snapshot, name)))
}

fn model<'a>(
    snapshot: &'a Snapshot,
    modality: Modality,
    provider: &ProviderName,
    above: &Above<'_>,
) -> Option<&'a Model> {
    let [own, general] = sections(snapshot, modality, provider);
    let levels = [
        (above.source, above.fields),
        (FieldSource::Global, own),
        (FieldSource::Global, general),
    ];
    select_model(snapshot, provider, modality, &levels, &mut |_| {}).map(|selected| selected.model)
}

/// The model that an account's row would be used with.
pub(crate) fn model_of_row<'a>(
    snapshot: &'a Snapshot,
    kind: &IntegrationType,
    modality: Modality,
    row: Option<&ModelFields>,
) -> Option<&'a Model> {
    let above = Above {
        source: FieldSource::Account,
        fields: row,
        model_gives_service: modality != Modality::Text,
    };
    let provider = match kind {
        IntegrationType::TextGeneration => return None,
        IntegrationType::Provider(name) => name.clone(),
        IntegrationType::ImageGeneration | IntegrationType::EmbeddingGeneration => {
            provider(snapshot, modality, &above)?
        }
    };
    model(snapshot, modality, &provider, &above)
}

/// The model that a function's defaults would be used with for an account without rows.
pub(crate) fn model_of_function<'a>(
    snapshot: &'a Snapshot,
    function: &Function,
) -> Option<&'a Model> {
    let above = Above {
        source: FieldSource::Function,
        fields: Some(&function.defaults),
        model_gives_service: true,
    };
    let provider = provider(snapshot, function.modality, &above)?;
    model(snapshot, function.modality, &provider, &above)
}

/// What would hold for a type's fields if the account had no row of it.
#[must_use]
pub fn defaults(snapshot: &Snapshot, kind: &IntegrationType) -> ModelFields {
    let mut values = ModelFields::default();
    let Some((modality, fields)) = kind.shape(snapshot) else {
        return values;
    };
    if fields.contains(&Field::Service) {
        let level = LevelFields {
            source: FieldSource::Global,
            service: section(snapshot, kind.as_str()),
            model_gives_service: modality == Modality::Embedding,
        };
        values.service =
            select_service(snapshot, modality, &[level]).map(|selected| selected.service);
    }
    let Some(model) = model_of_row(snapshot, kind, modality, None) else {
        return values;
    };
    let levels = sections(snapshot, modality, &model.provider);
    for field in fields {
        match field {
            Field::Service => {}
            Field::Model => values.model = Some(model.model_id.as_str().into()),
            _ => parameter(&mut values, model, *field, &levels),
        }
    }
    values
}

/// The first level whose value the model takes, else what the catalogue gives.
fn parameter(
    values: &mut ModelFields,
    model: &Model,
    field: Field,
    levels: &[Option<&ModelFields>],
) {
    for level in levels.iter().flatten() {
        let Some(value) = level.get(field) else {
            continue;
        };
        match model.inherit(field, &value) {
            Inherited::Unchanged => return values.set(field, value),
            Inherited::Changed(_, value) => return values.set(field, value),
            Inherited::Unsupported => {}
        }
    }
    if let Some(value) = model.catalogue_value(field) {
        values.set(field, value);
    }
}
