//! Versions of a provider's key, without the key: where each stands in its life.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{ProviderName, Timestamp};

/// Where a key version stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Added, or put back by a rollback.
    Standby,
    /// The one that is released.
    Primary,
    /// A former primary, ready for a rollback.
    Retired,
    /// Withdrawn for good.
    Revoked,
    /// Erased; only these facts about it remain.
    Destroyed,
}

impl KeyState {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Standby,
        Self::Primary,
        Self::Retired,
        Self::Revoked,
        Self::Destroyed,
    ];

    /// The name in upper case, such as `STANDBY`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standby => "STANDBY",
            Self::Primary => "PRIMARY",
            Self::Retired => "RETIRED",
            Self::Revoked => "REVOKED",
            Self::Destroyed => "DESTROYED",
        }
    }

    /// Whether versions in this state leave a fallback in force.
    #[must_use]
    pub const fn allows_fallback(self) -> bool {
        matches!(self, Self::Standby | Self::Destroyed)
    }
}

/// A keyed fingerprint: 32 lower-case hexadecimal digits, of which 16 are shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct KeyFingerprint(String);

impl KeyFingerprint {
    /// The fingerprint, if the text is 32 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        (text.len() == 32 && digits).then(|| Self(text.into()))
    }

    /// All 32 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 16 digits, which people see and give back.
    #[must_use]
    pub fn shown(&self) -> &str {
        self.0.get(..16).unwrap_or(&self.0)
    }
}

impl TryFrom<String> for KeyFingerprint {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a fingerprint is 32 lower-case hexadecimal digits")
    }
}

/// One version of a provider's key, without the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderKey {
    /// The provider.
    pub provider: ProviderName,
    /// Counted from 1 for each provider.
    pub version: u32,
    /// Where it stands.
    pub state: KeyState,
    /// What may be shown of the key, such as `sk-…a1b2`.
    pub mask: String,
    /// Its keyed fingerprint.
    pub fingerprint: KeyFingerprint,
    /// The origin that it may be sent to.
    pub origin: String,
    /// Rises with each retirement at the provider; 0 if it was never retired. Times could tie.
    #[serde(default)]
    pub retire_order: u64,
    /// When it last became primary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promote_time: Option<Timestamp>,
    /// When it last stopped being primary by a promotion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retire_time: Option<Timestamp>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoke_time: Option<Timestamp>,
    /// When it was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destroy_time: Option<Timestamp>,
}

/// Which releases of keys are stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyFreeze {
    /// Whether all are.
    #[serde(default)]
    pub all: bool,
    /// The providers whose are.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub providers: BTreeSet<ProviderName>,
}

impl KeyFreeze {
    /// Whether releases of a provider's keys are stopped.
    #[must_use]
    pub fn stops(&self, provider: &ProviderName) -> bool {
        self.all || self.providers.contains(provider)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_32_hexadecimal_digits() {
        let print = KeyFingerprint::parse("0123456789abcdef0123456789abcdef").unwrap();
        assert_eq!(print.shown(), "0123456789abcdef");
        for bad in [
            "",
            "0123",
            "0123456789ABCDEF0123456789ABCDEF",
            "g123456789abcdef0123456789abcdef",
        ] {
            assert_eq!(KeyFingerprint::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_freeze_stops_one_or_all() {
        let [openai, other] = ["openai", "other"].map(|name| ProviderName::parse(name).unwrap());
        let freeze = KeyFreeze {
            all: false,
            providers: BTreeSet::from([openai.clone()]),
        };
        assert!(freeze.stops(&openai) && !freeze.stops(&other));
        assert!(
            KeyFreeze {
                all: true,
                ..KeyFreeze::default()
            }
            .stops(&other)
        );
    }
}
