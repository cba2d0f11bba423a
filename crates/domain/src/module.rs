//! Modules of the product, which the platform and each account can switch off (section 7).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::AccountId;

macro_rules! modules {
    ($($(#[$doc:meta])* $module:ident $name:literal;)*) => {
        /// A part of the product that can be switched off.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Module { $($(#[$doc])* $module,)* }

        impl Module {
            /// Every module.
            pub const ALL: &'static [Self] = &[$(Self::$module,)*];

            /// Its name, such as `site_builder`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$module => $name,)* }
            }

            /// The module of a name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$module),)* _ => None }
            }
        }
    };
}

modules! {
    /// Keyword research and content planning.
    Planner "planner";
    /// Writing of content and images.
    Writer "writer";
    /// Analysis and reasoning over content.
    Thinker "thinker";
    /// Scheduled work.
    Automation "automation";
    /// Structures of whole sites.
    SiteBuilder "site_builder";
    /// Links between pages.
    Linker "linker";
    /// Improvement of published content.
    Optimizer "optimizer";
    /// Publishing to other systems.
    Publisher "publisher";
}

/// Switches of modules; what is not in it is on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleSwitches {
    /// Those that are off.
    pub off: BTreeSet<Module>,
}

impl ModuleSwitches {
    /// Whether a module is on.
    #[must_use]
    pub fn is_on(&self, module: Module) -> bool {
        !self.off.contains(&module)
    }

    /// Switches a module.
    pub fn set(&mut self, module: Module, on: bool) {
        if on {
            self.off.remove(&module);
        } else {
            self.off.insert(module);
        }
    }
}

/// An account's own switches; it has none of these if all are on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountModules {
    /// Whose they are.
    pub account_id: AccountId,
    /// The switches.
    #[serde(flatten)]
    pub switches: ModuleSwitches,
}

/// Why a module is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModuleOff {
    /// The platform switched it off, for all.
    Platform,
    /// The account did.
    Account,
}
