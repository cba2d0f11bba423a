//! The service's answers in the plain model's terms.

use std::collections::{BTreeMap, BTreeSet};

use aiconfig_proto::v1::{self, FieldSource};
use aiconfig_tests::{Clients, reason};
use tonic::Status;
use tonic_types::StatusExt as _;

use crate::ladder::Answer;
use crate::world::{Function, IMAGE_LISTS, Model, No, V, Values, World};

pub(crate) fn refusal(status: &Status) -> No {
    let details = status.get_error_details();
    let violations = details
        .bad_request()
        .map(|found| found.field_violations.clone());
    let fields = violations.unwrap_or_default();
    No {
        reason: reason(status),
        fields: fields
            .into_iter()
            .map(|violation| violation.field)
            .collect(),
    }
}

pub(crate) fn values(fields: &v1::ModelFields) -> Values {
    let v1::ModelFields {
        service,
        model,
        temperature,
        max_tokens,
        image_size,
        image_quality,
        image_style,
        image_format,
        max_in_article_images,
        steps,
        guidance,
    } = fields.clone();
    let text = |value: Option<String>| value.map(V::S);
    let whole = |value: Option<i32>| value.map(|number| V::N(f64::from(number)));
    [
        ("service", text(service)),
        ("model", text(model)),
        ("temperature", temperature.map(V::N)),
        ("max_tokens", whole(max_tokens)),
        ("image_size", text(image_size)),
        ("image_quality", text(image_quality)),
        ("image_style", text(image_style)),
        ("image_format", text(image_format)),
        ("max_in_article_images", whole(max_in_article_images)),
        ("steps", whole(steps)),
        ("guidance", guidance.map(V::N)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
    .collect()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the generator makes whole numbers"
)]
pub(crate) fn message(values: &Values) -> v1::ModelFields {
    let text = |field: &str| values.get(field).map(V::text);
    let number = |field: &str| values.get(field).map(V::number);
    let whole = |field: &str| number(field).map(|number| number as i32);
    v1::ModelFields {
        service: text("service"),
        model: text("model"),
        temperature: number("temperature"),
        max_tokens: whole("max_tokens"),
        image_size: text("image_size"),
        image_quality: text("image_quality"),
        image_style: text("image_style"),
        image_format: text("image_format"),
        max_in_article_images: whole("max_in_article_images"),
        steps: whole("steps"),
        guidance: number("guidance"),
    }
}

pub(crate) fn sources(sources: &BTreeMap<String, i32>) -> BTreeMap<String, String> {
    let name = |number: &i32| {
        let name = FieldSource::try_from(*number).unwrap().as_str_name();
        name.trim_start_matches("FIELD_SOURCE_").to_owned()
    };
    sources
        .iter()
        .map(|(field, source)| (field.clone(), name(source)))
        .collect()
}

pub(crate) fn answer(config: &v1::ModelConfig) -> Answer {
    let image = config.image.clone().unwrap_or_default();
    let fields = v1::ModelFields {
        service: Some(config.service.clone()),
        model: Some(config.model.clone()),
        temperature: config.temperature,
        max_tokens: config.max_tokens,
        image_size: image.image_size,
        image_quality: image.image_quality,
        image_style: image.image_style,
        image_format: image.image_format,
        max_in_article_images: image.max_in_article_images,
        steps: image.steps,
        guidance: image.guidance,
    };
    let level = |number: i32| {
        let name = FieldSource::try_from(number).unwrap().as_str_name();
        name.trim_start_matches("FIELD_SOURCE_").to_owned()
    };
    let note = |note: &v1::Adjustment| {
        let kind = note
            .kind()
            .as_str_name()
            .trim_start_matches("ADJUSTMENT_KIND_");
        let words = [&note.field, kind, &note.from, &note.to].map(ToOwned::to_owned);
        let [field, kind, from, to] = words;
        [field, kind, from, to, level(note.level)]
    };
    Answer {
        provider: config.provider.clone(),
        values: values(&fields),
        sources: sources(&config.sources),
        notes: config.adjustments.iter().map(note).collect(),
        using_global: config.using_global,
        account_known: config.account_known,
        dormant: config.dormant_overrides,
    }
}

/// Reads the state that a new service starts with.
pub(crate) async fn world(admin: &mut Clients) -> World {
    let mut world = World::default();
    let lower = |name: &str| name.trim_start_matches("MODALITY_").to_lowercase();
    let models = v1::ListModelsRequest {
        page_size: 1_000,
        ..Default::default()
    };
    for model in admin
        .catalog
        .list_models(models)
        .await
        .unwrap()
        .into_inner()
        .models
    {
        let can = model.capabilities.unwrap_or_default();
        let lists = [
            &model.valid_sizes,
            &model.valid_qualities,
            &model.valid_styles,
            &model.valid_formats,
        ];
        let named = IMAGE_LISTS.iter().zip(lists);
        let plain = Model {
            id: model.model_id.clone(),
            provider: model.provider.clone(),
            modality: lower(model.modality().as_str_name()),
            active: model.active,
            is_default: model.is_default,
            max_tokens: (model.max_output_tokens > 0).then(|| f64::from(model.max_output_tokens)),
            warm: can.temperature.then_some(can.max_temperature),
            steps: can.steps,
            guidance: can.guidance,
            lists: named
                .map(|(name, list)| ((*name).to_owned(), list.clone()))
                .collect(),
            aliases: model.value_aliases.clone(),
            replacement: model.replacement.clone(),
        };
        world.models.insert(model.model_id, plain);
    }
    let functions = admin
        .catalog
        .list_functions(v1::ListFunctionsRequest::default());
    for function in functions.await.unwrap().into_inner().functions {
        let plain = Function {
            modality: lower(function.modality().as_str_name()),
            module: function.module.clone(),
            defaults: values(&function.defaults.clone().unwrap_or_default()),
        };
        world.functions.insert(function.name, plain);
    }
    let globals = admin
        .globals
        .get_global_settings(v1::GetGlobalSettingsRequest::default());
    let globals = globals.await.unwrap().into_inner().global_settings.unwrap();
    for (name, fields) in &globals.sections {
        world.sections.insert(name.clone(), values(fields));
    }
    let providers = admin
        .providers
        .list_providers(v1::ListProvidersRequest::default());
    for provider in providers.await.unwrap().into_inner().providers {
        let makes = provider
            .modalities()
            .map(|one| lower(one.as_str_name()))
            .collect();
        world.providers.insert(provider.name, makes);
    }
    world
}

/// A set of names, for comparing choices.
pub(crate) fn set(names: &[String]) -> BTreeSet<String> {
    names.iter().cloned().collect()
}
