//! Which models stand for which, and what names them.

use std::sync::Arc;

use crate::{
    GlobalPrompt, Modality, Model, ModelId, ModelStatus, PromptType, PromptVersion, ProviderName,
    Reason, Rejection, Snapshot,
};

impl Snapshot {
    /// The default model of a provider and modality, whatever its state.
    #[must_use]
    pub fn default_model(&self, provider: &ProviderName, modality: Modality) -> Option<&Model> {
        let mut defaults = self.defaults.values().map(|model| &model.value);
        defaults.find(|model| model.modality == modality && model.provider == *provider)
    }

    /// What is used where a model is named: itself if active, else the end of its replacements.
    #[must_use]
    pub fn usable<'a>(&'a self, model: &'a Model) -> Option<&'a Model> {
        let mut at = model;
        // Chains have no loops; the bound holds even if a stored one had.
        for _ in 0..=self.models.len() {
            if at.active {
                return Some(at);
            }
            at = &self.model(at.replacement.as_ref()?.as_str())?.value;
        }
        None
    }

    /// Whether a model is usable, retired or inactive (section 7).
    #[must_use]
    pub fn model_status(&self, model: &Model) -> ModelStatus {
        match self.usable(model) {
            Some(_) if model.active => ModelStatus::Usable,
            Some(_) => ModelStatus::Retired,
            None => ModelStatus::Inactive,
        }
    }

    /// Whether a provider has a usable model of a modality.
    #[must_use]
    pub fn has_usable_model(&self, provider: &ProviderName, modality: Modality) -> bool {
        self.models().any(|model| {
            let model = &model.value;
            model.active && model.provider == *provider && model.modality == modality
        })
    }

    /// Models that rows of accounts name, with the number of those rows.
    pub(crate) fn named_by_accounts(&self) -> impl Iterator<Item = (&str, &i64)> {
        self.named_by_accounts
            .iter()
            .map(|(id, rows)| (&**id, rows))
            .filter(|(_, rows)| **rows > 0)
    }

    /// Where a model is named.
    #[must_use]
    pub fn uses_of(&self, model: &ModelId) -> ModelUses {
        let named = |value: &Option<Arc<str>>| value.as_deref() == Some(model.as_str());
        let functions = self
            .functions()
            .filter(|function| named(&function.value.defaults.model));
        let sections = self
            .globals()
            .into_iter()
            .flat_map(|globals| &globals.value.sections);
        let replaced = self
            .models()
            .filter(|other| other.value.replacement.as_ref() == Some(model));
        let rows = self.named_by_accounts.get(model.as_str());
        ModelUses {
            account_rows: rows.copied().unwrap_or(0),
            functions: functions.map(|f| f.value.name.to_string()).collect(),
            sections: sections
                .filter(|(_, fields)| named(&fields.model))
                .map(|(name, _)| name.to_string())
                .collect(),
            replacements: replaced.map(|m| m.value.model_id.to_string()).collect(),
        }
    }

    /// Refuses a prompt type that never was one.
    ///
    /// # Errors
    /// [`Reason::PromptNotFound`].
    pub fn known_prompt(&self, prompt_type: &PromptType) -> Result<(), Rejection> {
        match self.prompt_versions(prompt_type).next() {
            Some(_) => Ok(()),
            None => Err(Rejection::prompt_not_found(prompt_type)),
        }
    }

    /// A version of a prompt type.
    ///
    /// # Errors
    /// [`Reason::PromptNotFound`], [`Reason::PromptVersionNotFound`].
    pub fn known_version(
        &self,
        prompt_type: &PromptType,
        version: u32,
    ) -> Result<&PromptVersion, Rejection> {
        self.known_prompt(prompt_type)?;
        let found = self.prompt_version(prompt_type, version);
        found.map(|stored| &stored.value).ok_or_else(|| {
            let message = format!("prompt {prompt_type} has no version {version}");
            Rejection::new(Reason::PromptVersionNotFound, message)
                .with("version", version.to_string())
                .about("GlobalPrompt", prompt_type.as_str())
        })
    }

    /// The library's prompt of a type, for what is based on it.
    ///
    /// # Errors
    /// [`Reason::PromptNotFound`], [`Reason::PromptInactive`].
    pub fn active_prompt(&self, prompt_type: &PromptType) -> Result<&GlobalPrompt, Rejection> {
        self.known_prompt(prompt_type)?;
        let global = self.global_prompt(prompt_type.as_str());
        let active = global
            .map(|stored| &stored.value)
            .filter(|global| global.active);
        active.ok_or_else(|| {
            let message = format!("the library has no active prompt {prompt_type} at present");
            Rejection::new(Reason::PromptInactive, message)
                .about("GlobalPrompt", prompt_type.as_str())
        })
    }

    /// Where a prompt type is named.
    #[must_use]
    pub fn uses_of_prompt(&self, prompt_type: &PromptType) -> PromptUses {
        let functions = self.functions().map(|function| &function.value);
        let naming = functions.filter(|function| {
            let mut named = function.prompt_types.iter();
            named.any(|name| name == prompt_type.as_str())
        });
        let strategies = self.library_strategies().map(|item| &item.value);
        let using = strategies.filter(|item| item.content.prompt_types.contains(prompt_type));
        PromptUses {
            functions: naming.map(|function| function.name.to_string()).collect(),
            strategies: using.map(|item| item.content.name.clone()).collect(),
            account_strategies: self
                .named_by_strategies
                .get(prompt_type)
                .copied()
                .unwrap_or(0),
        }
    }
}

/// Where a prompt type is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PromptUses {
    /// Functions that use it.
    pub functions: Vec<String>,
    /// Names of the library's strategies that use it.
    pub strategies: Vec<String>,
    /// How many strategies of accounts use it.
    pub account_strategies: i64,
}

impl PromptUses {
    /// Each kind of place with its names or count; those without any are left out.
    #[must_use]
    pub fn by_kind(&self) -> Vec<(&'static str, String)> {
        let rows = self.account_strategies;
        let rows = (rows > 0).then(|| rows.to_string());
        let list = |names: &[String]| (!names.is_empty()).then(|| names.join(", "));
        [
            ("functions", list(&self.functions)),
            ("strategies", list(&self.strategies)),
            ("account_strategies", rows),
        ]
        .into_iter()
        .filter_map(|(kind, what)| Some((kind, what?)))
        .collect()
    }
}

/// Where a model is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelUses {
    /// How many rows of accounts.
    pub account_rows: i64,
    /// Functions with it as their default.
    pub functions: Vec<String>,
    /// Sections of the global settings.
    pub sections: Vec<String>,
    /// Models that it replaces.
    pub replacements: Vec<String>,
}

impl ModelUses {
    /// How many in all.
    #[must_use]
    pub fn total(&self) -> i64 {
        let named = self.functions.len() + self.sections.len() + self.replacements.len();
        self.account_rows + i64::try_from(named).unwrap_or(i64::MAX)
    }

    /// Each kind of place with its names or count; those without any are left out.
    #[must_use]
    pub fn by_kind(&self) -> Vec<(&'static str, String)> {
        let rows = (self.account_rows > 0).then(|| self.account_rows.to_string());
        let list = |names: &[String]| (!names.is_empty()).then(|| names.join(", "));
        [
            ("account_rows", rows),
            ("functions", list(&self.functions)),
            ("sections", list(&self.sections)),
            ("replacements", list(&self.replacements)),
        ]
        .into_iter()
        .filter_map(|(kind, what)| Some((kind, what?)))
        .collect()
    }
}
