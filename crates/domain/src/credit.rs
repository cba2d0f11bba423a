//! Credit operations: what a kind of work costs in credits.

use serde::{Deserialize, Serialize};

use crate::OperationType;
use crate::masked::masked_fields;

/// What a credit operation is charged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CreditUnit {
    /// The cost for each request.
    #[serde(rename = "per_request")]
    PerRequest,
    /// The cost for each 100 words, in proportion.
    #[serde(rename = "per_100_words")]
    Per100Words,
    /// For each image the model's own rate, else the cost.
    #[serde(rename = "per_image")]
    PerImage,
    /// All tokens divided by the model's tokens per credit.
    #[serde(rename = "per_token")]
    PerToken,
}

impl CreditUnit {
    /// Every unit.
    pub const ALL: [Self; 4] = [
        Self::PerRequest,
        Self::Per100Words,
        Self::PerImage,
        Self::PerToken,
    ];

    /// The name in lower case, such as `per_100_words`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PerRequest => "per_request",
            Self::Per100Words => "per_100_words",
            Self::PerImage => "per_image",
            Self::PerToken => "per_token",
        }
    }

    /// Reads a unit's name, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|unit| unit.as_str().eq_ignore_ascii_case(text))
    }
}

/// What a kind of work costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditOperation {
    /// Its name, such as `content_generation`.
    pub operation_type: OperationType,
    /// Name for people, up to 255 characters.
    #[serde(default)]
    pub display_name: String,
    /// What it is charged by.
    pub unit: CreditUnit,
    /// Cost of a unit in billionths of a credit, 0 or more.
    pub nano_credits_cost: i64,
    /// Least that a request costs in billionths of a credit, 0 or more.
    #[serde(default)]
    pub nano_credits_minimum: i64,
}

masked_fields! {
    /// The fields of a credit operation that an update can name.
    CreditOperationField of CreditOperation {
        DisplayName "display_name" display_name;
        Unit "unit" unit;
        NanoCreditsCost "nano_credits_cost" nano_credits_cost;
        NanoCreditsMinimum "nano_credits_minimum" nano_credits_minimum;
    }
}
