//! Functions of the product: what each needs a model for and its own defaults.

use serde::{Deserialize, Serialize};

use crate::masked::masked_fields;
use crate::{FunctionName, Modality, ModelFields, OperationType};

/// Something that the product does with a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// Its name, such as `generate_content`.
    pub name: FunctionName,
    /// Name for people, up to 255 characters.
    #[serde(default)]
    pub display_name: String,
    /// What it needs a model for.
    pub modality: Modality,
    /// The module of the product that it belongs to; empty if none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub module: String,
    /// Prompt types in order of use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompt_types: Vec<String>,
    /// The credit operation that it is charged as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_type: Option<OperationType>,
    /// Its own defaults, above the global settings and below an account's overrides.
    #[serde(default)]
    pub defaults: ModelFields,
}

masked_fields! {
    /// The fields of a function that an update can name.
    FunctionField of Function {
        DisplayName "display_name" display_name;
        Module "module" module;
        PromptTypes "prompt_types" prompt_types;
        OperationType "operation_type" operation_type;
        Defaults "defaults" defaults;
        DefaultsService "defaults.service" defaults.service;
        DefaultsModel "defaults.model" defaults.model;
        DefaultsTemperature "defaults.temperature" defaults.temperature;
        DefaultsMaxTokens "defaults.max_tokens" defaults.max_tokens;
        DefaultsImageSize "defaults.image_size" defaults.image_size;
        DefaultsImageQuality "defaults.image_quality" defaults.image_quality;
        DefaultsImageStyle "defaults.image_style" defaults.image_style;
        DefaultsImageFormat "defaults.image_format" defaults.image_format;
        DefaultsMaxInArticleImages "defaults.max_in_article_images" defaults.max_in_article_images;
        DefaultsSteps "defaults.steps" defaults.steps;
        DefaultsGuidance "defaults.guidance" defaults.guidance;
    }
}
