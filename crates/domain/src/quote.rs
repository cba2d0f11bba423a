//! Quotes: quantities of a request turned into credits and cost, exact until rounded once, half up.

use crate::price::{image_price, token_price};
use crate::{CreditOperation, CreditUnit, Model, PriceDimension, Rejection, Timestamp, Violation};

/// The quantities of a request; the four token counts are disjoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Fresh input tokens.
    pub input_tokens: Option<i64>,
    /// Input tokens from the vendor's cache.
    pub cached_input_tokens: Option<i64>,
    /// Input tokens written to the vendor's cache.
    pub cache_write_tokens: Option<i64>,
    /// Generated tokens.
    pub output_tokens: Option<i64>,
    /// Words made.
    pub words: Option<i64>,
    /// Images made.
    pub images: Option<i64>,
}

/// What is to be quoted.
#[derive(Clone, Copy, Debug)]
pub struct QuoteRequest<'a> {
    /// What is charged; nothing if absent.
    pub operation: Option<&'a CreditOperation>,
    /// The model whose prices count; without one there is no cost.
    pub model: Option<&'a Model>,
    /// The quantities.
    pub usage: Usage,
    /// Size of the images; empty takes the price that fits every size.
    pub image_size: &'a str,
    /// Quality of the images; empty takes the price that fits every quality.
    pub image_quality: &'a str,
    /// The instant that prices are chosen for.
    pub at: Timestamp,
}

/// What is special about a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuoteNote {
    /// It has no price of its own; that of fresh input was used.
    PricedAsInput,
    /// It has no price, so the quote has no cost.
    PriceMissing,
    /// The model has no rate, so the quote has no credits.
    CreditRateMissing,
}

/// One quantity of a quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuoteLine {
    /// Such as `input`, `image` or `credits`.
    pub label: &'static str,
    /// What was priced; absent for credits.
    pub dimension: Option<PriceDimension>,
    /// Tokens, images, words or requests.
    pub quantity: i64,
    /// The price used, in micro-USD for an image or 1 000 000 tokens.
    pub micro_usd: Option<i64>,
    /// Cost in nano-USD, rounded by itself.
    pub cost_nano_usd: Option<i64>,
    /// Billionths of a credit, before the minimum.
    pub nano_credits: Option<i64>,
    /// What is special about it.
    pub notes: Vec<QuoteNote>,
}

/// An answered quote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quote {
    /// Billionths of a credit; absent if a rate is missing or nothing is charged.
    pub nano_credits: Option<i64>,
    /// Nano-USD; absent if a price is missing or nothing could be priced.
    pub cost_nano_usd: Option<i64>,
    /// Whether the operation's minimum was charged.
    pub minimum_applied: bool,
    /// First token of the tier that was chosen; absent without token prices.
    pub from_tokens: Option<i64>,
    /// How the figures came about.
    pub lines: Vec<QuoteLine>,
}

/// A positive fraction rounded to a whole, half up.
fn half_up(numerator: i128, denominator: i128) -> Result<i64, Rejection> {
    i64::try_from((2 * numerator + denominator) / (2 * denominator))
        .map_err(|_| Rejection::invalid_field("usage", "quantities are too large to be quoted"))
}

fn check(request: &QuoteRequest<'_>) -> Result<(), Rejection> {
    let usage = &request.usage;
    let tokens = [
        usage.input_tokens,
        usage.cached_input_tokens,
        usage.cache_write_tokens,
        usage.output_tokens,
    ];
    let mut violations: Vec<Violation> = [
        ("input_tokens", usage.input_tokens),
        ("cached_input_tokens", usage.cached_input_tokens),
        ("cache_write_tokens", usage.cache_write_tokens),
        ("output_tokens", usage.output_tokens),
        ("words", usage.words),
        ("images", usage.images),
    ]
    .into_iter()
    .filter(|(_, count)| count.is_some_and(|n| n < 0))
    .map(|(field, _)| Violation::new(field, "must be 0 or more"))
    .collect();
    let lacking = match request.operation.map(|operation| operation.unit) {
        Some(CreditUnit::Per100Words) if usage.words.is_none() => Some("words"),
        Some(CreditUnit::PerImage) if usage.images.is_none() => Some("images"),
        Some(CreditUnit::PerToken) if tokens.iter().all(Option::is_none) => Some("input_tokens"),
        _ => None,
    };
    if let Some(field) = lacking {
        violations.push(Violation::new(
            field,
            "the unit of the credit operation needs it",
        ));
    }
    if violations.is_empty() {
        Ok(())
    } else {
        Err(Rejection::invalid(violations))
    }
}

/// Turns quantities into credits and cost. Refused: negative quantities, and a quantity that the
/// unit needs and the request lacks.
pub fn quote(request: &QuoteRequest<'_>) -> Result<Quote, Rejection> {
    check(request)?;
    let mut quote = Quote::default();
    if let Some(model) = request.model {
        add_cost(&mut quote, model, request)?;
    }
    if let Some(operation) = request.operation {
        add_credits(&mut quote, operation, request)?;
    }
    Ok(quote)
}

fn add_cost(quote: &mut Quote, model: &Model, request: &QuoteRequest<'_>) -> Result<(), Rejection> {
    let usage = &request.usage;
    let all_input = [
        usage.input_tokens,
        usage.cached_input_tokens,
        usage.cache_write_tokens,
    ]
    .into_iter()
    .flatten()
    .fold(0_i64, i64::saturating_add);
    // In thousandths of a nano-USD, the finest grain that a token has.
    let mut total: Option<i128> = Some(0);
    for (dimension, count) in [
        (PriceDimension::Input, usage.input_tokens),
        (PriceDimension::CachedInput, usage.cached_input_tokens),
        (PriceDimension::CacheWrite, usage.cache_write_tokens),
        (PriceDimension::Output, usage.output_tokens),
        (PriceDimension::Image, usage.images),
    ] {
        let Some(quantity) = count.filter(|n| *n > 0) else {
            continue;
        };
        let of = |dimension| token_price(&model.prices, dimension, all_input, request.at);
        let mut notes = Vec::new();
        let price = match dimension {
            PriceDimension::Image => image_price(
                &model.prices,
                request.image_size,
                request.image_quality,
                request.at,
            ),
            PriceDimension::CachedInput | PriceDimension::CacheWrite => {
                of(dimension).or_else(|| {
                    let input = of(PriceDimension::Input);
                    notes.extend(input.map(|_| QuoteNote::PricedAsInput));
                    input
                })
            }
            PriceDimension::Input | PriceDimension::Output => of(dimension),
        };
        let grain = if dimension == PriceDimension::Image {
            1_000_000
        } else {
            1
        };
        let cost = price.map(|p| i128::from(quantity) * i128::from(p.micro_usd) * grain);
        if let Some(price) = price.filter(|_| dimension != PriceDimension::Image) {
            quote.from_tokens = quote.from_tokens.max(Some(price.from_tokens));
        }
        if price.is_none() {
            notes.push(QuoteNote::PriceMissing);
        }
        total = total.zip(cost).map(|(sum, cost)| sum.saturating_add(cost));
        quote.lines.push(QuoteLine {
            label: dimension.as_str(),
            dimension: Some(dimension),
            quantity,
            micro_usd: price.map(|p| p.micro_usd),
            cost_nano_usd: cost.map(|cost| half_up(cost, 1_000)).transpose()?,
            nano_credits: None,
            notes,
        });
    }
    if !quote.lines.is_empty() {
        quote.cost_nano_usd = total.map(|total| half_up(total, 1_000)).transpose()?;
    }
    Ok(())
}

fn add_credits(
    quote: &mut Quote,
    operation: &CreditOperation,
    request: &QuoteRequest<'_>,
) -> Result<(), Rejection> {
    let usage = &request.usage;
    let base = i128::from(operation.nano_credits_cost);
    // The quantity, and the credits as a fraction unless a rate is missing.
    let (quantity, credits) = match operation.unit {
        CreditUnit::PerRequest => (1, Some((base, 1))),
        CreditUnit::Per100Words => {
            let words = usage.words.unwrap_or_default();
            (words, Some((base * i128::from(words), 100)))
        }
        CreditUnit::PerImage => {
            let images = usage.images.unwrap_or_default();
            let rate = request
                .model
                .and_then(|model| model.nano_credits_per_image)
                .map_or(base, i128::from);
            (images, Some((rate * i128::from(images), 1)))
        }
        CreditUnit::PerToken => {
            let tokens = [
                usage.input_tokens,
                usage.cached_input_tokens,
                usage.cache_write_tokens,
                usage.output_tokens,
            ]
            .into_iter()
            .flatten()
            .fold(0_i64, i64::saturating_add);
            let rate = request
                .model
                .and_then(|model| model.tokens_per_credit)
                .filter(|rate| *rate > 0);
            (
                tokens,
                rate.map(|rate| (i128::from(tokens) * 1_000_000_000, i128::from(rate))),
            )
        }
    };
    let credits = credits
        .map(|(numerator, denominator)| half_up(numerator, denominator))
        .transpose()?;
    quote.minimum_applied = credits.is_some_and(|credits| credits < operation.nano_credits_minimum);
    quote.nano_credits = credits.map(|credits| credits.max(operation.nano_credits_minimum));
    quote.lines.push(QuoteLine {
        label: "credits",
        dimension: None,
        quantity,
        micro_usd: None,
        cost_nano_usd: None,
        nano_credits: credits,
        notes: if credits.is_none() {
            vec![QuoteNote::CreditRateMissing]
        } else {
            Vec::new()
        },
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample;
    use crate::price::price;
    use crate::{Modality, OperationType};

    fn mini() -> Model {
        let mut model = sample("openai", "gpt-4o-mini", Modality::Text);
        model.prices = vec![
            price(PriceDimension::Input, 150_000),
            price(PriceDimension::CachedInput, 75_000),
            price(PriceDimension::Output, 600_000),
        ];
        model
    }

    fn operation(unit: CreditUnit, minimum: i64) -> CreditOperation {
        CreditOperation {
            operation_type: OperationType::parse("content_generation").unwrap(),
            display_name: String::new(),
            unit,
            nano_credits_cost: 1_000_000_000,
            nano_credits_minimum: minimum,
        }
    }

    fn request<'a>(
        operation: Option<&'a CreditOperation>,
        model: Option<&'a Model>,
        usage: Usage,
    ) -> QuoteRequest<'a> {
        QuoteRequest {
            operation,
            model,
            usage,
            image_size: "",
            image_quality: "",
            at: Timestamp::from_micros(1),
        }
    }

    const TOKENS: Usage = Usage {
        input_tokens: Some(1_034),
        cached_input_tokens: Some(200),
        cache_write_tokens: None,
        output_tokens: Some(567),
        words: Some(1_234),
        images: None,
    };

    #[test]
    fn check_values() {
        let model = mini();
        for (minimum, credits) in [(0, 12_340_000_000), (15_000_000_000, 15_000_000_000)] {
            let operation = operation(CreditUnit::Per100Words, minimum);
            let answer = quote(&request(Some(&operation), Some(&model), TOKENS)).unwrap();
            assert_eq!(answer.cost_nano_usd, Some(510_300));
            assert_eq!(answer.nano_credits, Some(credits));
            assert_eq!(answer.minimum_applied, minimum > 0);
        }
    }

    #[test]
    fn missing_prices_are_said() {
        let mut model = mini();
        model.prices.remove(1);
        let answer = quote(&request(None, Some(&model), TOKENS)).unwrap();
        assert_eq!(answer.lines[1].notes, [QuoteNote::PricedAsInput]);
        assert_eq!(answer.cost_nano_usd, Some(525_300));
        model.prices.remove(1);
        let answer = quote(&request(None, Some(&model), TOKENS)).unwrap();
        assert_eq!(answer.lines[2].notes, [QuoteNote::PriceMissing]);
        assert_eq!(answer.cost_nano_usd, None);
    }

    #[test]
    fn units_need_their_quantity_and_rate() {
        let model = mini();
        for (unit, field) in [
            (CreditUnit::Per100Words, "words"),
            (CreditUnit::PerImage, "images"),
            (CreditUnit::PerToken, "input_tokens"),
        ] {
            let operation = operation(unit, 0);
            let refusal =
                quote(&request(Some(&operation), Some(&model), Usage::default())).unwrap_err();
            assert_eq!(refusal.violations[0].field, field);
        }
        let operation = operation(CreditUnit::PerToken, 5);
        let answer = quote(&request(Some(&operation), Some(&model), TOKENS)).unwrap();
        assert_eq!(answer.nano_credits, None);
        assert_eq!(
            answer.lines.last().unwrap().notes,
            [QuoteNote::CreditRateMissing]
        );
        let model = Model {
            tokens_per_credit: Some(1_000),
            ..model
        };
        let answer = quote(&request(Some(&operation), Some(&model), TOKENS)).unwrap();
        assert_eq!(answer.nano_credits, Some(1_801_000_000));
    }

    #[test]
    fn half_goes_up_and_overflow_is_refused() {
        for (n, expected) in [(499, 0), (500, 1), (1_499, 1), (1_500, 2)] {
            assert_eq!(half_up(n, 1_000).unwrap(), expected);
        }
        let usage = Usage {
            words: Some(i64::MAX),
            ..Usage::default()
        };
        assert!(
            quote(&request(
                Some(&operation(CreditUnit::Per100Words, 0)),
                None,
                usage
            ))
            .is_err()
        );
    }
}
