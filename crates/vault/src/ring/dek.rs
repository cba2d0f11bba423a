//! Data keys: what they are for, the states they pass through, and the
//! wrapped form that is stored.

use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret, ExposeSecretMut, SecretBox};
use zeroize::ZeroizeOnDrop;

use super::DeploymentId;
use crate::envelope::{self, Binding, EnvelopeFault, EnvelopeKey, Opener};
use crate::error::VaultError;
use crate::fields::{Secret32, key_id};
use crate::kek::{Kek, KekId};
use crate::random::RandomSource;

const DEK_ID_LABEL: &[u8] = b"aiconfig.vault.dek-id.v1";

/// What a data key is for. Keys of one purpose are used for no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// Seals provider keys and the canary.
    Value,
    /// Fingerprints of provider keys and hashes of request bodies.
    Fingerprint,
    /// MACs over the state of key versions.
    State,
    /// The hash chain of the audit log.
    Audit,
}

impl Purpose {
    /// Every purpose, each of which has an active key in a sound ring.
    pub const ALL: [Self; 4] = [Self::Value, Self::Fingerprint, Self::State, Self::Audit];

    /// The stored name, in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Fingerprint => "fingerprint",
            Self::State => "state",
            Self::Audit => "audit",
        }
    }

    pub(super) fn subject(self) -> String {
        format!("ring, purpose {}", self.as_str())
    }
}

impl FromStr for Purpose {
    type Err = VaultError;

    /// Reads a stored name; `Damaged` for any other text.
    fn from_str(name: &str) -> Result<Self, VaultError> {
        Self::ALL
            .into_iter()
            .find(|purpose| purpose.as_str() == name)
            .ok_or_else(|| VaultError::damaged("ring", "unknown purpose"))
    }
}

/// The life of a data key, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DekState {
    /// Known to every replica before it is used; already opens.
    Pending,
    /// Seals and opens; one for each purpose.
    Active,
    /// Opens what it sealed before.
    OpenOnly,
    /// Opens nothing, but is still there.
    Disabled,
    /// Its wrapped bytes are gone.
    Destroyed,
}

impl DekState {
    const ALL: [Self; 5] = [
        Self::Pending,
        Self::Active,
        Self::OpenOnly,
        Self::Disabled,
        Self::Destroyed,
    ];

    /// The stored name, in lower case with hyphens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::OpenOnly => "open-only",
            Self::Disabled => "disabled",
            Self::Destroyed => "destroyed",
        }
    }

    /// Whether a key in this state opens and verifies.
    #[must_use]
    pub const fn opens(self) -> bool {
        matches!(self, Self::Pending | Self::Active | Self::OpenOnly)
    }

    /// Whether a key in this state still has its wrapped bytes.
    #[must_use]
    pub const fn is_kept(self) -> bool {
        !matches!(self, Self::Destroyed)
    }

    /// The state that follows in the life of a key.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        match self {
            Self::Pending => Some(Self::Active),
            Self::Active => Some(Self::OpenOnly),
            Self::OpenOnly => Some(Self::Disabled),
            Self::Disabled => Some(Self::Destroyed),
            Self::Destroyed => None,
        }
    }

    /// Whether a key in this state makes new bytes.
    #[must_use]
    pub const fn seals(self) -> bool {
        matches!(self, Self::Active)
    }
}

impl FromStr for DekState {
    type Err = VaultError;

    /// Reads a stored name; `Damaged` for any other text.
    fn from_str(name: &str) -> Result<Self, VaultError> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == name)
            .ok_or_else(|| VaultError::damaged("ring", "unknown state of a key"))
    }
}

/// One row of the ring, as stored.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedDek {
    /// What the key is for.
    pub purpose: Purpose,
    /// Counts up from 1 within a purpose.
    pub version: u32,
    /// Where it stands in its life.
    pub state: DekState,
    /// The key-encryption key that wraps it.
    pub kek_id: KekId,
    /// The envelope (kind 2); empty once destroyed.
    pub wrapped: Vec<u8>,
}

impl fmt::Display for WrappedDek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ring row {} {}", self.purpose.as_str(), self.version)
    }
}

// By hand, so that sealed bytes do not reach a log.
impl fmt::Debug for WrappedDek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WrappedDek")
            .field("purpose", &self.purpose)
            .field("version", &self.version)
            .field("state", &self.state)
            .field("kek_id", &self.kek_id)
            .finish_non_exhaustive()
    }
}

/// An open data key.
pub(crate) struct Dek {
    purpose: Purpose,
    version: u32,
    id: [u8; 16],
    secret: Secret32,
}

// The only secret field is a `SecretBox`, which wipes itself.
impl ZeroizeOnDrop for Dek {}

impl Dek {
    pub(super) fn generate(purpose: Purpose, version: u32, random: &dyn RandomSource) -> Self {
        let secret = SecretBox::init_with_mut(|bytes: &mut [u8; 32]| random.fill(bytes));
        Self::new(purpose, version, secret)
    }

    fn new(purpose: Purpose, version: u32, secret: Secret32) -> Self {
        Self {
            purpose,
            version,
            id: key_id(&secret, DEK_ID_LABEL),
            secret,
        }
    }

    pub(super) fn wrap(
        &self,
        deployment_id: &DeploymentId,
        kek: &Kek,
        state: DekState,
        random: &dyn RandomSource,
    ) -> Result<WrappedDek, VaultError> {
        let binding = Binding::Dek {
            deployment_id,
            purpose: self.purpose.as_str(),
            version: self.version,
        };
        let key = self.secret.expose_secret();
        let wrapped = envelope::seal(&kek.envelope_key(), &binding, key, random)
            .map_err(|fault| VaultError::damaged(self.purpose.subject(), fault))?;
        Ok(WrappedDek {
            purpose: self.purpose,
            version: self.version,
            state,
            kek_id: kek.id(),
            wrapped,
        })
    }

    pub(super) fn unwrap(
        deployment_id: &DeploymentId,
        kek: &Kek,
        row: &WrappedDek,
    ) -> Result<Self, VaultError> {
        let binding = Binding::Dek {
            deployment_id,
            purpose: row.purpose.as_str(),
            version: row.version,
        };
        let mut secret = Secret32::default();
        Opener::new(&kek.envelope_key(), &binding, &row.wrapped)
            .and_then(|opener| {
                opener.open(|value| {
                    let bytes = secret.expose_secret_mut();
                    let fits = value.len() == bytes.len();
                    if fits {
                        bytes.copy_from_slice(value);
                    }
                    fits.then_some(()).ok_or(EnvelopeFault::Length)
                })?
            })
            .map_err(|fault| VaultError::damaged(row, fault))?;
        Ok(Self::new(row.purpose, row.version, secret))
    }

    pub(crate) const fn version(&self) -> u32 {
        self.version
    }

    pub(crate) const fn secret(&self) -> &Secret32 {
        &self.secret
    }

    pub(crate) const fn envelope_key(&self) -> EnvelopeKey<'_> {
        EnvelopeKey {
            secret: &self.secret,
            id: self.id,
            version: self.version,
        }
    }
}
