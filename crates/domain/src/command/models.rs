//! Adding, changing, deleting models and moving the default.

use super::providers::{
    check_etag, delete, exists, find as find_provider, put, put_changed, refuse_any,
};
use super::{CommandContext, Decision};
use crate::price::{check_prices, sort_prices};
use crate::{
    Change, Field, Modality, Model, ModelField, ModelId, ModelStatus, ProviderName, Reason,
    Rejection, Resource, ResourceKey, Snapshot, Violation,
};

/// Adds a model; it is nobody's default yet.
#[derive(Clone, Debug)]
pub struct CreateModel {
    /// The model.
    pub value: Model,
}

/// Changes the named fields of a model.
#[derive(Clone, Debug)]
pub struct UpdateModel {
    /// New values; the id says which model, and its provider must fit.
    pub value: Model,
    /// The fields to take over.
    pub fields: Vec<ModelField>,
    /// The etag that the caller last saw; absent skips the check.
    pub expected_etag: Option<String>,
}

/// Deletes a model that nothing uses.
#[derive(Clone, Debug)]
pub struct DeleteModel {
    /// Its provider; absent: whichever has it.
    pub provider: Option<ProviderName>,
    /// The model.
    pub model_id: ModelId,
    /// The etag that the caller last saw; absent skips the check.
    pub expected_etag: Option<String>,
}

/// Makes a model the default of its provider and modality.
#[derive(Clone, Debug)]
pub struct SetDefaultModel {
    /// Its provider; absent: whichever has it.
    pub provider: Option<ProviderName>,
    /// The model.
    pub model_id: ModelId,
    /// The etag that the caller last saw; absent skips the check.
    pub expected_etag: Option<String>,
}

impl CreateModel {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let mut value = Model {
            is_default: false,
            ..command.value.clone()
        };
        sort_prices(&mut value.prices);
        let mut violations = check(&command.value);
        check_replacement(snapshot, &value, &mut violations);
        refuse_any(violations)?;
        let provider = find_provider(snapshot, &value.provider)?;
        if !provider.modalities.contains(&value.modality) {
            return Err(Rejection::invalid_field(
                "model.modality",
                "must be one of the provider's modalities",
            ));
        }
        if snapshot.model(value.model_id.as_str()).is_some() {
            return Err(exists("Model", value.model_id.as_str()));
        }
        Ok(put(Resource::Model(value)))
    }
}

impl UpdateModel {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let former = find(snapshot, &command.value.model_id)?;
        let key = ResourceKey::Model(former.model_id.clone());
        check_etag(snapshot, &key, command.expected_etag.as_deref())?;
        if command.value.provider != former.provider {
            return Err(Rejection::invalid_field(
                "model.provider",
                "is not the provider of the model",
            ));
        }
        let mut value = former.clone();
        for field in &command.fields {
            field.take(&mut value, &command.value);
        }
        // Switching off alone is never refused, whatever else has become wrong in the meantime.
        let switch_only = Model {
            active: former.active,
            ..value.clone()
        } == *former;
        if !switch_only {
            let mut violations = check(&value);
            if value.replacement != former.replacement {
                check_replacement(snapshot, &value, &mut violations);
            }
            refuse_any(violations)?;
            sort_prices(&mut value.prices);
        }
        let mut decision = put_changed(former, &value, key, Resource::Model);
        if former.active && !value.active {
            let end = value
                .replacement
                .as_ref()
                .and_then(|id| snapshot.model(id.as_str()));
            let end = end.and_then(|model| snapshot.usable(&model.value));
            decision.warnings.push(match end {
                Some(end) => format!(
                    "calls that name {} use {} from now on",
                    value.model_id, end.model_id
                ),
                None => format!(
                    "{} has no usable replacement: calls pass it over",
                    value.model_id
                ),
            });
        }
        Ok(decision)
    }
}

impl DeleteModel {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let model = find_of(snapshot, command.provider.as_ref(), &command.model_id)?;
        let id = model.model_id.as_str();
        let key = ResourceKey::Model(model.model_id.clone());
        check_etag(snapshot, &key, command.expected_etag.as_deref())?;
        let uses = snapshot.uses_of(&model.model_id).by_kind();
        if uses.is_empty() {
            return Ok(delete(key));
        }
        let places: Vec<String> = uses
            .iter()
            .map(|(kind, what)| format!("{kind}: {what}"))
            .collect();
        let message = format!(
            "model {id} is in use ({}); set active = false instead, with a replacement",
            places.join("; ")
        );
        let rejection = Rejection::new(Reason::ModelInUse, message).about("Model", id);
        let with = |rejection: Rejection, (kind, what)| rejection.with(kind, what);
        Err(uses.into_iter().fold(rejection, with))
    }
}

impl SetDefaultModel {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let model = find_of(snapshot, command.provider.as_ref(), &command.model_id)?;
        let key = ResourceKey::Model(model.model_id.clone());
        check_etag(snapshot, &key, command.expected_etag.as_deref())?;
        if snapshot.model_status(model) != ModelStatus::Usable {
            let message = format!(
                "model {} is not active and cannot be a default",
                model.model_id
            );
            return Err(Rejection::new(Reason::ModelNotUsable, message)
                .about("Model", model.model_id.as_str()));
        }
        if model.is_default {
            return Ok(Decision {
                subject: Some(key),
                ..Decision::default()
            });
        }
        let mut decision = put(Resource::Model(Model {
            is_default: true,
            ..model.clone()
        }));
        if let Some(former) = snapshot.default_model(&model.provider, model.modality) {
            decision.former = Some(former.model_id.to_string());
            let former = Model {
                is_default: false,
                ..former.clone()
            };
            decision
                .changes
                .insert(0, Change::Put(Resource::Model(former)));
        }
        Ok(decision)
    }
}

/// A model by its id; one of another provider than the named one is not found.
fn find_of<'a>(
    snapshot: &'a Snapshot,
    provider: Option<&ProviderName>,
    id: &ModelId,
) -> Result<&'a Model, Rejection> {
    let model = find(snapshot, id)?;
    if provider.is_none_or(|provider| *provider == model.provider) {
        return Ok(model);
    }
    let message = format!("{id} is a model of {}", model.provider);
    Err(Rejection::new(Reason::ModelNotFound, message).about("Model", id.as_str()))
}

fn find<'a>(snapshot: &'a Snapshot, id: &ModelId) -> Result<&'a Model, Rejection> {
    snapshot
        .model(id.as_str())
        .map(|stored| &stored.value)
        .ok_or_else(|| {
            Rejection::new(Reason::ModelNotFound, format!("there is no model {id}"))
                .about("Model", id.as_str())
        })
}

fn check_replacement(snapshot: &Snapshot, model: &Model, violations: &mut Vec<Violation>) {
    let mut refuse = |rule: &str| violations.push(Violation::new("model.replacement", rule));
    let Some(id) = &model.replacement else { return };
    let mut next = Some(id);
    for step in 0..=snapshot.models().count() {
        let Some(id) = next else { return };
        if *id == model.model_id {
            return refuse("must not lead back to the model itself");
        }
        let Some(other) = snapshot.model(id.as_str()).map(|stored| &stored.value) else {
            return refuse("must be a model of the catalogue");
        };
        if step == 0 && (other.provider != model.provider || other.modality != model.modality) {
            return refuse("must be a model of the same provider and modality");
        }
        next = other.replacement.as_ref();
    }
    refuse("must not be part of a loop");
}

fn check(model: &Model) -> Vec<Violation> {
    let mut violations = check_prices(&model.prices);
    for violation in &mut violations {
        violation.field.insert_str(0, "model.");
    }
    let mut refuse = |field: &str, rule: &str| {
        violations.push(Violation::new(format!("model.{field}"), rule));
    };
    if model.display_name.chars().count() > 255 || model.display_name.contains('\0') {
        refuse("display_name", "up to 255 characters, no NUL");
    }
    if model.context_window.is_some_and(|n| n < 1) {
        refuse("context_window", "must be 1 or more");
    }
    if model.modality == Modality::Text && model.max_output_tokens.is_none_or(|n| n < 1) {
        refuse("max_output_tokens", "must be 1 or more for text");
    }
    if model.modality != Modality::Text && model.max_output_tokens.is_some_and(|n| n != 0) {
        refuse("max_output_tokens", "only for models that generate text");
    }
    let abilities = &model.capabilities;
    if !(0.0..=2.0).contains(&abilities.max_temperature)
        || abilities.temperature != (abilities.max_temperature > 0.0)
    {
        refuse(
            "capabilities.max_temperature",
            "above 0 and up to 2 with temperature, 0 without",
        );
    }
    if model.tokens_per_credit.is_some_and(|n| n < 1) {
        refuse("tokens_per_credit", "must be above 0");
    }
    if model.nano_credits_per_image.is_some_and(|n| n < 0) {
        refuse("nano_credits_per_image", "must be 0 or more");
    }
    for (name, list) in [
        ("valid_sizes", &model.valid_sizes),
        ("valid_qualities", &model.valid_qualities),
        ("valid_styles", &model.valid_styles),
        ("valid_formats", &model.valid_formats),
    ] {
        let repeated = list
            .iter()
            .enumerate()
            .any(|(at, value)| list.iter().take(at).any(|v| v == value));
        if repeated || list.len() > 100 || list.iter().any(|v| v.is_empty() || v.len() > 64) {
            refuse(name, "up to 100 different values of 1 to 64 bytes");
        }
        if model.modality != Modality::Image && !list.is_empty() {
            refuse(name, "only for models of images");
        }
    }
    let fits = |(alias, value): (&String, &String)| {
        let split = alias.split_once(':').filter(|(_, old)| !old.is_empty());
        let field = split.and_then(|(field, _)| Field::parse(field));
        field.is_some_and(|field| {
            model
                .list_of(field)
                .iter()
                .any(|listed| **listed == **value)
        })
    };
    if model.value_aliases.len() > 100 || !model.value_aliases.iter().all(fits) {
        refuse(
            "value_aliases",
            "each `field:old name` to a value of that field's list, up to 100",
        );
    }
    violations
}
