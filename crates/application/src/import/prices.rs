//! Prices of the old tables: decimals in USD, per 1 000 tokens or per image.

use aiconfig_domain::{Modality, ModelPrice, PriceDimension, Timestamp, prices_at};

use super::cells::{Fields, billionths, decimal, is_blank, millionths};
use super::planner::{Planner, RowId};
use super::report::Consequence;

/// Where the prices are from.
const SOURCE: &str = "django import";

/// Puts the prices of a row into a model's list. A price in effect that is the same stays.
pub(super) fn take(
    planner: &mut Planner<'_>,
    row: RowId,
    fields: &Fields,
    modality: Modality,
    prices: &mut Vec<ModelPrice>,
) {
    for (name, dimension) in [
        ("cost_per_1k_input_tokens", PriceDimension::Input),
        ("cost_per_1k_output_tokens", PriceDimension::Output),
        ("cost_per_image", PriceDimension::Image),
    ] {
        let value = fields.get(name);
        if is_blank(value) {
            continue;
        }
        let number = value.and_then(decimal);
        let fits = (dimension == PriceDimension::Image) == (modality == Modality::Image);
        if !fits && number.is_some_and(|number| number.is_zero()) {
            continue;
        }
        let image = dimension == PriceDimension::Image;
        let micro = number.and_then(if image { millionths } else { billionths });
        let why = match micro {
            None => "not a whole number of micro-USD in its unit",
            Some(micro) if micro < 0 => "below 0",
            Some(_) if image && modality != Modality::Image => "not a model of images",
            Some(micro) => {
                put(prices, dimension, micro, planner.now());
                continue;
            }
        };
        planner.tell(row, Consequence::PlatformValue, name, "price refused", why);
    }
}

/// A token price is dated at the import, so that former quotes keep theirs; an image price takes
/// the place of all image prices, since one of a size or quality would fit closer.
fn put(prices: &mut Vec<ModelPrice>, dimension: PriceDimension, micro_usd: i64, now: Timestamp) {
    let is_plain = |price: &ModelPrice| {
        price.dimension == dimension
            && price.from_tokens == 0
            && price.image_size.is_empty()
            && price.image_quality.is_empty()
    };
    let current: Vec<&ModelPrice> = prices_at(prices, now)
        .into_iter()
        .filter(|price| price.dimension == dimension)
        .collect();
    let plain = current.iter().find(|price| is_plain(price));
    let same = plain.is_some_and(|price| price.micro_usd == micro_usd);
    let image = dimension == PriceDimension::Image;
    if same && (!image || current.len() == 1) {
        return;
    }
    prices.retain(|price| {
        price.dimension != dimension || !(image || is_plain(price) && price.effective_from == now)
    });
    prices.push(ModelPrice {
        dimension,
        micro_usd,
        from_tokens: 0,
        image_size: String::new(),
        image_quality: String::new(),
        effective_from: now,
        source: SOURCE.to_owned(),
    });
}
