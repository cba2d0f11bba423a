//! Models of the catalogue: what a model is, what it can do and which values it takes.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::masked::masked_fields;
use crate::{Field, ModelId, ModelPrice, ProviderName, Timestamp};

/// What a model makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Modality {
    /// Text.
    Text,
    /// Images.
    Image,
    /// Vectors.
    Embedding,
}

impl Modality {
    /// Every modality.
    pub const ALL: [Self; 3] = [Self::Text, Self::Image, Self::Embedding];

    /// The name in lower case, such as `text`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Embedding => "embedding",
        }
    }

    /// Reads a modality's name, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|modality| modality.as_str().eq_ignore_ascii_case(text))
    }
}

/// What a model can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent abilities, each its own field of the API"
)]
pub struct Capabilities {
    /// Whether it takes a temperature.
    pub temperature: bool,
    /// The highest temperature that it takes, up to 2; 0 if it takes none.
    pub max_temperature: f64,
    /// Whether it can be held to JSON output.
    pub json_mode: bool,
    /// Whether it reads images.
    pub vision: bool,
    /// Whether it can call tools.
    pub tools: bool,
    /// Whether it takes a number of diffusion steps.
    pub steps: bool,
    /// Whether it takes a guidance scale.
    pub guidance: bool,
}

/// The numbers that a field takes, both ends included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NumberRange {
    /// The least.
    pub minimum: f64,
    /// The greatest.
    pub maximum: f64,
    /// The distance between neighbours in a form.
    pub step: f64,
}

/// A model of a provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// The vendor's id, unique over all providers.
    pub model_id: ModelId,
    /// The provider that it belongs to.
    pub provider: ProviderName,
    /// What it makes.
    pub modality: Modality,
    /// Name for people, up to 255 characters.
    #[serde(default)]
    pub display_name: String,
    /// Whether calls may use it.
    pub active: bool,
    /// Whether it is the default of its provider and modality.
    #[serde(default)]
    pub is_default: bool,
    /// Tokens read and written in one call together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_window: Option<i32>,
    /// Most tokens that it generates in one call; absent for models that generate no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<i32>,
    /// What it can do.
    #[serde(default)]
    pub capabilities: Capabilities,
    /// Image sizes, the default first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub valid_sizes: Vec<Arc<str>>,
    /// Image qualities, the default first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub valid_qualities: Vec<Arc<str>>,
    /// Image styles, the default first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub valid_styles: Vec<Arc<str>>,
    /// File formats, the default first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub valid_formats: Vec<Arc<str>>,
    /// Older names of its values: `image_quality:hd` to `high`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub value_aliases: BTreeMap<String, String>,
    /// Tokens that one credit pays for, above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_per_credit: Option<i64>,
    /// Billionths of a credit for one image, 0 or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nano_credits_per_image: Option<i64>,
    /// When the vendor deprecates it; only warns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecated_at: Option<Timestamp>,
    /// When the vendor shuts it down; only warns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shutdown_at: Option<Timestamp>,
    /// The model used in its place once it is not active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<ModelId>,
    /// All its prices, past and future ones too, in the order of their keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prices: Vec<ModelPrice>,
}

/// How a value was found among those that a model takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matched {
    /// The value stands in the list itself.
    Listed,
    /// The value is an older name of this listed one.
    Alias(Arc<str>),
}

impl Model {
    /// The values that the model takes for a field, the default first; empty for fields without a list.
    #[must_use]
    pub fn list_of(&self, field: Field) -> &[Arc<str>] {
        match field {
            Field::ImageSize => &self.valid_sizes,
            Field::ImageQuality => &self.valid_qualities,
            Field::ImageStyle => &self.valid_styles,
            Field::ImageFormat => &self.valid_formats,
            _ => &[],
        }
    }

    /// The listed name of a value that the model takes, itself or the target of its alias.
    #[must_use]
    pub fn listed(&self, field: Field, value: &str) -> Option<Arc<str>> {
        match self.match_value(field, value)? {
            Matched::Listed => Some(value.into()),
            Matched::Alias(name) => Some(name),
        }
    }

    /// Whether the model takes a value for a field, and under which name.
    #[must_use]
    pub fn match_value(&self, field: Field, value: &str) -> Option<Matched> {
        let list = self.list_of(field);
        if list.iter().any(|listed| **listed == *value) {
            return Some(Matched::Listed);
        }
        let target = self
            .value_aliases
            .get(&format!("{}:{value}", field.as_str()))?;
        list.iter()
            .find(|listed| ***listed == **target)
            .cloned()
            .map(Matched::Alias)
    }
}

masked_fields! {
    /// The fields of a model that an update can name.
    ModelField of Model {
        DisplayName "display_name" display_name;
        Active "active" active;
        ContextWindow "context_window" context_window;
        MaxOutputTokens "max_output_tokens" max_output_tokens;
        Capabilities "capabilities" capabilities;
        CapabilitiesTemperature "capabilities.temperature" capabilities.temperature;
        CapabilitiesMaxTemperature "capabilities.max_temperature" capabilities.max_temperature;
        CapabilitiesJsonMode "capabilities.json_mode" capabilities.json_mode;
        CapabilitiesVision "capabilities.vision" capabilities.vision;
        CapabilitiesTools "capabilities.tools" capabilities.tools;
        CapabilitiesSteps "capabilities.steps" capabilities.steps;
        CapabilitiesGuidance "capabilities.guidance" capabilities.guidance;
        ValidSizes "valid_sizes" valid_sizes;
        ValidQualities "valid_qualities" valid_qualities;
        ValidStyles "valid_styles" valid_styles;
        ValidFormats "valid_formats" valid_formats;
        ValueAliases "value_aliases" value_aliases;
        TokensPerCredit "tokens_per_credit" tokens_per_credit;
        NanoCreditsPerImage "nano_credits_per_image" nano_credits_per_image;
        DeprecatedAt "deprecated_at" deprecated_at;
        ShutdownAt "shutdown_at" shutdown_at;
        Replacement "replacement" replacement;
        Prices "prices" prices;
    }
}

#[cfg(test)]
pub(crate) fn sample(provider: &str, id: &str, modality: Modality) -> Model {
    Model {
        model_id: ModelId::parse(id).unwrap(),
        provider: ProviderName::parse(provider).unwrap(),
        modality,
        display_name: id.into(),
        active: true,
        is_default: false,
        context_window: None,
        max_output_tokens: (modality == Modality::Text).then_some(16_384),
        capabilities: Capabilities::default(),
        valid_sizes: Vec::new(),
        valid_qualities: Vec::new(),
        valid_styles: Vec::new(),
        valid_formats: Vec::new(),
        value_aliases: BTreeMap::new(),
        tokens_per_credit: None,
        nano_credits_per_image: None,
        deprecated_at: None,
        shutdown_at: None,
        replacement: None,
        prices: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_match_by_list_or_alias() {
        let mut model = sample("dalle", "image-one", Modality::Image);
        model.valid_qualities = vec!["medium".into(), "high".into()];
        model
            .value_aliases
            .insert("image_quality:hd".into(), "high".into());
        model
            .value_aliases
            .insert("image_quality:odd".into(), "gone".into());
        for (value, found) in [
            ("medium", Some(Matched::Listed)),
            ("hd", Some(Matched::Alias("high".into()))),
            ("odd", None),
            ("low", None),
        ] {
            assert_eq!(
                model.match_value(Field::ImageQuality, value),
                found,
                "{value}"
            );
        }
        assert_eq!(model.match_value(Field::ImageSize, "hd"), None);
    }

    #[test]
    fn mask_paths_take_one_field() {
        let mut model = sample("openai", "m", Modality::Text);
        let mut other = model.clone();
        other.capabilities.vision = true;
        other.capabilities.tools = true;
        ModelField::parse("capabilities.vision")
            .unwrap()
            .take(&mut model, &other);
        assert!(model.capabilities.vision && !model.capabilities.tools);
        assert_eq!(ModelField::parse("is_default"), None);
    }
}
