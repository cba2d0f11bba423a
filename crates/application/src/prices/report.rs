//! What an import of prices tells: counts, the diff by row, and what was not taken.

use aiconfig_domain::{ModelId, PriceChange, PriceImport, PriceKind, PriceLeft};
use serde::Serialize;

use super::RefusedPrice;

/// What an import came to, or would come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PriceReport {
    /// Whether nothing was to be written.
    pub dry_run: bool,
    /// Whether anything changed, or would.
    pub changed: bool,
    /// The revision that it was written as; absent where nothing was.
    pub revision: Option<u64>,
    /// The source of the new rows, such as `litellm 1.109.1`.
    pub source: String,
    /// Models with a price in the file.
    pub models_in_file: usize,
    /// Prices of the file in units that are taken.
    pub prices_in_file: usize,
    /// Prices of the file that are refused, of any provider.
    pub refused_in_file: usize,
    /// Models of the file that the catalogue had.
    pub matched: usize,
    /// Prices that are stored as the file has them.
    pub unchanged: usize,
    /// Models that were added, inactive.
    pub created: Vec<String>,
    /// Models of known providers that are not there, and were not added.
    pub missing: Vec<String>,
    /// Prices that change or are new.
    pub changes: Vec<PriceLine>,
    /// Prices of the catalogue's models that the file has in no usable form.
    pub refused: Vec<RefusedLine>,
    /// What is left as it is.
    pub left: Vec<StayedLine>,
}

/// A row of the diff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PriceLine {
    /// The model.
    pub model: String,
    /// `input`, `cached_input`, `cache_write`, `output` or `image`.
    pub dimension: &'static str,
    /// The image size; empty: every one.
    pub size: String,
    /// The image quality; empty: every one.
    pub quality: String,
    /// Input tokens from which the tier holds.
    pub from_tokens: i64,
    /// Micro-USD that held until then; absent: there was no such price.
    pub old_micro_usd: Option<i64>,
    /// Where the old price is from.
    pub old_source: String,
    /// Micro-USD from then on.
    pub new_micro_usd: i64,
    /// Where the new price is from.
    pub new_source: String,
    /// When it begins, in RFC 3339.
    pub effective_from: String,
}

/// A price that the file has in no usable form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedLine {
    /// The model.
    pub model: String,
    /// Which price, such as `input from 200001`; empty: all of the model.
    pub price: String,
    /// Why.
    pub why: &'static str,
}

/// Something that is left as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StayedLine {
    /// The model.
    pub model: String,
    /// Which price; empty: all of the model.
    pub price: String,
    /// Why.
    pub why: String,
}

/// A kind of price in words.
pub(super) fn shown(kind: &PriceKind) -> String {
    let mut text = kind.dimension.as_str().to_owned();
    for part in [&kind.size, &kind.quality] {
        if !part.is_empty() {
            text.push(' ');
            text.push_str(part);
        }
    }
    if kind.from_tokens > 0 {
        text.push_str(" from ");
        text.push_str(&kind.from_tokens.to_string());
    }
    text
}

impl PriceReport {
    /// Fills in what the command came to.
    pub(super) fn take(&mut self, import: &PriceImport, refused: &[(ModelId, RefusedPrice)]) {
        let names = |ids: &[ModelId]| ids.iter().map(ToString::to_string).collect();
        self.matched = import.matched;
        self.unchanged = import.unchanged;
        self.created = names(&import.created);
        self.missing = names(&import.missing);
        self.changes = import.changes.iter().map(|row| self.line(row)).collect();
        self.left = import.left.iter().map(stayed).collect();
        self.refused = refused
            .iter()
            .map(|(id, row)| RefusedLine {
                model: id.to_string(),
                price: row.kind.as_ref().map(shown).unwrap_or_default(),
                why: row.why,
            })
            .collect();
    }

    fn line(&self, change: &PriceChange) -> PriceLine {
        let (old_micro_usd, old_source) = change.former.clone().unzip();
        PriceLine {
            model: change.model_id.to_string(),
            dimension: change.kind.dimension.as_str(),
            size: change.kind.size.clone(),
            quality: change.kind.quality.clone(),
            from_tokens: change.kind.from_tokens,
            old_micro_usd,
            old_source: old_source.unwrap_or_default(),
            new_micro_usd: change.micro_usd,
            new_source: self.source.clone(),
            effective_from: change.effective_from.to_rfc3339(),
        }
    }
}

fn stayed(left: &PriceLeft) -> StayedLine {
    StayedLine {
        model: left.model_id.to_string(),
        price: left.price.as_ref().map(shown).unwrap_or_default(),
        why: left.why.clone(),
    }
}
