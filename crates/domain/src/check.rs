//! Checks values as the merged row, section or default would stand (section 3). One place for
//! account saves, global settings and function defaults.

use crate::integration::provider_of_service;
use crate::{Field, Modality, Model, ModelFields, ModelStatus, ProviderName, Snapshot, Violation};

/// What the checked values belong to.
#[derive(Clone, Debug)]
pub struct FieldScope<'a> {
    /// What is made with them.
    pub modality: Modality,
    /// The one provider whose model they name; `None`: the service's, else the model's own.
    pub provider: Option<&'a ProviderName>,
    /// The model whose limits hold where the values name none, or one that is passed over.
    pub fallback_model: Option<&'a Model>,
    /// What stands before a field's name in a violation, such as `config.`.
    pub prefix: &'a str,
}

/// Names of the usable models of a scope, for refusals and choices.
#[must_use]
pub fn model_choices(
    snapshot: &Snapshot,
    modality: Modality,
    provider: Option<&ProviderName>,
) -> Vec<String> {
    let fits = |model: &Model| {
        model.active && model.modality == modality && provider.is_none_or(|p| model.provider == *p)
    };
    snapshot
        .models()
        .filter(|model| fits(&model.value))
        .map(|model| model.value.model_id.to_string())
        .collect()
}

/// Names of the services of a modality that end in a usable model.
#[must_use]
pub fn service_choices(snapshot: &Snapshot, modality: Modality) -> Vec<String> {
    let fits = |provider: &&crate::Stored<crate::Provider>| {
        provider.value.modalities.contains(&modality)
            && snapshot.has_usable_model(&provider.value.name, modality)
    };
    snapshot
        .providers()
        .filter(fits)
        .map(|provider| {
            crate::integration::service_of_provider(modality, &provider.value.name).to_string()
        })
        .collect()
}

/// Checks the given fields of `merged`, and those that they affect. Returns the warnings.
///
/// # Errors
/// Every violation; values are not repeated, choices are named.
pub fn check_fields(
    snapshot: &Snapshot,
    scope: &FieldScope<'_>,
    merged: &ModelFields,
    given: &[Field],
) -> Result<Vec<String>, Vec<Violation>> {
    let mut check = Check {
        scope,
        model_refused: false,
        violations: Vec::new(),
        warnings: Vec::new(),
    };
    let affects = given.contains(&Field::Model) || given.contains(&Field::Service);
    let looked_at =
        |field: Field| merged.get(field).is_some() && (given.contains(&field) || affects);
    let service = check.service(snapshot, merged, given);
    let owner = scope.provider.cloned().or(service);
    let (named, used) = check.model(snapshot, merged, given, owner.as_ref());
    // Beside a model that was just refused there are no limits to hold the others to.
    let used = used.or(scope.fallback_model.filter(|_| !check.model_refused));
    for field in Field::ALL {
        if looked_at(field) {
            check.value(field, merged, named, used);
        }
    }
    if check.violations.is_empty() {
        Ok(check.warnings)
    } else {
        Err(check.violations)
    }
}

struct Check<'a> {
    scope: &'a FieldScope<'a>,
    model_refused: bool,
    violations: Vec<Violation>,
    warnings: Vec<String>,
}

impl Check<'_> {
    fn refuse(&mut self, field: Field, right: impl Into<String>) {
        self.model_refused |= field == Field::Model;
        self.violations.push(Violation::new(
            format!("{}{}", self.scope.prefix, field.as_str()),
            right,
        ));
    }

    fn service(
        &mut self,
        snapshot: &Snapshot,
        merged: &ModelFields,
        given: &[Field],
    ) -> Option<ProviderName> {
        let service = merged.service.as_ref()?;
        let modality = self.scope.modality;
        let provider = provider_of_service(modality, service);
        let fits = provider.as_ref().is_some_and(|provider| {
            snapshot
                .provider(provider.as_str())
                .is_some_and(|p| p.value.modalities.contains(&modality))
                && snapshot.has_usable_model(provider, modality)
        });
        if given.contains(&Field::Service) && !fits {
            let choices = service_choices(snapshot, modality).join(", ");
            self.refuse(
                Field::Service,
                format!(
                    "a service of {} with a usable model: {choices}",
                    modality.as_str()
                ),
            );
            return None;
        }
        provider
    }

    /// The named model, and the one that would be used.
    fn model<'s>(
        &mut self,
        snapshot: &'s Snapshot,
        merged: &ModelFields,
        given: &[Field],
        owner: Option<&ProviderName>,
    ) -> (Option<&'s Model>, Option<&'s Model>) {
        let Some(name) = &merged.model else {
            return (None, None);
        };
        let is_given = given.contains(&Field::Model);
        let modality = self.scope.modality;
        let named = snapshot.model(name).map(|model| &model.value);
        let choices = || {
            format!(
                "a usable model: {}",
                model_choices(snapshot, modality, owner).join(", ")
            )
        };
        let Some(model) = named.filter(|model| model.modality == modality) else {
            if is_given {
                self.refuse(Field::Model, choices());
            }
            return (None, None);
        };
        if owner.is_some_and(|owner| *owner != model.provider) {
            if is_given || given.contains(&Field::Service) {
                if merged.service.is_some() && self.scope.provider.is_none() {
                    self.refuse(Field::Service, "the service of the model, or none");
                }
                self.refuse(
                    Field::Model,
                    format!("a model of the service; {}", choices()),
                );
            }
            return (named, None);
        }
        let used = snapshot.usable(model);
        if is_given {
            match (snapshot.model_status(model), used) {
                (ModelStatus::Retired, Some(used)) => {
                    self.warnings.push(format!(
                        "model {} is retired; {} is used instead",
                        model.model_id, used.model_id
                    ));
                }
                (ModelStatus::Inactive, _) => self.refuse(Field::Model, choices()),
                _ => {}
            }
        }
        (named, used)
    }

    fn value(
        &mut self,
        field: Field,
        merged: &ModelFields,
        named: Option<&Model>,
        used: Option<&Model>,
    ) {
        match field {
            Field::Service | Field::Model => {}
            Field::Temperature => self.temperature(merged.temperature, used),
            Field::MaxTokens => {
                let limit = used
                    .and_then(|model| model.max_output_tokens)
                    .unwrap_or(i32::MAX);
                if merged.max_tokens.is_some_and(|n| !(1..=limit).contains(&n)) {
                    self.refuse(field, format!("a whole number from 1 to {limit}"));
                }
            }
            Field::MaxInArticleImages => {
                if merged
                    .max_in_article_images
                    .is_some_and(|n| !(0..=20).contains(&n))
                {
                    self.refuse(field, "a whole number from 0 to 20");
                }
            }
            Field::Steps => {
                if merged.steps.is_some_and(|n| !(1..=100).contains(&n)) {
                    self.refuse(field, "a whole number from 1 to 100");
                } else if let Some(model) = used.filter(|model| !model.capabilities.steps) {
                    self.warnings.push(format!(
                        "model {} takes no steps; the value has no effect with it",
                        model.model_id
                    ));
                }
            }
            Field::Guidance => {
                if merged.guidance.is_some_and(|n| !(0.0..=50.0).contains(&n)) {
                    self.refuse(field, "a number from 0 to 50");
                } else if let Some(model) = used.filter(|model| !model.capabilities.guidance) {
                    self.warnings.push(format!(
                        "model {} takes no guidance; the value has no effect with it",
                        model.model_id
                    ));
                }
            }
            Field::ImageSize | Field::ImageQuality | Field::ImageStyle | Field::ImageFormat => {
                let Some(value) = merged.text(field) else {
                    return;
                };
                let takes = |model: &Model| model.match_value(field, value).is_some();
                let Some(used) = used else { return };
                if !takes(used) && !named.is_some_and(takes) {
                    let list: Vec<&str> =
                        used.list_of(field).iter().map(|entry| &**entry).collect();
                    let right = if list.is_empty() {
                        format!("model {} takes none; leave it out", used.model_id)
                    } else {
                        format!(
                            "a value that model {} takes: {}",
                            used.model_id,
                            list.join(", ")
                        )
                    };
                    self.refuse(field, right);
                }
            }
        }
    }

    fn temperature(&mut self, value: Option<f64>, used: Option<&Model>) {
        let Some(value) = value else { return };
        let with = used.filter(|model| model.capabilities.temperature);
        let max = with.map_or(2.0, |model| model.capabilities.max_temperature);
        if !(0.0..=max).contains(&value) {
            self.refuse(Field::Temperature, format!("a number from 0 to {max}"));
        } else if let (None, Some(model)) = (with, used) {
            self.warnings.push(format!(
                "model {} takes no temperature; the value has no effect with it",
                model.model_id
            ));
        }
    }
}
