//! Values given in a call: never silently changed, so each is checked (section 4).

use aiconfig_domain::{
    Capabilities, Field, Matched, Modality, Model, ModelFields, Reason, Rejection, Snapshot,
    Violation, model_choices, provider_of_service, service_choices,
};

fn violation(field: Field, right: impl Into<String>) -> Violation {
    Violation::new(format!("overrides.{}", field.as_str()), right)
}

/// What the names that a call gives come to.
pub(crate) struct Names<'a> {
    /// What is wrong with them.
    pub(crate) violations: Vec<Violation>,
    /// Whether service and model, where given, are such as the call can name.
    pub(crate) known: bool,
    /// The model that the call names, where it is one that it can name.
    pub(crate) model: Option<&'a Model>,
}

/// Checks which fields a call gives, its service and its model.
pub(crate) fn check_names<'a>(
    snapshot: &'a Snapshot,
    modality: Modality,
    given: &ModelFields,
) -> Names<'a> {
    let mut known = true;
    let mut violations: Vec<Violation> = given
        .set_fields()
        .filter(|field| !modality.fields().contains(field))
        .map(|field| {
            violation(
                field,
                format!("not a field of a function that makes {}", modality.as_str()),
            )
        })
        .collect();
    let provider = given
        .service
        .as_ref()
        .map(|service| provider_of_service(modality, service));
    if let Some(provider) = &provider {
        let sells = provider
            .as_ref()
            .and_then(|name| snapshot.provider(name.as_str()));
        if !sells.is_some_and(|provider| provider.value.modalities.contains(&modality)) {
            known = false;
            violations.push(violation(
                Field::Service,
                format!("one of {}", service_choices(snapshot, modality).join(", ")),
            ));
        }
    }
    let provider = provider.flatten();
    let model = given.model.as_ref().and_then(|name| {
        let found = snapshot.model(name).map(|model| &model.value);
        let found = found.filter(|model| {
            model.modality == modality && provider.as_ref().is_none_or(|p| *p == model.provider)
        });
        if found.is_none() {
            known = false;
            let choices = model_choices(snapshot, modality, provider.as_ref()).join(", ");
            violations.push(violation(Field::Model, format!("one of {choices}")));
        }
        found
    });
    Names {
        violations,
        known,
        model,
    }
}

/// Refuses a model that is not usable, naming what to use.
pub(crate) fn retired_model(snapshot: &Snapshot, model: &Model) -> Rejection {
    let used = snapshot.usable(model).map(|used| used.model_id.to_string());
    let next = used.as_ref().map_or_else(
        || "choose another".to_owned(),
        |used| format!("use {used} instead"),
    );
    let rejection = Rejection::new(
        Reason::ModelRetired,
        format!("model {} is no longer in use; {next}", model.model_id),
    )
    .about("Model", model.model_id.to_string());
    match used {
        Some(used) => rejection.with("replacement", used),
        None => rejection,
    }
}

/// Checks the other values against the model that they would be used with; where there is none,
/// against what holds for every model.
pub(crate) fn check_values(
    modality: Modality,
    model: Option<&Model>,
    given: &ModelFields,
) -> Vec<Violation> {
    modality
        .fields()
        .iter()
        .filter_map(|field| {
            let right = wrong(*field, model, given)?;
            Some(violation(*field, right))
        })
        .collect()
}

/// What would be right, if a value is wrong.
fn wrong(field: Field, model: Option<&Model>, given: &ModelFields) -> Option<String> {
    let lacks = |able: fn(&Capabilities) -> bool| {
        let model = model.filter(|model| !able(&model.capabilities))?;
        Some(takes_no(model, field))
    };
    match field {
        Field::Service | Field::Model => None,
        Field::Temperature => {
            let value = given.temperature?;
            let max = model.map_or(2.0, |model| model.capabilities.max_temperature);
            lacks(|able| able.temperature).or_else(|| {
                let fits = (0.0..=max).contains(&value);
                (!fits).then(|| format!("a number from 0 to {max}"))
            })
        }
        Field::MaxTokens => {
            let limit = model.and_then(|model| model.max_output_tokens);
            whole(given.max_tokens?, 1, limit.unwrap_or(i32::MAX))
        }
        Field::MaxInArticleImages => whole(given.max_in_article_images?, 0, 20),
        Field::Steps => {
            let value = given.steps?;
            lacks(|able| able.steps).or_else(|| whole(value, 1, 100))
        }
        Field::Guidance => {
            let value = given.guidance?;
            lacks(|able| able.guidance).or_else(|| {
                let fits = (0.0..=50.0).contains(&value);
                (!fits).then(|| "a number from 0 to 50".to_owned())
            })
        }
        Field::ImageSize | Field::ImageQuality | Field::ImageStyle | Field::ImageFormat => {
            let (value, model) = (given.text(field)?, model?);
            if model.match_value(field, value) == Some(Matched::Listed) {
                return None;
            }
            let list: Vec<&str> = model.list_of(field).iter().map(|entry| &**entry).collect();
            Some(if list.is_empty() {
                takes_no(model, field)
            } else {
                format!("one of {}", list.join(", "))
            })
        }
    }
}

fn takes_no(model: &Model, field: Field) -> String {
    format!(
        "model {} takes no {}; leave it out",
        model.model_id,
        field.as_str()
    )
}

fn whole(value: i32, min: i32, max: i32) -> Option<String> {
    let fits = (min..=max).contains(&value);
    (!fits).then(|| format!("a whole number from {min} to {max}"))
}
