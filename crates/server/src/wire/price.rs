//! Prices of models.

use aiconfig_domain::{ModelPrice, Timestamp};
use aiconfig_proto::v1;

use super::common::{Faults, read_time, time};
use super::enums::{price_dimension, read_price_dimension};

/// A price on the wire.
pub(crate) fn model_price(price: &ModelPrice) -> v1::ModelPrice {
    let ModelPrice {
        dimension,
        micro_usd,
        from_tokens,
        image_size,
        image_quality,
        effective_from,
        source,
    } = price;
    v1::ModelPrice {
        dimension: price_dimension(*dimension),
        micro_usd: Some(*micro_usd),
        from_tokens: *from_tokens,
        image_size: image_size.clone(),
        image_quality: image_quality.clone(),
        effective_from: Some(time(*effective_from)),
        source: source.clone(),
    }
}

/// Reads a price; without a time it holds from `now` on. Whether the list of prices is sound is for
/// the domain to say.
pub(crate) fn read_model_price(
    faults: &mut Faults,
    path: &str,
    price: v1::ModelPrice,
    now: Timestamp,
) -> Option<ModelPrice> {
    let v1::ModelPrice {
        dimension,
        micro_usd,
        from_tokens,
        image_size,
        image_quality,
        effective_from,
        source,
    } = price;
    let dimension = read_price_dimension(faults, &format!("{path}.dimension"), dimension);
    let micro_usd = faults.need(
        &format!("{path}.micro_usd"),
        micro_usd,
        "must be given, 0 or more",
    );
    let effective_from = match effective_from {
        Some(from) => read_time(faults, &format!("{path}.effective_from"), from),
        None => Some(now),
    };
    Some(ModelPrice {
        dimension: dimension?,
        micro_usd: micro_usd?,
        from_tokens,
        image_size,
        image_quality,
        effective_from: effective_from?,
        source,
    })
}
