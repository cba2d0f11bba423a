//! The import of price files on the wire.

use aiconfig_application::{PriceLine, PriceOptions, PriceReport, PriceSource};
use aiconfig_domain::{Rejection, Timestamp};
use aiconfig_proto::v1;

use super::common::time;

/// Rows of the diff that an answer has at most.
const CHANGES: usize = 2_000;
/// Names or remarks of one kind that an answer has at most.
const OTHERS: usize = 500;
/// Characters of a version.
const VERSION: usize = 64;

/// Reads how a file is taken, and of which kind it is if that is given.
pub(crate) fn price_options(
    options: &v1::ImportPricesOptions,
) -> Result<(PriceOptions, Option<PriceSource>), Rejection> {
    let refuse =
        |field: &str, rule: &str| Rejection::invalid_field(format!("options.{field}"), rule);
    let source = match v1::PriceSource::try_from(options.source) {
        Ok(v1::PriceSource::Unspecified) => None,
        Ok(v1::PriceSource::Litellm) => Some(PriceSource::Litellm),
        Ok(v1::PriceSource::GenaiPrices) => Some(PriceSource::GenaiPrices),
        Err(_) => {
            return Err(refuse(
                "source",
                "must be a known kind of file, or not given",
            ));
        }
    };
    let version = options.source_version.clone();
    if version.len() > VERSION || !version.bytes().all(|b| b.is_ascii_graphic()) {
        let rule = "up to 64 printable ASCII characters without blanks";
        return Err(refuse("source_version", rule));
    }
    let create_missing = options.create_missing;
    let options = PriceOptions {
        version,
        create_missing,
    };
    Ok((options, source))
}

/// A report on the wire, in a state of this revision.
pub(crate) fn price_report(report: &PriceReport, revision: u64) -> v1::ImportPricesResponse {
    let number = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    let names = |names: &[String]| names.iter().take(OTHERS).cloned().collect();
    let remark = |model: &str, price: &str, why: &str| v1::PriceRemark {
        model_id: model.to_owned(),
        price: price.to_owned(),
        why: why.to_owned(),
    };
    let refused = report.refused.iter().take(OTHERS);
    let left = report.left.iter().take(OTHERS);
    v1::ImportPricesResponse {
        changed: report.changed,
        revision,
        source: report.source.clone(),
        models_in_file: number(report.models_in_file),
        prices_in_file: number(report.prices_in_file),
        refused_in_file: number(report.refused_in_file),
        matched: number(report.matched),
        unchanged: number(report.unchanged),
        created: names(&report.created),
        missing: names(&report.missing),
        changes: report.changes.iter().take(CHANGES).map(change).collect(),
        change_count: number(report.changes.len()),
        refused: refused.map(|r| remark(&r.model, &r.price, r.why)).collect(),
        left: left.map(|l| remark(&l.model, &l.price, &l.why)).collect(),
    }
}

fn change(line: &PriceLine) -> v1::PriceChange {
    use v1::PriceDimension as D;
    let dimension = match line.dimension {
        "input" => D::Input,
        "cached_input" => D::CachedInput,
        "cache_write" => D::CacheWrite,
        "output" => D::Output,
        _ => D::Image,
    };
    v1::PriceChange {
        model_id: line.model.clone(),
        dimension: dimension.into(),
        image_size: line.size.clone(),
        image_quality: line.quality.clone(),
        from_tokens: line.from_tokens,
        old_micro_usd: line.old_micro_usd,
        old_source: line.old_source.clone(),
        new_micro_usd: line.new_micro_usd,
        new_source: line.new_source.clone(),
        effective_from: Timestamp::parse_rfc3339(&line.effective_from).map(time),
    }
}
