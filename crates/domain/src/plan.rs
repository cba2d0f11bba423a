//! The four plans and the one table of what each may do (plans and accounts, section 1).

use serde::{Deserialize, Serialize};

/// A tenant's plan. There are exactly four.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// Uses the platform's settings as they are.
    Free,
    /// May override models and parameters.
    Starter,
    /// May override models and parameters.
    Growth,
    /// May override models and parameters.
    Scale,
}

/// What a plan may do. Reading, removing and toggling modules is open to every plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanRules {
    /// Whether it may set or switch on integration settings, and give values in a call.
    pub may_override: bool,
    /// One sentence for `ListPlans` and error messages.
    pub summary: &'static str,
}

impl Plan {
    /// Every plan, from the smallest.
    pub const ALL: [Self; 4] = [Self::Free, Self::Starter, Self::Growth, Self::Scale];

    /// What this plan may do: the only place where plans differ.
    #[must_use]
    pub const fn rules(self) -> PlanRules {
        match self {
            Self::Free => PlanRules {
                may_override: false,
                summary: "Uses the platform's models and parameters; may override nothing.",
            },
            Self::Starter | Self::Growth | Self::Scale => PlanRules {
                may_override: true,
                summary: "May override models and parameters per account, never keys.",
            },
        }
    }

    /// The name on the wire, such as `FREE`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Free => "FREE",
            Self::Starter => "STARTER",
            Self::Growth => "GROWTH",
            Self::Scale => "SCALE",
        }
    }

    /// Reads a plan's name or slug, in any case. Anything but the four is `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|plan| plan.as_str().eq_ignore_ascii_case(text))
    }
}
