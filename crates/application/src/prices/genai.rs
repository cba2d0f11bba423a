//! The JSON of genai-prices: providers with models, and prices in USD per 1 000 000 tokens, of
//! which some are dated or have tiers.

use std::collections::{BTreeMap, HashMap};

use aiconfig_domain::{ListedPrice, PriceDimension, PriceKind, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::decimal::{number, scaled};
use super::names::Names;
use super::{FileModel, RefusedPrice};

/// USD per 1 000 000 tokens are micro-USD for them at this power of ten.
const PER_MILLION: u32 = 6;

#[derive(Deserialize)]
struct Provider<'a> {
    id: String,
    #[serde(borrow, default)]
    models: Vec<Listed<'a>>,
}

#[derive(Deserialize)]
struct Listed<'a> {
    id: String,
    #[serde(rename = "match", default)]
    names: Option<Names>,
    #[serde(default)]
    context_window: Option<i32>,
    #[serde(borrow)]
    prices: &'a RawValue,
}

/// Prices by their fields, such as `input_mtok`.
type Prices<'a> = HashMap<&'a str, &'a RawValue>;

#[derive(Deserialize)]
struct Conditional<'a> {
    #[serde(borrow, default)]
    constraint: Option<HashMap<&'a str, &'a RawValue>>,
    #[serde(borrow)]
    prices: Prices<'a>,
}

#[derive(Deserialize)]
struct Tiered<'a> {
    #[serde(borrow)]
    base: &'a RawValue,
    #[serde(borrow, default)]
    tiers: Vec<Tier<'a>>,
}

#[derive(Deserialize)]
struct Tier<'a> {
    start: i64,
    #[serde(borrow)]
    price: &'a RawValue,
}

/// Reads the file.
pub(super) fn read(content: &[u8]) -> serde_json::Result<Vec<FileModel>> {
    let providers: Vec<Provider<'_>> = serde_json::from_slice(content)?;
    let mut models = Vec::new();
    for provider in providers {
        for listed in provider.models {
            models.push(model(&provider.id, listed));
        }
    }
    Ok(models)
}

fn model(provider: &str, listed: Listed<'_>) -> FileModel {
    let mut model = FileModel {
        provider: provider.to_owned(),
        id: listed.id,
        names: listed.names.unwrap_or_default(),
        modality: None,
        context_window: listed.context_window,
        max_output_tokens: None,
        prices: Vec::new(),
        refused: Vec::new(),
    };
    let sets = match sets(listed.prices) {
        Ok(sets) => sets,
        Err(why) => {
            model.refused.push(RefusedPrice { kind: None, why });
            return model;
        }
    };
    // What the set before had, with its tiers.
    let mut former: BTreeMap<PriceKind, i64> = BTreeMap::new();
    for (effective_from, prices) in sets {
        let mut set = BTreeMap::new();
        for (field, dimension) in [
            ("input_mtok", PriceDimension::Input),
            ("cache_read_mtok", PriceDimension::CachedInput),
            ("cache_write_mtok", PriceDimension::CacheWrite),
            ("output_mtok", PriceDimension::Output),
        ] {
            if let Some(raw) = prices.get(field) {
                take(&mut set, &mut model.refused, dimension, raw);
            }
        }
        for kind in former.keys().filter(|kind| kind.from_tokens > 0) {
            // A tier that ended costs what the tier below it does.
            if !set.contains_key(kind) {
                let below = set.iter().rev().find(|(other, _)| {
                    other.dimension == kind.dimension && other.from_tokens < kind.from_tokens
                });
                if let Some(micro_usd) = below.map(|(_, micro_usd)| *micro_usd) {
                    set.insert(kind.clone(), micro_usd);
                }
            }
        }
        let listed = set.iter().map(|(kind, micro_usd)| ListedPrice {
            kind: kind.clone(),
            micro_usd: *micro_usd,
            effective_from,
        });
        model.prices.extend(listed);
        former = set;
    }
    model
}

/// The sets of prices by the time that each begins, the earliest first; the undated one leads.
fn sets(raw: &RawValue) -> Result<Vec<(Option<Timestamp>, Prices<'_>)>, &'static str> {
    const ODD: &str = "its prices have a form that is not known here";
    if let Ok(prices) = serde_json::from_str::<Prices<'_>>(raw.get()) {
        return Ok(vec![(None, prices)]);
    }
    let conditional: Vec<Conditional<'_>> = serde_json::from_str(raw.get()).map_err(|_| ODD)?;
    let mut sets: BTreeMap<Option<Timestamp>, Prices<'_>> = BTreeMap::new();
    for one in conditional {
        let begin = match &one.constraint {
            None => None,
            Some(constraint) => {
                let date = constraint
                    .get("start_date")
                    .or_else(|| constraint.get("start"));
                let date: &str = date
                    .and_then(|raw| serde_json::from_str(raw.get()).ok())
                    .ok_or("its prices change by the time of day")?;
                let begin = Timestamp::parse_rfc3339(date)
                    .or_else(|| Timestamp::parse_rfc3339(&format!("{date}T00:00:00Z")));
                Some(begin.ok_or(ODD)?)
            }
        };
        // Of two for one time the later counts, as the format has it.
        sets.insert(begin, one.prices);
    }
    Ok(sets.into_iter().collect())
}

fn take(
    set: &mut BTreeMap<PriceKind, i64>,
    refused: &mut Vec<RefusedPrice>,
    dimension: PriceDimension,
    raw: &RawValue,
) {
    let mut put = |from_tokens: i64, raw: &RawValue| {
        let Some(text) = number(raw) else { return };
        let kind = PriceKind::tokens(dimension, from_tokens);
        let why = match scaled(text, PER_MILLION) {
            Some(micro_usd) if micro_usd >= 0 => {
                set.insert(kind, micro_usd);
                return;
            }
            Some(_) => "below 0",
            None => "not a whole number of micro-USD in its unit",
        };
        let kind = Some(kind);
        refused.push(RefusedPrice { kind, why });
    };
    match serde_json::from_str::<Tiered<'_>>(raw.get()) {
        Ok(tiered) => {
            put(0, tiered.base);
            for tier in &tiered.tiers {
                // The rate holds for requests with more tokens than that.
                put(tier.start.saturating_add(1), tier.price);
            }
        }
        Err(_) => put(0, raw),
    }
}
