//! `LiteLLM`'s price file: one object of models, each with prices in USD per token or per image.

use std::collections::{BTreeMap, HashMap};

use aiconfig_domain::{ListedPrice, Modality, PriceDimension, PriceKind};
use serde_json::value::RawValue;

use super::decimal::{number, scaled};
use super::names::Names;
use super::{FileModel, RefusedPrice};

/// USD per token are micro-USD per 1 000 000 tokens at this power of ten.
const PER_TOKEN: u32 = 12;
/// USD per image are micro-USD per image at this power of ten.
const PER_IMAGE: u32 = 6;

type Entry<'a> = HashMap<&'a str, &'a RawValue>;

/// Reads the file. Entries for sizes and qualities of an image model become one model.
pub(super) fn read(content: &[u8]) -> serde_json::Result<Vec<FileModel>> {
    let entries: BTreeMap<String, &RawValue> = serde_json::from_slice(content)?;
    let mut models: BTreeMap<(String, String), FileModel> = BTreeMap::new();
    // Names without the provider's prefix first: they are the vendor's own, and the first counts.
    let (prefixed, plain): (Vec<_>, Vec<_>) =
        entries.iter().partition(|(name, _)| name.contains('/'));
    for (name, raw) in plain.into_iter().chain(prefixed) {
        let Ok(entry) = serde_json::from_str::<Entry<'_>>(raw.get()) else {
            continue;
        };
        let Some(model) = model(name, &entry) else {
            continue;
        };
        let key = (model.provider.clone(), model.id.clone());
        match models.get_mut(&key) {
            Some(former) => join(former, model),
            None => {
                models.insert(key, model);
            }
        }
    }
    let mut models: Vec<FileModel> = models.into_values().collect();
    for model in &mut models {
        let free = !model.prices.is_empty() && model.prices.iter().all(|p| p.micro_usd == 0);
        if free {
            model.prices.clear();
            model.refused.push(RefusedPrice {
                kind: None,
                why: "all its prices are 0, which stands for unknown too",
            });
        }
    }
    Ok(models)
}

/// Adds the prices of another size or quality; a kind of price that is there stays.
fn join(former: &mut FileModel, other: FileModel) {
    for price in other.prices {
        if former.prices.iter().all(|known| known.kind != price.kind) {
            former.prices.push(price);
        }
    }
    former.refused.extend(other.refused);
}

fn text<'a>(entry: &Entry<'a>, name: &str) -> Option<&'a str> {
    entry
        .get(name)
        .and_then(|raw| serde_json::from_str(raw.get()).ok())
}

fn count(entry: &Entry<'_>, name: &str) -> Option<i32> {
    let raw = entry.get(name)?;
    let count = number(raw).and_then(|text| scaled(text, 0))?;
    i32::try_from(count).ok().filter(|count| *count > 0)
}

fn model(name: &str, entry: &Entry<'_>) -> Option<FileModel> {
    let vendor = text(entry, "litellm_provider")?;
    let modality = match text(entry, "mode")? {
        "chat" | "completion" | "responses" => Modality::Text,
        "embedding" => Modality::Embedding,
        "image_generation" => Modality::Image,
        _ => return None,
    };
    let provider = match (vendor, modality) {
        ("openai" | "text-completion-openai", Modality::Image) => "dalle",
        ("text-completion-openai", _) => "openai",
        (other, _) => other,
    };
    let own = name
        .strip_prefix(vendor)
        .and_then(|rest| rest.strip_prefix('/'))
        .unwrap_or(name);
    let (id, size, quality) = variant(own);
    let mut model = FileModel {
        provider: provider.to_owned(),
        id: id.to_owned(),
        names: Names::Own,
        modality: Some(modality),
        context_window: count(entry, "max_input_tokens"),
        max_output_tokens: count(entry, "max_output_tokens"),
        prices: Vec::new(),
        refused: Vec::new(),
    };
    for (field, raw) in entry {
        if let Some(kind) = token_price(field, modality, entry) {
            take(&mut model, kind, raw, PER_TOKEN);
        }
    }
    if modality == Modality::Image {
        let image = ["output_cost_per_image", "input_cost_per_image"]
            .iter()
            .find_map(|field| entry.get(field).filter(|raw| number(raw).is_some()));
        if let Some(raw) = image {
            let kind = PriceKind {
                dimension: PriceDimension::Image,
                size,
                quality: quality.to_owned(),
                from_tokens: 0,
            };
            take(&mut model, kind, raw, PER_IMAGE);
        }
    }
    if model.modality == Some(Modality::Text) && entry.contains_key("tiered_pricing") {
        model.prices.clear();
        model.refused.push(RefusedPrice {
            kind: None,
            why: "it is priced by ranges of tokens in another form",
        });
    }
    model.prices.sort_by(|a, b| a.kind.cmp(&b.kind));
    Some(model)
}

/// The parts of a name such as `hd/1024-x-1792/dall-e-3`: id, size, quality.
fn variant(name: &str) -> (&str, String, &str) {
    let is_size = |part: &str| {
        let digits = |side: &str| !side.is_empty() && side.bytes().all(|b| b.is_ascii_digit());
        let sides = part.split_once("-x-");
        sides.is_some_and(|(width, height)| digits(width) && digits(height))
    };
    let Some((first, rest)) = name.split_once('/') else {
        return (name, String::new(), "");
    };
    if is_size(first) {
        return (rest, first.replace("-x-", "x"), "");
    }
    match rest.split_once('/') {
        Some((size, id)) if is_size(size) => (id, size.replace("-x-", "x"), first),
        _ => (name, String::new(), ""),
    }
}

/// Which price a field is. Batch, flex, priority and longer cache retention are not the standard
/// rate, and are none.
fn token_price(field: &str, modality: Modality, entry: &Entry<'_>) -> Option<PriceKind> {
    let (base, from_tokens) = match field.split_once("_above_") {
        None => (field, 0),
        Some((base, tier)) => {
            // The rate holds for requests with more tokens than that.
            let thousands: i64 = tier.strip_suffix("k_tokens")?.parse().ok()?;
            (base, thousands.checked_mul(1_000)?.checked_add(1)?)
        }
    };
    let by_image_token = entry
        .get("output_cost_per_image_token")
        .is_some_and(|raw| number(raw).is_some());
    let dimension = match (base, modality) {
        ("input_cost_per_token", _) => PriceDimension::Input,
        ("cache_read_input_token_cost", _) => PriceDimension::CachedInput,
        ("cache_creation_input_token_cost", _) => PriceDimension::CacheWrite,
        ("output_cost_per_token", Modality::Text)
        | ("output_cost_per_image_token", Modality::Image) => PriceDimension::Output,
        // What an image model generates is images; text beside them is not priced apart here.
        ("output_cost_per_token", Modality::Image) if !by_image_token => PriceDimension::Output,
        _ => return None,
    };
    Some(PriceKind::tokens(dimension, from_tokens))
}

fn take(model: &mut FileModel, kind: PriceKind, raw: &RawValue, power: u32) {
    let Some(text) = number(raw) else { return };
    let why = match scaled(text, power) {
        Some(micro_usd) if micro_usd >= 0 => {
            return model.prices.push(ListedPrice {
                kind,
                micro_usd,
                effective_from: None,
            });
        }
        Some(_) => "below 0",
        None => "not a whole number of micro-USD in its unit",
    };
    model.refused.push(RefusedPrice {
        kind: Some(kind),
        why,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sizes_and_qualities() {
        for (name, expected) in [
            ("gpt-4o", ("gpt-4o", "", "")),
            ("1024-x-1024/dall-e-2", ("dall-e-2", "1024x1024", "")),
            ("hd/1024-x-1792/dall-e-3", ("dall-e-3", "1024x1792", "hd")),
            ("max-x-max/model", ("max-x-max/model", "", "")),
            ("team/model", ("team/model", "", "")),
            ("a/b/c", ("a/b/c", "", "")),
        ] {
            let (id, size, quality) = variant(name);
            assert_eq!((id, size.as_str(), quality), expected, "{name}");
        }
    }
}
