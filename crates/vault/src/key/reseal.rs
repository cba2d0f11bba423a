//! Moves a sealed provider key from a former data key to the active one.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::KeyContext;
use crate::envelope::{self, Head, Opener};
use crate::error::VaultError;
use crate::random::RandomSource;
use crate::ring::{Dek, Keyring, Purpose};

/// The version of the data key that an envelope names; `Damaged` if it has no
/// readable head.
pub fn sealed_under(context: &KeyContext<'_>, envelope: &[u8]) -> Result<u32, VaultError> {
    let head = Head::parse(envelope).map_err(|fault| VaultError::damaged(context, fault))?;
    Ok(head.key_version)
}

impl Keyring {
    /// The version of the data key that seals provider keys now.
    pub fn sealing_version(&self) -> Result<u32, VaultError> {
        self.active(Purpose::Value).map(Dek::version)
    }

    /// Opens an envelope of this row, seals its value with the active key, opens
    /// that and compares; `None` if the active key seals it already. `Damaged` if
    /// it does not open.
    pub fn reseal_key(
        &self,
        context: &KeyContext<'_>,
        envelope: &[u8],
        random: &dyn RandomSource,
    ) -> Result<Option<Vec<u8>>, VaultError> {
        let damaged = |fault| VaultError::damaged(context, fault);
        let active = self.active(Purpose::Value)?;
        let version = sealed_under(context, envelope)?;
        if version == active.version() {
            return Ok(None);
        }
        let former = self.version(Purpose::Value, version)?;
        let binding = context.binding(self);
        let value = Opener::new(&former.envelope_key(), &binding, envelope)
            .and_then(|opener| opener.open(|value| Zeroizing::new(value.to_vec())))
            .map_err(damaged)?;
        let key = active.envelope_key();
        let sealed = envelope::seal(&key, &binding, &value, random).map_err(damaged)?;
        let same = Opener::new(&key, &binding, &sealed)
            .and_then(|opener| opener.open(|again| again.ct_eq(&value)))
            .map_err(damaged)?;
        if same.into() {
            Ok(Some(sealed))
        } else {
            Err(VaultError::damaged(context, "another value came out of it"))
        }
    }
}
