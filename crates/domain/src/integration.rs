//! Integration types: what an account can override, and which fields each has (section 3).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Field, Modality, ModelFields, ProviderName, Rejection, Snapshot};

/// A type of integration settings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum IntegrationType {
    /// Which text service is used.
    TextGeneration,
    /// Images: service, model and parameters.
    ImageGeneration,
    /// Embeddings: service and model.
    EmbeddingGeneration,
    /// Model and parameters of one provider.
    Provider(ProviderName),
}

const TEXT_GENERATION: &[Field] = &[Field::Service];
const TEXT: &[Field] = &[
    Field::Service,
    Field::Model,
    Field::Temperature,
    Field::MaxTokens,
];
const TEXT_PROVIDER: &[Field] = &[Field::Model, Field::Temperature, Field::MaxTokens];
const IMAGE_GENERATION: &[Field] = &[
    Field::Service,
    Field::Model,
    Field::ImageSize,
    Field::ImageQuality,
    Field::ImageStyle,
    Field::ImageFormat,
    Field::MaxInArticleImages,
    Field::Steps,
    Field::Guidance,
];
const IMAGE_PROVIDER: &[Field] = &[
    Field::Model,
    Field::ImageSize,
    Field::ImageQuality,
    Field::ImageStyle,
    Field::ImageFormat,
    Field::MaxInArticleImages,
    Field::Steps,
    Field::Guidance,
];
const EMBEDDING_GENERATION: &[Field] = &[Field::Service, Field::Model];

impl Modality {
    /// The fields that a function of this modality has, and that a call of it can give.
    #[must_use]
    pub const fn fields(self) -> &'static [Field] {
        match self {
            Self::Text => TEXT,
            Self::Image => IMAGE_GENERATION,
            Self::Embedding => EMBEDDING_GENERATION,
        }
    }
}

impl IntegrationType {
    /// The types that are no provider's.
    pub const GENERAL: [&'static str; 3] = [
        "text_generation",
        "image_generation",
        "embedding_generation",
    ];

    /// The name on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::TextGeneration => Self::GENERAL[0],
            Self::ImageGeneration => Self::GENERAL[1],
            Self::EmbeddingGeneration => Self::GENERAL[2],
            Self::Provider(name) => name.as_str(),
        }
    }

    /// The type of a name. Whether a provider of it exists is another question.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "text_generation" => Some(Self::TextGeneration),
            "image_generation" => Some(Self::ImageGeneration),
            "embedding_generation" => Some(Self::EmbeddingGeneration),
            other => ProviderName::parse(other).map(Self::Provider),
        }
    }

    /// The type that decides on the service of a modality.
    #[must_use]
    pub const fn general(modality: Modality) -> Self {
        match modality {
            Modality::Text => Self::TextGeneration,
            Modality::Image => Self::ImageGeneration,
            Modality::Embedding => Self::EmbeddingGeneration,
        }
    }

    /// What it is about, and its fields, if it is a type or a section of this deployment.
    #[must_use]
    pub fn shape(&self, snapshot: &Snapshot) -> Option<(Modality, &'static [Field])> {
        match self {
            Self::TextGeneration => Some((Modality::Text, TEXT_GENERATION)),
            Self::ImageGeneration => Some((Modality::Image, IMAGE_GENERATION)),
            Self::EmbeddingGeneration => Some((Modality::Embedding, EMBEDDING_GENERATION)),
            Self::Provider(name) => {
                let modalities = &snapshot.provider(name.as_str())?.value.modalities;
                if modalities.contains(&Modality::Text) {
                    Some((Modality::Text, TEXT_PROVIDER))
                } else if modalities.contains(&Modality::Image) {
                    Some((Modality::Image, IMAGE_PROVIDER))
                } else {
                    None
                }
            }
        }
    }

    /// The type of a request, if it can be viewed.
    ///
    /// # Errors
    /// `FIELD_INVALID` naming the types.
    pub fn for_view(snapshot: &Snapshot, name: &str) -> Result<Self, Rejection> {
        Self::parse(name)
            .filter(|kind| kind.shape(snapshot).is_some())
            .ok_or_else(|| {
                let known: Vec<String> =
                    Self::all(snapshot).into_iter().map(String::from).collect();
                Rejection::invalid_field(
                    "integration_type",
                    format!("not an integration type; use one of {}", known.join(", ")),
                )
            })
    }

    /// The type of a request, if an account can have a row of it.
    ///
    /// # Errors
    /// `FIELD_INVALID`; for an image provider it names `image_generation`.
    pub fn for_save(snapshot: &Snapshot, name: &str) -> Result<Self, Rejection> {
        let kind = Self::for_view(snapshot, name)?;
        match (&kind, kind.shape(snapshot)) {
            (Self::Provider(_), Some((Modality::Image, _))) => Err(Rejection::invalid_field(
                "integration_type",
                "this type can only be viewed; an account's image settings are saved as image_generation",
            )),
            _ => Ok(kind),
        }
    }

    /// Every type that can be viewed here.
    #[must_use]
    pub fn all(snapshot: &Snapshot) -> Vec<Self> {
        let general = [
            Self::TextGeneration,
            Self::ImageGeneration,
            Self::EmbeddingGeneration,
        ];
        let providers = snapshot
            .providers()
            .map(|provider| Self::Provider(provider.value.name.clone()));
        general
            .into_iter()
            .chain(providers.filter(|kind| kind.shape(snapshot).is_some()))
            .collect()
    }
}

impl TryFrom<String> for IntegrationType {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::parse(&name).ok_or("not an integration type")
    }
}

impl From<IntegrationType> for String {
    fn from(kind: IntegrationType) -> Self {
        kind.as_str().to_owned()
    }
}

/// The provider behind a service name: the image service `openai` means provider `dalle`.
#[must_use]
pub fn provider_of_service(modality: Modality, service: &str) -> Option<ProviderName> {
    match (modality, service) {
        (Modality::Image, "openai") => ProviderName::parse("dalle"),
        _ => ProviderName::parse(service),
    }
}

/// The service name of a provider: views and answers say `openai` for images of `dalle`.
#[must_use]
pub fn service_of_provider(modality: Modality, provider: &ProviderName) -> Arc<str> {
    match (modality, provider.as_str()) {
        (Modality::Image, "dalle") => "openai".into(),
        _ => provider.shared(),
    }
}

/// A service as it is shown, and the provider behind it, with the texts of the state where it has
/// them.
pub(crate) fn known_service(
    snapshot: &Snapshot,
    modality: Modality,
    service: &Arc<str>,
) -> Option<(Arc<str>, ProviderName)> {
    let openai_images = modality == Modality::Image && matches!(&**service, "openai" | "dalle");
    let name = if openai_images { "dalle" } else { service };
    let provider = match snapshot.provider(name) {
        Some(known) => known.value.name.clone(),
        None => ProviderName::parse(name)?,
    };
    let shown = if openai_images && **service == *"openai" {
        Arc::clone(service)
    } else {
        service_of_provider(modality, &provider)
    };
    Some((shown, provider))
}

impl ModelFields {
    /// Calls the service by the one name that is stored and shown.
    pub(crate) fn name_service(&mut self, modality: Modality) {
        if let Some(service) = &self.service
            && let Some(provider) = provider_of_service(modality, service)
        {
            self.service = Some(service_of_provider(modality, &provider));
        }
    }
}
