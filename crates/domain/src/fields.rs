//! The fields that can be inherited, and the levels that they can come from.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A field of the settings; each is inherited on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each variant is the field of its name")]
pub enum Field {
    Service,
    Model,
    Temperature,
    MaxTokens,
    ImageSize,
    ImageQuality,
    ImageStyle,
    ImageFormat,
    MaxInArticleImages,
    Steps,
    Guidance,
}

impl Field {
    /// Every field, in the order of the API.
    pub const ALL: [Self; 11] = [
        Self::Service,
        Self::Model,
        Self::Temperature,
        Self::MaxTokens,
        Self::ImageSize,
        Self::ImageQuality,
        Self::ImageStyle,
        Self::ImageFormat,
        Self::MaxInArticleImages,
        Self::Steps,
        Self::Guidance,
    ];

    /// The name on the wire, such as `max_tokens`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Model => "model",
            Self::Temperature => "temperature",
            Self::MaxTokens => "max_tokens",
            Self::ImageSize => "image_size",
            Self::ImageQuality => "image_quality",
            Self::ImageStyle => "image_style",
            Self::ImageFormat => "image_format",
            Self::MaxInArticleImages => "max_in_article_images",
            Self::Steps => "steps",
            Self::Guidance => "guidance",
        }
    }

    /// The field of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == name)
    }

    /// Its place in [`Field::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// A value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldValue {
    /// A name or an entry of a list.
    Text(Arc<str>),
    /// A number with a fraction.
    Number(f64),
    /// A whole number.
    Whole(i32),
}

impl fmt::Display for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
            Self::Whole(whole) => whole.fmt(f),
        }
    }
}

/// A value for some of the fields; the others are inherited.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each member is the field of its name")]
pub struct ModelFields {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_size: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_quality: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_style: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_format: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_in_article_images: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guidance: Option<f64>,
}

impl ModelFields {
    /// The value of a field.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<FieldValue> {
        let text = |value: &Option<Arc<str>>| value.clone().map(FieldValue::Text);
        match field {
            Field::Service => text(&self.service),
            Field::Model => text(&self.model),
            Field::Temperature => self.temperature.map(FieldValue::Number),
            Field::MaxTokens => self.max_tokens.map(FieldValue::Whole),
            Field::ImageSize => text(&self.image_size),
            Field::ImageQuality => text(&self.image_quality),
            Field::ImageStyle => text(&self.image_style),
            Field::ImageFormat => text(&self.image_format),
            Field::MaxInArticleImages => self.max_in_article_images.map(FieldValue::Whole),
            Field::Steps => self.steps.map(FieldValue::Whole),
            Field::Guidance => self.guidance.map(FieldValue::Number),
        }
    }

    /// Sets a field; a value of another type than the field's is not taken.
    pub fn set(&mut self, field: Field, value: FieldValue) {
        match (field, value) {
            (Field::Service, FieldValue::Text(text)) => self.service = Some(text),
            (Field::Model, FieldValue::Text(text)) => self.model = Some(text),
            (Field::Temperature, FieldValue::Number(number)) => self.temperature = Some(number),
            (Field::MaxTokens, FieldValue::Whole(whole)) => self.max_tokens = Some(whole),
            (Field::ImageSize, FieldValue::Text(text)) => self.image_size = Some(text),
            (Field::ImageQuality, FieldValue::Text(text)) => self.image_quality = Some(text),
            (Field::ImageStyle, FieldValue::Text(text)) => self.image_style = Some(text),
            (Field::ImageFormat, FieldValue::Text(text)) => self.image_format = Some(text),
            (Field::MaxInArticleImages, FieldValue::Whole(whole)) => {
                self.max_in_article_images = Some(whole);
            }
            (Field::Steps, FieldValue::Whole(whole)) => self.steps = Some(whole),
            (Field::Guidance, FieldValue::Number(number)) => self.guidance = Some(number),
            (_, FieldValue::Text(_) | FieldValue::Number(_) | FieldValue::Whole(_)) => {}
        }
    }

    /// Takes a field over from other values; absent there, it becomes absent here.
    pub fn take(&mut self, field: Field, from: &Self) {
        match field {
            Field::Service => self.service.clone_from(&from.service),
            Field::Model => self.model.clone_from(&from.model),
            Field::Temperature => self.temperature = from.temperature,
            Field::MaxTokens => self.max_tokens = from.max_tokens,
            Field::ImageSize => self.image_size.clone_from(&from.image_size),
            Field::ImageQuality => self.image_quality.clone_from(&from.image_quality),
            Field::ImageStyle => self.image_style.clone_from(&from.image_style),
            Field::ImageFormat => self.image_format.clone_from(&from.image_format),
            Field::MaxInArticleImages => self.max_in_article_images = from.max_in_article_images,
            Field::Steps => self.steps = from.steps,
            Field::Guidance => self.guidance = from.guidance,
        }
    }

    /// The text of a list field.
    #[must_use]
    pub fn text(&self, field: Field) -> Option<&Arc<str>> {
        match field {
            Field::Service => self.service.as_ref(),
            Field::Model => self.model.as_ref(),
            Field::ImageSize => self.image_size.as_ref(),
            Field::ImageQuality => self.image_quality.as_ref(),
            Field::ImageStyle => self.image_style.as_ref(),
            Field::ImageFormat => self.image_format.as_ref(),
            _ => None,
        }
    }

    /// Whether a field has a value.
    #[must_use]
    pub const fn has(&self, field: Field) -> bool {
        match field {
            Field::Service => self.service.is_some(),
            Field::Model => self.model.is_some(),
            Field::Temperature => self.temperature.is_some(),
            Field::MaxTokens => self.max_tokens.is_some(),
            Field::ImageSize => self.image_size.is_some(),
            Field::ImageQuality => self.image_quality.is_some(),
            Field::ImageStyle => self.image_style.is_some(),
            Field::ImageFormat => self.image_format.is_some(),
            Field::MaxInArticleImages => self.max_in_article_images.is_some(),
            Field::Steps => self.steps.is_some(),
            Field::Guidance => self.guidance.is_some(),
        }
    }

    /// The fields that have a value.
    pub fn set_fields(&self) -> impl Iterator<Item = Field> + '_ {
        Field::ALL.into_iter().filter(|field| self.has(*field))
    }

    /// Whether no field has a value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set_fields().next().is_none()
    }
}

/// A level of the ladder, in order: the first one that gives a usable value wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldSource {
    /// Given in the call.
    Request,
    /// The account's override.
    Account,
    /// The function's own default.
    Function,
    /// The global settings.
    Global,
    /// The catalogue.
    Catalog,
}

impl FieldSource {
    /// Every level, from the one that wins.
    pub const ALL: [Self; 5] = [
        Self::Request,
        Self::Account,
        Self::Function,
        Self::Global,
        Self::Catalog,
    ];
}
