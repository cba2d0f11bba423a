//! Prices of the old tables: decimals in USD, per 1 000 tokens or per image.

use aiconfig_domain::{Modality, ModelPrice, PriceDimension, Timestamp};

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
    let image = dimension == PriceDimension::Image;
    let is_plain = |price: &ModelPrice| {
        price.dimension == dimension
            && price.from_tokens == 0
            && price.image_size.is_empty()
            && price.image_quality.is_empty()
    };
    let last = prices
        .iter()
        .filter(|price| is_plain(price))
        .max_by_key(|price| price.effective_from);
    let count = prices.iter().filter(|price| price.dimension == dimension);
    let alone = !image || count.count() == 1;
    let same = |last: &ModelPrice| last.micro_usd == micro_usd && last.effective_from <= now;
    if alone && last.is_some_and(same) {
        return;
    }
    // One that would begin later must not take the place of the dump's.
    prices.retain(|price| {
        price.dimension != dimension || !(image || is_plain(price) && price.effective_from >= now)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn price(dimension: PriceDimension, micro_usd: i64, from_tokens: i64, at: i64) -> ModelPrice {
        ModelPrice {
            dimension,
            micro_usd,
            from_tokens,
            image_size: String::new(),
            image_quality: String::new(),
            effective_from: Timestamp::from_micros(at),
            source: String::new(),
        }
    }

    /// Each price as amount, tier and beginning.
    fn check(
        dimension: PriceDimension,
        before: &[ModelPrice],
        micro: i64,
        after: &[(i64, i64, i64)],
    ) {
        let mut prices = before.to_vec();
        put(&mut prices, dimension, micro, Timestamp::from_micros(50));
        let seen: Vec<_> = prices
            .iter()
            .map(|p| (p.micro_usd, p.from_tokens, p.effective_from.as_micros()))
            .collect();
        assert_eq!(seen, after);
    }

    #[test]
    fn former_prices_and_tiers_stay() {
        use PriceDimension::{Image, Input, Output};
        check(Input, &[], 7, &[(7, 0, 50)]);
        let base = price(Input, 5, 0, 10);
        check(Input, std::slice::from_ref(&base), 5, &[(5, 0, 10)]);
        check(
            Input,
            std::slice::from_ref(&base),
            7,
            &[(5, 0, 10), (7, 0, 50)],
        );
        check(
            Output,
            std::slice::from_ref(&base),
            7,
            &[(5, 0, 10), (7, 0, 50)],
        );
        let tier = price(Input, 9, 200_000, 10);
        check(
            Input,
            &[base.clone(), tier],
            7,
            &[(5, 0, 10), (9, 200_000, 10), (7, 0, 50)],
        );
        // A later price, even the same one, does not hold yet.
        let later = price(Input, 7, 0, 90);
        check(Input, &[base, later], 7, &[(5, 0, 10), (7, 0, 50)]);
        let sized = ModelPrice {
            image_size: "1x1".to_owned(),
            ..price(Image, 3, 0, 10)
        };
        check(Image, &[price(Image, 7, 0, 10), sized], 7, &[(7, 0, 50)]);
        check(Image, &[price(Image, 7, 0, 10)], 7, &[(7, 0, 10)]);
    }
}
