//! Values given in a call: never silently changed, so each is checked (section 4).

use aiconfig_domain::{
    Field, Matched, Modality, Model, ModelFields, Reason, Rejection, Snapshot, Violation,
    model_choices, provider_of_service, service_choices,
};

fn violation(field: Field, right: impl Into<String>) -> Violation {
    Violation::new(format!("overrides.{}", field.as_str()), right)
}

/// Checks what can be checked before the model is known. A retired model is told apart, because
/// invalid values come before it.
pub(crate) fn check_names(
    snapshot: &Snapshot,
    modality: Modality,
    given: &ModelFields,
) -> (Vec<Violation>, Option<Rejection>) {
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
            violations.push(violation(
                Field::Service,
                format!("one of {}", service_choices(snapshot, modality).join(", ")),
            ));
        }
    }
    let mut retired = None;
    if let Some(name) = &given.model {
        let provider = provider.flatten();
        let choices = || {
            format!(
                "one of {}",
                model_choices(snapshot, modality, provider.as_ref()).join(", ")
            )
        };
        match snapshot.model(name).map(|model| &model.value) {
            Some(model)
                if model.modality == modality
                    && provider.as_ref().is_none_or(|p| *p == model.provider) =>
            {
                retired = (!model.active).then(|| retired_model(snapshot, model));
            }
            _ => violations.push(violation(Field::Model, choices())),
        }
    }
    (violations, retired)
}

fn retired_model(snapshot: &Snapshot, model: &Model) -> Rejection {
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

/// Checks the other values against the model that they would be used with.
pub(crate) fn check_values(model: &Model, given: &ModelFields) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut refuse = |field, right: String| violations.push(violation(field, right));
    let lacks = |what: &str| format!("model {} takes no {what}; leave it out", model.model_id);
    if let Some(value) = given.temperature {
        let max = model.capabilities.max_temperature;
        if !model.capabilities.temperature {
            refuse(Field::Temperature, lacks("temperature"));
        } else if !(0.0..=max).contains(&value) {
            refuse(Field::Temperature, format!("a number from 0 to {max}"));
        }
    }
    let limit = model.max_output_tokens.unwrap_or(i32::MAX);
    if given
        .max_tokens
        .is_some_and(|value| !(1..=limit).contains(&value))
    {
        refuse(
            Field::MaxTokens,
            format!("a whole number from 1 to {limit}"),
        );
    }
    for field in [
        Field::ImageSize,
        Field::ImageQuality,
        Field::ImageStyle,
        Field::ImageFormat,
    ] {
        if let Some(value) = given.text(field)
            && model.match_value(field, value) != Some(Matched::Listed)
        {
            let list: Vec<&str> = model.list_of(field).iter().map(|entry| &**entry).collect();
            refuse(
                field,
                if list.is_empty() {
                    lacks(field.as_str())
                } else {
                    format!("one of {}", list.join(", "))
                },
            );
        }
    }
    if given
        .max_in_article_images
        .is_some_and(|value| !(0..=20).contains(&value))
    {
        refuse(
            Field::MaxInArticleImages,
            "a whole number from 0 to 20".to_owned(),
        );
    }
    if let Some(value) = given.steps {
        if !model.capabilities.steps {
            refuse(Field::Steps, lacks("steps"));
        } else if !(1..=100).contains(&value) {
            refuse(Field::Steps, "a whole number from 1 to 100".to_owned());
        }
    }
    if let Some(value) = given.guidance {
        if !model.capabilities.guidance {
            refuse(Field::Guidance, lacks("guidance"));
        } else if !(0.0..=50.0).contains(&value) {
            refuse(Field::Guidance, "a number from 0 to 50".to_owned());
        }
    }
    violations
}
