//! The settings view: what a tenant sees of one integration type (section 3). It carries no key.

use std::collections::BTreeMap;

use aiconfig_domain::{
    AccountEntry, AccountId, Field, FieldSource, IntegrationType, Meta, Modality, Model,
    ModelFields, Rejection, Snapshot, Stored, defaults, model_choices, service_choices,
};

use crate::ladder::{Ladder, Level, Sources, walk};

/// What can be chosen.
#[derive(Clone, Debug, Default)]
#[expect(
    missing_docs,
    reason = "each member lists the choices of the field of its name"
)]
pub struct Choices {
    pub services: Vec<String>,
    pub models: Vec<String>,
    pub lists: BTreeMap<&'static str, Vec<String>>,
    /// Minimum, maximum and step of the numbers.
    pub ranges: BTreeMap<&'static str, (f64, f64, f64)>,
}

/// An account's settings of one type, with what they are inherited from.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own that the page shows"
)]
pub struct SettingsView {
    /// The type.
    pub kind: IntegrationType,
    /// Whose.
    pub account_id: AccountId,
    /// The row's switch.
    pub enabled: bool,
    /// What holds.
    pub values: ModelFields,
    /// What would hold without the row.
    pub defaults: ModelFields,
    /// What the row has.
    pub overrides: ModelFields,
    /// Where each value is from.
    pub sources: Sources,
    /// Whether no field of the row is in force.
    pub using_global: bool,
    /// Whether the plan lets the account override.
    pub can_override: bool,
    /// Whether the account's calls use this type now.
    pub in_use: bool,
    /// What can be chosen.
    pub choices: Choices,
    /// Functions whose own defaults win over the global settings.
    pub function_defaults: Vec<String>,
    /// Of the row, if there is one.
    pub meta: Option<Meta>,
}

/// The view of a registered account.
///
/// # Errors
/// [`Reason::AccountNotFound`].
pub fn settings_view(
    snapshot: &Snapshot,
    account: AccountId,
    kind: &IntegrationType,
) -> Result<SettingsView, Rejection> {
    let missing = || Rejection::account_not_registered(account);
    let entry = snapshot.account(account).ok_or_else(missing)?;
    let plan = entry.live().ok_or_else(missing)?.plan;
    let Some((modality, fields)) = kind.shape(snapshot) else {
        return Err(Rejection::invalid_field(
            "integration_type",
            "not an integration type",
        ));
    };
    let can_override = plan.rules().may_override;
    let viewer = Viewer {
        snapshot,
        entry,
        can_override,
    };
    let row = entry.override_of(kind);
    let in_force = row
        .as_ref()
        .filter(|row| row.value.enabled && can_override)
        .map(|row| &row.value.fields);
    let (values, sources, model) = viewer.values(kind, modality, fields, in_force);
    let used = viewer.service(modality);
    let in_use = match kind {
        IntegrationType::Provider(name) => used
            .as_ref()
            .is_some_and(|service| service.provider == *name),
        _ => used.is_some(),
    };
    Ok(SettingsView {
        kind: kind.clone(),
        account_id: account,
        enabled: row.as_ref().is_none_or(|row| row.value.enabled),
        overrides: row
            .as_ref()
            .map(|row| row.value.fields.clone())
            .unwrap_or_default(),
        using_global: in_force
            .is_none_or(|own| !fields.iter().any(|field| own.get(*field).is_some())),
        can_override,
        in_use,
        choices: choices(snapshot, kind, modality, fields, &values, model),
        function_defaults: function_defaults(snapshot, modality, fields),
        meta: row.as_ref().map(|row: &Stored<_>| row.meta.clone()),
        values,
        defaults: defaults(snapshot, kind),
        sources,
    })
}

struct Viewer<'a> {
    snapshot: &'a Snapshot,
    entry: &'a AccountEntry,
    can_override: bool,
}

impl<'a> Viewer<'a> {
    fn section(&self, name: &str) -> Option<&'a ModelFields> {
        self.snapshot
            .globals()
            .and_then(|globals| globals.value.section(name))
    }

    fn service_with(
        &self,
        modality: Modality,
        row: Option<&ModelFields>,
    ) -> Option<aiconfig_domain::SelectedService> {
        let general = IntegrationType::general(modality);
        let levels = [
            Level::in_force(FieldSource::Account, row),
            Level::in_force(FieldSource::Global, self.section(general.as_str())),
        ];
        Ladder::select_service(self.snapshot, modality, &levels)
    }

    /// The service that the account's calls use.
    fn service(&self, modality: Modality) -> Option<aiconfig_domain::SelectedService> {
        let general = IntegrationType::general(modality);
        let row = self
            .entry
            .override_of(&general)
            .filter(|row| row.value.enabled && self.can_override);
        self.service_with(modality, row.as_ref().map(|row| &row.value.fields))
    }

    /// What holds with a row of the type, of the type's fields alone.
    fn values(
        &self,
        kind: &IntegrationType,
        modality: Modality,
        fields: &[Field],
        row: Option<&ModelFields>,
    ) -> (ModelFields, Sources, Option<&'a Model>) {
        let mut values = ModelFields::default();
        let mut sources: Sources = [None; Field::ALL.len()];
        let selected = match kind {
            IntegrationType::Provider(name) => Some(aiconfig_domain::SelectedService {
                service: aiconfig_domain::service_of_provider(modality, name),
                provider: name.clone(),
                source: FieldSource::Catalog,
            }),
            _ => self.service_with(modality, row),
        };
        let Some(selected) = selected else {
            return (values, sources, None);
        };
        // Stands even where no model of the service can be used.
        if fields.contains(&Field::Service) {
            values.service = Some(selected.service.clone());
            sources[Field::Service.index()] = Some(selected.source);
        }
        if *kind == IntegrationType::TextGeneration {
            return (values, sources, None);
        }
        let mut levels = vec![
            Level::in_force(FieldSource::Account, row),
            Level::in_force(
                FieldSource::Global,
                self.section(selected.provider.as_str())
                    .filter(|_| modality != Modality::Embedding),
            ),
        ];
        if !matches!(kind, IntegrationType::Provider(_)) {
            levels.push(Level::in_force(
                FieldSource::Global,
                self.section(kind.as_str()),
            ));
        }
        let Ok(walked) = walk(self.snapshot, modality, selected, fields, &levels) else {
            return (values, sources, None);
        };
        for field in fields {
            values.take(*field, &walked.fields);
            sources[field.index()] = walked.sources[field.index()];
        }
        (values, sources, Some(walked.model))
    }
}

fn choices(
    snapshot: &Snapshot,
    kind: &IntegrationType,
    modality: Modality,
    fields: &[Field],
    values: &ModelFields,
    model: Option<&Model>,
) -> Choices {
    let mut choices = Choices::default();
    let provider = match kind {
        IntegrationType::Provider(name) => Some(name.clone()),
        _ => values
            .service
            .as_ref()
            .and_then(|service| aiconfig_domain::provider_of_service(modality, service)),
    };
    for field in fields {
        match field {
            Field::Service => choices.services = service_choices(snapshot, modality),
            Field::Model => choices.models = model_choices(snapshot, modality, provider.as_ref()),
            Field::Temperature => {
                if let Some(model) = model.filter(|model| model.capabilities.temperature) {
                    choices.ranges.insert(
                        field.as_str(),
                        (0.0, model.capabilities.max_temperature, 0.1),
                    );
                }
            }
            Field::MaxTokens => {
                if let Some(limit) = model.and_then(|model| model.max_output_tokens) {
                    choices
                        .ranges
                        .insert(field.as_str(), (1.0, f64::from(limit), 1.0));
                }
            }
            Field::MaxInArticleImages => {
                choices.ranges.insert(field.as_str(), (0.0, 20.0, 1.0));
            }
            Field::Steps if model.is_some_and(|model| model.capabilities.steps) => {
                choices.ranges.insert(field.as_str(), (1.0, 100.0, 1.0));
            }
            Field::Guidance if model.is_some_and(|model| model.capabilities.guidance) => {
                choices.ranges.insert(field.as_str(), (0.0, 50.0, 0.5));
            }
            Field::Steps | Field::Guidance => {}
            Field::ImageSize | Field::ImageQuality | Field::ImageStyle | Field::ImageFormat => {
                let list = model.map(|model| model.list_of(*field)).unwrap_or_default();
                choices.lists.insert(
                    field.as_str(),
                    list.iter().map(ToString::to_string).collect(),
                );
            }
        }
    }
    choices
}

fn function_defaults(snapshot: &Snapshot, modality: Modality, fields: &[Field]) -> Vec<String> {
    snapshot
        .functions()
        .map(|function| &function.value)
        .filter(|function| function.modality == modality)
        .filter(|function| {
            fields
                .iter()
                .any(|field| function.defaults.get(*field).is_some())
        })
        .map(|function| function.name.to_string())
        .collect()
}
