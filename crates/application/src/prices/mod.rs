//! Prices from public price files: read exactly, matched with the catalogue, imported as one
//! command whose outcome is the report.

mod decimal;
mod genai;
mod litellm;
mod names;
mod plan;
mod report;
mod run;

use std::fmt;

use aiconfig_domain::{ListedPrice, Modality, PriceKind};

use names::Names;

pub use report::{PriceLine, PriceReport, RefusedLine, StayedLine};
pub use run::PriceOptions;

/// The most bytes that a price file may have.
pub const PRICE_FILE_LIMIT: usize = 32 << 20;

/// The kinds of price files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceSource {
    /// `LiteLLM`'s file: one object, undated prices by token and by image.
    Litellm,
    /// The JSON of genai-prices: a list of providers, prices by 1 000 000 tokens, some dated.
    GenaiPrices,
}

impl PriceSource {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Litellm, Self::GenaiPrices];

    /// The name, with which the sources of stored prices begin.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Litellm => "litellm",
            Self::GenaiPrices => "genai-prices",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// What a file is by how it begins.
    fn of_content(content: &[u8]) -> Option<Self> {
        match content.trim_ascii_start().first()? {
            b'{' => Some(Self::Litellm),
            b'[' => Some(Self::GenaiPrices),
            _ => None,
        }
    }
}

impl fmt::Display for PriceSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A model of a price file.
#[derive(Clone, Debug)]
struct FileModel {
    /// The provider as the catalogue would name it.
    provider: String,
    /// The vendor's id.
    id: String,
    /// Which other names the file gives it.
    names: Names,
    /// What it makes; `None`: the file does not say.
    modality: Option<Modality>,
    context_window: Option<i32>,
    max_output_tokens: Option<i32>,
    prices: Vec<ListedPrice>,
    refused: Vec<RefusedPrice>,
}

/// A price of a file that is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
struct RefusedPrice {
    /// Which one; `None`: all of the model.
    kind: Option<PriceKind>,
    why: &'static str,
}

/// A whole price file.
#[derive(Clone, Debug)]
pub struct PriceFile {
    source: PriceSource,
    models: Vec<FileModel>,
}

/// Why a file cannot be read as a price file.
#[derive(Debug, thiserror::Error)]
pub enum PriceFileError {
    /// It is neither of the kinds.
    #[error("the file is neither LiteLLM's (a JSON object) nor that of genai-prices (a JSON list)")]
    Unknown,
    /// It is not of its kind.
    #[error("the file cannot be read as a price file of {source_name}: {why}")]
    Malformed {
        /// The kind that it should be.
        source_name: PriceSource,
        /// What is wrong, with its place.
        why: String,
    },
}

impl PriceFile {
    /// Reads a file; its kind is found by its content unless it is given.
    ///
    /// # Errors
    /// [`PriceFileError`]; a single odd price is told of in the report.
    pub fn read(content: &[u8], source: Option<PriceSource>) -> Result<Self, PriceFileError> {
        // Files that were saved on Windows begin with a mark that JSON does not know.
        let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        let source = source.or_else(|| PriceSource::of_content(content));
        let source = source.ok_or(PriceFileError::Unknown)?;
        let models = match source {
            PriceSource::Litellm => litellm::read(content),
            PriceSource::GenaiPrices => genai::read(content),
        };
        let models = models.map_err(|error| PriceFileError::Malformed {
            source_name: source,
            why: without_values(&error),
        })?;
        Ok(Self { source, models })
    }

    /// The kind of the file.
    #[must_use]
    pub const fn source(&self) -> PriceSource {
        self.source
    }

    /// Models with a price that can be taken.
    #[must_use]
    pub fn model_count(&self) -> usize {
        let priced = self.models.iter().filter(|model| !model.prices.is_empty());
        priced.count()
    }

    /// Prices that can be taken, and those that cannot.
    #[must_use]
    pub fn price_counts(&self) -> (usize, usize) {
        let taken = self.models.iter().map(|model| model.prices.len()).sum();
        let refused = self.models.iter().flat_map(|model| &model.refused);
        (taken, refused.filter(|row| row.kind.is_some()).count())
    }
}

/// What the reader says, without the value that it found: the file can be any, also a wrong one.
fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once("expected ") {
        Some((_, right)) if error.is_data() => format!("expected {right}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_a_position_and_no_value() {
        for (content, told) in [
            (r#""sk-test-canary""#, "expected a map at line 1 column 16"),
            (
                r#"{"sk-test-canary" 1}"#,
                "expected `:` at line 1 column 19",
            ),
            (
                r#"[{"id": "a", "models": "sk-test-canary, expected a sequence"}]"#,
                "expected a sequence at line 1 column 60",
            ),
        ] {
            let source = Some(PriceSource::of_content(content.as_bytes()));
            let source = source.flatten().unwrap_or(PriceSource::Litellm);
            let error = PriceFile::read(content.as_bytes(), Some(source)).unwrap_err();
            assert!(error.to_string().ends_with(told), "{error}");
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }
}
