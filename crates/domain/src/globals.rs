//! The global settings: one resource with a section for each type (section 3).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Field, ModelFields};

/// The platform's defaults.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GlobalSettings {
    /// By section: a general type, a text provider or an image provider.
    pub sections: BTreeMap<Arc<str>, ModelFields>,
}

impl GlobalSettings {
    /// The values of a section.
    #[must_use]
    pub fn section(&self, name: &str) -> Option<&ModelFields> {
        self.sections.get(name)
    }
}

/// A change of the global settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GlobalPatch {
    /// The new values.
    pub values: GlobalSettings,
    /// What is taken over, with what is absent cleared; `None`: what is given.
    pub mask: Option<Vec<GlobalPath>>,
}

/// A path in the mask of a change of the global settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GlobalPath {
    /// Everything.
    All,
    /// A section.
    Section(Arc<str>),
    /// A field of a section.
    Field(Arc<str>, Field),
}
