//! A sealed known text, stored beside the ring: it shows at start that the
//! key-encryption key, the ring and the deployment belong together.

use super::{Keyring, Purpose};
use crate::envelope::{self, Binding, Head, Opener};
use crate::error::VaultError;
use crate::kek::KekId;
use crate::random::RandomSource;

const CANARY_TEXT: &[u8] = b"aiconfig vault canary";

impl Keyring {
    /// Makes the canary envelope (kind 3) with the active value key, bound to
    /// the key-encryption key that wraps it, whose id comes with it.
    /// `KeyUnavailable` if degraded.
    pub fn seal_canary(&self, random: &dyn RandomSource) -> Result<(KekId, Vec<u8>), VaultError> {
        let dek = self.active(Purpose::Value)?;
        let kek_id = self.wrapping_kek(dek.version())?;
        let sealed = envelope::seal(
            &dek.envelope_key(),
            &self.canary_binding(&kek_id),
            CANARY_TEXT,
            random,
        );
        let sealed = sealed.map_err(|fault| VaultError::damaged("canary", fault))?;
        Ok((kek_id, sealed))
    }

    /// Opens the canary and compares its text; `Damaged` if it is not ours.
    pub fn check_canary(&self, canary: &[u8]) -> Result<(), VaultError> {
        let head = Head::parse(canary).map_err(|fault| VaultError::damaged("canary", fault))?;
        let dek = self.version(Purpose::Value, head.key_version)?;
        let kek_id = self.wrapping_kek(head.key_version)?;
        let same = Opener::new(&dek.envelope_key(), &self.canary_binding(&kek_id), canary)
            .and_then(|opener| opener.open(|text| text == CANARY_TEXT))
            .map_err(|fault| VaultError::damaged("canary", fault))?;
        if same {
            Ok(())
        } else {
            Err(VaultError::damaged("canary", "the text is another one"))
        }
    }

    fn wrapping_kek(&self, version: u32) -> Result<KekId, VaultError> {
        let purpose = Purpose::Value;
        self.slots
            .get(&(purpose, version))
            .map(|slot| slot.kek_id)
            .ok_or(VaultError::UnknownVersion { purpose, version })
    }

    fn canary_binding<'a>(&'a self, kek_id: &'a KekId) -> Binding<'a> {
        Binding::Canary {
            deployment_id: &self.deployment_id,
            kek_id: kek_id.as_bytes(),
        }
    }
}
