//! Models that the catalogue does not have yet.

use std::collections::BTreeMap;
use std::sync::Arc;

use aiconfig_domain::{
    Capabilities, Command, CreateModel, Modality, Model, ModelId, ProviderName, ResourceKey,
};
use serde_json::Value;

use super::cells::{Fields, decimal, switch, text, whole};
use super::ledger::Cell;
use super::models::{credits, place};
use super::planner::{Planner, RowId};
use super::prices;
use super::report::Consequence;

/// Adds a model as its row describes it.
pub(super) fn create(planner: &mut Planner<'_>, row: RowId, fields: &Fields, id: ModelId) {
    let Some((provider, modality)) = place(fields) else {
        let why = "a new model needs a provider and one of the types text, image, embedding";
        return planner.leave_out(row, "provider, model_type", why);
    };
    let (tokens_per_credit, nano_credits_per_image) = credits(planner, row, fields);
    let mut priced = Vec::new();
    prices::take(planner, row, fields, modality, &mut priced);
    let count = |name: &str| {
        let number = fields.get(name).and_then(decimal).and_then(whole);
        number.and_then(|number| i32::try_from(number).ok())
    };
    let max_output_tokens = count("max_tokens").filter(|_| modality == Modality::Text);
    let value = Model {
        model_id: id.clone(),
        capabilities: capabilities(planner, &provider, modality),
        provider,
        modality,
        display_name: text(fields, "display_name")
            .unwrap_or(id.as_str())
            .to_owned(),
        active: fields.get("is_active").and_then(switch).unwrap_or(true),
        is_default: false,
        context_window: count("context_window"),
        max_output_tokens,
        valid_sizes: sizes(fields, modality),
        valid_qualities: Vec::new(),
        valid_styles: Vec::new(),
        valid_formats: Vec::new(),
        value_aliases: BTreeMap::new(),
        tokens_per_credit,
        nano_credits_per_image,
        deprecated_at: None,
        shutdown_at: None,
        replacement: None,
        prices: priced,
    };
    let cell = Cell::whole(ResourceKey::Model(id));
    if !planner.may_write(row, cell, "", false) {
        return;
    }
    match planner.decide(&Command::CreateModel(CreateModel { value })) {
        Ok(_) => {
            planner.draft.totals.models += 1;
            let why = "the old table does not say what a model can do; check its capabilities";
            let done = "added to the catalogue";
            planner.tell(row, Consequence::PlatformValue, "", done, why);
        }
        Err(rejection) => planner.leave_out(row, "", rejection.message),
    }
}

/// What a new model is taken to be able to do: the old system sent every text model a
/// temperature; its limit is the widest of the provider's models.
fn capabilities(
    planner: &Planner<'_>,
    provider: &ProviderName,
    modality: Modality,
) -> Capabilities {
    if modality != Modality::Text {
        return Capabilities::default();
    }
    let widest = planner
        .after
        .models()
        .map(|model| &model.value)
        .filter(|model| model.provider == *provider && model.capabilities.temperature)
        .map(|model| model.capabilities.max_temperature)
        .fold(0.0, f64::max);
    Capabilities {
        temperature: true,
        max_temperature: if widest > 0.0 { widest } else { 2.0 },
        ..Capabilities::default()
    }
}

fn sizes(fields: &Fields, modality: Modality) -> Vec<Arc<str>> {
    match fields.get("valid_sizes") {
        Some(Value::Array(sizes)) if modality == Modality::Image => sizes
            .iter()
            .filter_map(Value::as_str)
            .map(Arc::from)
            .collect(),
        _ => Vec::new(),
    }
}
