//! The rules once more, plainly: maps, loops and copies, written from the rules and sharing no
//! code with the service.

use std::collections::{BTreeMap, BTreeSet};

use crate::{library, prompts};

/// A value of a setting.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum V {
    S(String),
    N(f64),
}

impl V {
    pub(crate) fn text(&self) -> String {
        match self {
            Self::S(text) => text.clone(),
            Self::N(number) => number.to_string(),
        }
    }

    pub(crate) fn number(&self) -> f64 {
        match self {
            Self::S(_) => f64::NAN,
            Self::N(number) => *number,
        }
    }
}

pub(crate) type Values = BTreeMap<String, V>;

pub(crate) fn text_of<'a>(values: &'a Values, field: &str) -> Option<&'a str> {
    match values.get(field) {
        Some(V::S(text)) => Some(text),
        _ => None,
    }
}

#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "what a model can do")]
pub(crate) struct Model {
    pub(crate) id: String,
    pub(crate) provider: String,
    pub(crate) modality: String,
    pub(crate) active: bool,
    pub(crate) is_default: bool,
    pub(crate) max_tokens: Option<f64>,
    /// The highest temperature; `None`: it takes none.
    pub(crate) warm: Option<f64>,
    pub(crate) steps: bool,
    pub(crate) guidance: bool,
    pub(crate) lists: BTreeMap<String, Vec<String>>,
    pub(crate) aliases: BTreeMap<String, String>,
    pub(crate) replacement: String,
}

impl Model {
    pub(crate) fn list(&self, field: &str) -> &[String] {
        self.lists.get(field).map_or(&[], Vec::as_slice)
    }

    /// The listed value that a value stands for.
    pub(crate) fn listed(&self, field: &str, value: &str) -> Option<String> {
        if self.list(field).iter().any(|listed| listed == value) {
            return Some(value.to_owned());
        }
        self.aliases.get(&format!("{field}:{value}")).cloned()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) modality: String,
    pub(crate) module: String,
    pub(crate) defaults: Values,
}

#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) enabled: bool,
    pub(crate) values: Values,
}

#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) plan: String,
    pub(crate) active: bool,
    pub(crate) deleted: bool,
    pub(crate) version: i64,
    pub(crate) rows: BTreeMap<String, Row>,
    pub(crate) modules_off: BTreeSet<String>,
    pub(crate) prompts: BTreeMap<String, prompts::Row>,
    /// Author profiles and strategies, by name.
    pub(crate) own: BTreeMap<(library::Kind, String), library::Own>,
}

/// Everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    pub(crate) accounts: BTreeMap<i64, Account>,
    pub(crate) sections: BTreeMap<String, Values>,
    pub(crate) models: BTreeMap<String, Model>,
    pub(crate) functions: BTreeMap<String, Function>,
    pub(crate) modules_off: BTreeSet<String>,
    /// Types of prompts that the test made.
    pub(crate) prompts: BTreeMap<String, prompts::Shelf>,
    /// Author profiles and strategies of the platform that the test made, by number.
    pub(crate) items: BTreeMap<i64, library::Item>,
    /// By provider, what its models make.
    pub(crate) providers: BTreeMap<String, Vec<String>>,
}

/// Why something is refused: a reason, and the fields at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct No {
    pub(crate) reason: String,
    pub(crate) fields: BTreeSet<String>,
}

pub(crate) fn no<T>(reason: &str) -> Result<T, No> {
    Err(No {
        reason: reason.to_owned(),
        fields: BTreeSet::new(),
    })
}

pub(crate) fn invalid<T>(fields: impl IntoIterator<Item = String>) -> Result<T, No> {
    Err(No {
        reason: "FIELD_INVALID".to_owned(),
        fields: fields.into_iter().collect(),
    })
}

/// The provider behind a service, as users name it.
pub(crate) fn provider_of(modality: &str, service: &str) -> String {
    if modality == "image" && service == "openai" {
        "dalle".to_owned()
    } else {
        service.to_owned()
    }
}

pub(crate) fn service_of(modality: &str, provider: &str) -> String {
    if modality == "image" && provider == "dalle" {
        "openai".to_owned()
    } else {
        provider.to_owned()
    }
}

pub(crate) const IMAGE_LISTS: [&str; 4] =
    ["image_size", "image_quality", "image_style", "image_format"];

/// The fields of a type, and what it makes.
pub(crate) fn shape(kind: &str) -> Option<(&'static str, &'static [&'static str])> {
    Some(match kind {
        "text_generation" => ("text", &["service"]),
        "openai" | "anthropic" => ("text", &["model", "temperature", "max_tokens"]),
        "image_generation" => ("image", IMAGE_FIELDS),
        "embedding_generation" => ("embedding", &["service", "model"]),
        _ => return None,
    })
}

pub(crate) const IMAGE_FIELDS: &[&str] = &[
    "service",
    "model",
    "image_size",
    "image_quality",
    "image_style",
    "image_format",
    "max_in_article_images",
    "steps",
    "guidance",
];

/// The fields that a call of a modality can give, in the order of answers.
pub(crate) fn call_fields(modality: &str) -> &'static [&'static str] {
    match modality {
        "text" => &["service", "model", "temperature", "max_tokens"],
        "image" => IMAGE_FIELDS,
        _ => &["service", "model"],
    }
}

pub(crate) fn general(modality: &str) -> String {
    format!("{modality}_generation")
}

impl World {
    /// The usable model at the end of a chain of replacements.
    pub(crate) fn usable(&self, id: &str) -> Option<&Model> {
        let mut model = self.models.get(id)?;
        for _ in 0..=self.models.len() {
            if model.active {
                return Some(model);
            }
            model = self.models.get(&model.replacement)?;
        }
        None
    }

    pub(crate) fn has_usable(&self, provider: &str, modality: &str) -> bool {
        self.models
            .values()
            .any(|model| model.active && model.provider == provider && model.modality == modality)
    }

    /// A service that has the modality and ends in a usable model.
    pub(crate) fn serves(&self, modality: &str, service: &str) -> bool {
        let provider = provider_of(modality, service);
        let makes = self.providers.get(&provider);
        makes.is_some_and(|makes| makes.iter().any(|one| one == modality))
            && self.has_usable(&provider, modality)
    }

    pub(crate) fn may_override(plan: &str) -> bool {
        plan != "FREE"
    }

    /// An account that can be viewed and written.
    pub(crate) fn registered(&self, id: i64) -> Result<&Account, No> {
        let found = self.accounts.get(&id).filter(|account| !account.deleted);
        found.map_or_else(|| no("ACCOUNT_NOT_FOUND"), Ok)
    }

    /// An account's row of a type, if it is in force.
    pub(crate) fn row(&self, id: i64, kind: &str) -> Option<&Values> {
        let account = self.accounts.get(&id)?;
        let row = account.rows.get(kind).filter(|row| row.enabled)?;
        Self::may_override(&account.plan).then_some(&row.values)
    }

    pub(crate) fn section(&self, name: &str) -> Option<&Values> {
        self.sections.get(name)
    }
}
