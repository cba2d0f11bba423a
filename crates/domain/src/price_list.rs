//! What a public price file says, and what an import of it comes to (section 7).

use crate::{Modality, ModelId, PriceKind, ProviderName, Timestamp};

/// A price of a price file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPrice {
    /// Which price.
    pub kind: PriceKind,
    /// Millionths of a US dollar: for an image or for 1 000 000 tokens.
    pub micro_usd: i64,
    /// When it begins; absent: the file does not say.
    pub effective_from: Option<Timestamp>,
}

/// A model of a price file, with what a new one of the catalogue needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedModel {
    /// The provider as it is named here.
    pub provider: ProviderName,
    /// The vendor's id.
    pub model_id: ModelId,
    /// What it makes.
    pub modality: Modality,
    /// Tokens read and written in one call together.
    pub context_window: Option<i32>,
    /// Most tokens that it generates in one call.
    pub max_output_tokens: Option<i32>,
    /// Its prices.
    pub prices: Vec<ListedPrice>,
}

/// A price that an import changes or adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceChange {
    /// The model.
    pub model_id: ModelId,
    /// Which price.
    pub kind: PriceKind,
    /// What would have held at that time, with its source.
    pub former: Option<(i64, String)>,
    /// What holds from then on.
    pub micro_usd: i64,
    /// When it begins.
    pub effective_from: Timestamp,
}

/// Something of a price file, or of what is stored, that an import leaves as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceLeft {
    /// The model.
    pub model_id: ModelId,
    /// Which price; absent: the model as a whole.
    pub price: Option<PriceKind>,
    /// Why.
    pub why: String,
}

/// What an import of prices comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriceImport {
    /// Models of the file that are there.
    pub matched: usize,
    /// Prices that are stored as the file has them.
    pub unchanged: usize,
    /// Models that are added.
    pub created: Vec<ModelId>,
    /// Models of known providers that are not there and are not added.
    pub missing: Vec<ModelId>,
    /// Prices that change or are new.
    pub changes: Vec<PriceChange>,
    /// What is left as it is.
    pub left: Vec<PriceLeft>,
}
