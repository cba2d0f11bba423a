//! From a price file to the command: which of its models is which of the catalogue.

use std::collections::{BTreeMap, BTreeSet};

use aiconfig_domain::{
    ImportPrices, ListedModel, Modality, Model, ModelId, ProviderName, Snapshot,
    provider_of_service,
};

use super::{FileModel, PriceFile, RefusedPrice};

/// The command for a file, and the prices that the file cannot give by model.
pub(super) struct Plan {
    pub(super) command: ImportPrices,
    pub(super) refused: Vec<(ModelId, RefusedPrice)>,
}

/// Finds the catalogue's models in a file. A model of the catalogue is the one of its id, else the
/// first whose other names meet it; the file's other models of known providers follow as they are.
pub(super) fn plan(
    file: &PriceFile,
    snapshot: &Snapshot,
    source: String,
    create_missing: bool,
) -> Plan {
    let mut by_provider: BTreeMap<&str, Vec<&FileModel>> = BTreeMap::new();
    for model in &file.models {
        by_provider.entry(&model.provider).or_default().push(model);
    }
    let mut models: BTreeMap<ModelId, ListedModel> = BTreeMap::new();
    let mut refused = Vec::new();
    for stored in snapshot.models() {
        let model = &stored.value;
        let found = names(model)
            .filter_map(|name| by_provider.get(name))
            .find_map(|of_provider| find(of_provider, model.model_id.as_str()));
        if let Some(found) = found {
            let id = &model.model_id;
            refused.extend(found.refused.iter().map(|row| (id.clone(), row.clone())));
            if !found.prices.is_empty() {
                let (provider, modality) = (model.provider.clone(), model.modality);
                models.insert(id.clone(), listed(found, provider, id.clone(), modality));
            }
        }
    }
    let known: BTreeSet<&str> = snapshot
        .providers()
        .map(|p| p.value.name.as_str())
        .collect();
    for model in file.models.iter().filter(|m| !m.prices.is_empty()) {
        let modality = model.modality.unwrap_or(Modality::Text);
        let provider = ProviderName::parse(&model.provider);
        let (Some(provider), Some(id)) = (provider, ModelId::parse(&model.id)) else {
            continue;
        };
        if known.contains(provider.as_str()) && !models.contains_key(&id) {
            models.insert(id.clone(), listed(model, provider, id, modality));
        }
    }
    let command = ImportPrices {
        family: file.source.as_str(),
        source,
        in_file: file.model_count(),
        models: models.into_values().collect(),
        create_missing,
    };
    Plan { command, refused }
}

/// The names that a file may have for a model's provider: its own, and its service's.
fn names(model: &Model) -> impl Iterator<Item = &str> {
    let own = model.provider.as_str();
    let openai = provider_of_service(model.modality, "openai");
    let shared = openai.is_some_and(|name| name == model.provider);
    std::iter::once(own).chain((shared && own != "openai").then_some("openai"))
}

fn find<'a>(models: &[&'a FileModel], id: &str) -> Option<&'a FileModel> {
    let exact = models.iter().find(|model| model.id == id);
    exact
        .or_else(|| models.iter().find(|model| model.names.meet(id)))
        .copied()
}

fn listed(
    model: &FileModel,
    provider: ProviderName,
    model_id: ModelId,
    modality: Modality,
) -> ListedModel {
    ListedModel {
        provider,
        model_id,
        modality,
        context_window: model.context_window,
        max_output_tokens: model.max_output_tokens,
        prices: model.prices.clone(),
    }
}
