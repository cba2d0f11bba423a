//! Prices of models: whole micro-USD, by dimension, tier, size, quality and time.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, Violation};

/// What a price is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceDimension {
    /// Fresh input tokens, per 1 000 000.
    Input,
    /// Input tokens that the vendor had cached, per 1 000 000.
    CachedInput,
    /// Input tokens that the vendor writes to its cache, per 1 000 000.
    CacheWrite,
    /// Generated tokens, per 1 000 000.
    Output,
    /// One image.
    Image,
}

impl PriceDimension {
    /// The name in lower case, such as `cached_input`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::CachedInput => "cached_input",
            Self::CacheWrite => "cache_write",
            Self::Output => "output",
            Self::Image => "image",
        }
    }
}

/// One price of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelPrice {
    /// What it is for.
    pub dimension: PriceDimension,
    /// Millionths of a US dollar, 0 or more: for an image or for 1 000 000 tokens.
    pub micro_usd: i64,
    /// Input tokens of a request from which this tier holds; 0 for images.
    #[serde(default)]
    pub from_tokens: i64,
    /// The image size that it holds for; empty fits every size.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub image_size: String,
    /// The image quality that it holds for; empty fits every quality.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub image_quality: String,
    /// When it begins to hold.
    pub effective_from: Timestamp,
    /// Where it is from, up to 255 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
}

/// What tells the prices of a model apart but their time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PriceKind {
    /// What it is for.
    pub dimension: PriceDimension,
    /// The image size; empty: every one.
    pub size: String,
    /// The image quality; empty: every one.
    pub quality: String,
    /// Input tokens from which the tier holds.
    pub from_tokens: i64,
}

impl PriceKind {
    /// A price of tokens.
    #[must_use]
    pub const fn tokens(dimension: PriceDimension, from_tokens: i64) -> Self {
        Self {
            dimension,
            size: String::new(),
            quality: String::new(),
            from_tokens,
        }
    }
}

type PriceKey<'a> = (PriceDimension, &'a str, &'a str, i64, Timestamp);

impl ModelPrice {
    /// What tells it from the other prices of its model but its time.
    #[must_use]
    pub fn kind(&self) -> PriceKind {
        PriceKind {
            dimension: self.dimension,
            size: self.image_size.clone(),
            quality: self.image_quality.clone(),
            from_tokens: self.from_tokens,
        }
    }

    fn key(&self) -> PriceKey<'_> {
        (
            self.dimension,
            &self.image_size,
            &self.image_quality,
            self.from_tokens,
            self.effective_from,
        )
    }
}

/// The prices in effect at a time: of each dimension, tier, size and quality the newest. Prices are
/// stored in the order of their keys, so a newer one of the same stands right behind.
#[must_use]
pub fn prices_at(prices: &[ModelPrice], now: Timestamp) -> Vec<&ModelPrice> {
    let same = |a: &ModelPrice, b: &ModelPrice| {
        (a.dimension, a.from_tokens) == (b.dimension, b.from_tokens)
            && a.image_size == b.image_size
            && a.image_quality == b.image_quality
    };
    let begun = |price: &ModelPrice| price.effective_from <= now;
    let mut newest = Vec::with_capacity(prices.len());
    let mut rest = prices;
    while let [price, after @ ..] = rest {
        let outdated = |next: &ModelPrice| begun(next) && same(price, next);
        if begun(price) && !after.first().is_some_and(outdated) {
            newest.push(price);
        }
        rest = after;
    }
    newest
}

/// The price of just this kind in effect at a time.
pub(crate) fn price_of_kind<'a>(
    prices: &'a [ModelPrice],
    kind: &PriceKind,
    at: Timestamp,
) -> Option<&'a ModelPrice> {
    prices
        .iter()
        .filter(|price| price.effective_from <= at && price.kind() == *kind)
        .max_by_key(|price| price.effective_from)
}

/// Puts prices into the order of their keys, so that equal lists are stored alike.
pub(crate) fn sort_prices(prices: &mut [ModelPrice]) {
    prices.sort_by(|a, b| a.key().cmp(&b.key()));
}

/// What is wrong with a list of prices, by row.
pub(crate) fn check_prices(prices: &[ModelPrice]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (row, price) in prices.iter().enumerate() {
        let mut refuse = |field: &str, rule: &str| {
            violations.push(Violation::new(format!("prices[{row}].{field}"), rule));
        };
        if price.micro_usd < 0 {
            refuse("micro_usd", "must be 0 or more");
        }
        if price.from_tokens < 0 {
            refuse("from_tokens", "must be 0 or more");
        }
        let image = price.dimension == PriceDimension::Image;
        if image && price.from_tokens > 0 {
            refuse("from_tokens", "must be 0 for images");
        }
        for (field, text, fits) in [
            ("image_size", &price.image_size, image),
            ("image_quality", &price.image_quality, image),
            ("source", &price.source, true),
        ] {
            if !fits && !text.is_empty() {
                refuse(field, "only for prices of images");
            }
            if text.chars().count() > 255 || text.contains('\0') {
                refuse(field, "up to 255 characters, no NUL");
            }
        }
        if prices
            .iter()
            .take(row)
            .any(|earlier| earlier.key() == price.key())
        {
            refuse(
                "effective_from",
                "another row has the same dimension, tier, size, quality and time",
            );
        }
    }
    violations
}

/// The price of tokens in effect at a time, in the tier of all input tokens of a request.
#[must_use]
pub(crate) fn token_price(
    prices: &[ModelPrice],
    dimension: PriceDimension,
    input_tokens: i64,
    at: Timestamp,
) -> Option<&ModelPrice> {
    prices
        .iter()
        .filter(|p| {
            p.dimension == dimension && p.from_tokens <= input_tokens && p.effective_from <= at
        })
        .max_by_key(|p| (p.from_tokens, p.effective_from))
}

/// The price of an image in effect at a time: the one that fits size and quality closest.
#[must_use]
pub(crate) fn image_price<'a>(
    prices: &'a [ModelPrice],
    size: &str,
    quality: &str,
    at: Timestamp,
) -> Option<&'a ModelPrice> {
    prices
        .iter()
        .filter(|p| {
            p.dimension == PriceDimension::Image
                && p.effective_from <= at
                && (p.image_size.is_empty() || p.image_size == size)
                && (p.image_quality.is_empty() || p.image_quality == quality)
        })
        .max_by_key(|p| {
            let (by_size, by_quality) = (!p.image_size.is_empty(), !p.image_quality.is_empty());
            (
                u8::from(by_size) + u8::from(by_quality),
                by_size,
                p.effective_from,
            )
        })
}

#[cfg(test)]
pub(crate) fn price(dimension: PriceDimension, micro_usd: i64) -> ModelPrice {
    ModelPrice {
        dimension,
        micro_usd,
        from_tokens: 0,
        image_size: String::new(),
        image_quality: String::new(),
        effective_from: Timestamp::from_micros(0),
        source: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_unique_and_not_negative() {
        let input = price(PriceDimension::Input, 5);
        let tier = ModelPrice {
            from_tokens: 200_000,
            ..input.clone()
        };
        assert!(check_prices(&[input.clone(), tier.clone()]).is_empty());
        assert_eq!(
            check_prices(&[input.clone(), input.clone()])[0].field,
            "prices[1].effective_from"
        );
        assert_eq!(
            check_prices(&[price(PriceDimension::Output, -1)])[0].field,
            "prices[0].micro_usd"
        );
        let sized = ModelPrice {
            image_size: "1x1".into(),
            ..input
        };
        assert_eq!(check_prices(&[sized])[0].field, "prices[0].image_size");
        let tiered = ModelPrice {
            dimension: PriceDimension::Image,
            ..tier
        };
        assert_eq!(check_prices(&[tiered])[0].field, "prices[0].from_tokens");
    }

    #[test]
    fn the_newest_of_each_kind_is_in_effect() {
        let base = price(PriceDimension::Input, 0);
        let row = |dimension, from_tokens, micro_usd, from| ModelPrice {
            dimension,
            from_tokens,
            micro_usd,
            effective_from: Timestamp::from_micros(from),
            ..base.clone()
        };
        let mut rows = vec![
            row(PriceDimension::Output, 0, 9, 30),
            row(PriceDimension::Input, 0, 2, 50),
            row(PriceDimension::Input, 100, 5, 20),
            row(PriceDimension::Input, 0, 1, 10),
            row(PriceDimension::Input, 0, 3, 70),
        ];
        sort_prices(&mut rows);
        for (at, expected) in [
            (5, vec![]),
            (10, vec![1]),
            (20, vec![1, 5]),
            (49, vec![1, 5, 9]),
            (50, vec![2, 5, 9]),
            (99, vec![3, 5, 9]),
        ] {
            let found = prices_at(&rows, Timestamp::from_micros(at));
            let found: Vec<i64> = found.iter().map(|price| price.micro_usd).collect();
            assert_eq!(found, expected, "at {at}");
        }
    }

    #[test]
    fn the_tier_and_time_choose_the_price() {
        let base = price(PriceDimension::Input, 1);
        let rows = [
            base.clone(),
            ModelPrice {
                micro_usd: 2,
                effective_from: Timestamp::from_micros(50),
                ..base.clone()
            },
            ModelPrice {
                micro_usd: 3,
                from_tokens: 100,
                ..base
            },
        ];
        for (tokens, at, expected) in [(5, 10, 1), (5, 50, 2), (99, 60, 2), (100, 60, 3)] {
            let found = token_price(
                &rows,
                PriceDimension::Input,
                tokens,
                Timestamp::from_micros(at),
            );
            assert_eq!(found.unwrap().micro_usd, expected, "{tokens} at {at}");
        }
        assert!(token_price(&rows, PriceDimension::Input, 5, Timestamp::from_micros(-1)).is_none());
    }

    #[test]
    fn the_closest_image_price_wins() {
        let any = price(PriceDimension::Image, 1);
        let large = ModelPrice {
            image_size: "L".into(),
            micro_usd: 2,
            ..any.clone()
        };
        let high = ModelPrice {
            image_quality: "high".into(),
            micro_usd: 3,
            ..any.clone()
        };
        let both = ModelPrice {
            image_quality: "high".into(),
            micro_usd: 4,
            ..large.clone()
        };
        let rows = [any, large, high, both];
        for (size, quality, expected) in [
            ("S", "low", 1),
            ("L", "low", 2),
            ("S", "high", 3),
            ("L", "high", 4),
        ] {
            let found = image_price(&rows, size, quality, Timestamp::from_micros(1));
            assert_eq!(found.unwrap().micro_usd, expected, "{size} {quality}");
        }
    }
}
