//! Derives the key of one envelope and the commitment to it.
//!
//! A Poly1305 cipher does not commit to its key: a ciphertext can be made that
//! opens under two keys. The commitment, checked first, rules that out.

use chacha20poly1305::{Key, KeyInit, XChaCha20Poly1305};
use hkdf::Hkdf;
use secrecy::ExposeSecret;
use sha2::Sha512;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::EnvelopeFault;
use super::head::Head;
use crate::fields::Secret32;

const KEY_LABEL: &[u8] = b"aiconfig.vault.record-key.v1";
const COMMITMENT_LABEL: &[u8] = b"aiconfig.vault.commitment.v1";

pub(super) struct RecordKey {
    pub(super) cipher: XChaCha20Poly1305,
    pub(super) commitment: [u8; 32],
}

impl RecordKey {
    /// HKDF-SHA-512 of the key with the envelope's salt, expanded with a label
    /// and the names in the head (its first 28 bytes).
    pub(super) fn derive(key: &Secret32, head: &Head) -> Result<Self, EnvelopeFault> {
        let hkdf = Hkdf::<Sha512>::new(Some(&head.salt), key.expose_secret());
        let names = head.names();
        let mut record_key = Zeroizing::new([0; 32]);
        let mut commitment = [0; 32];
        hkdf.expand_multi_info(&[KEY_LABEL, &names], &mut *record_key)
            .map_err(|_| EnvelopeFault::Length)?;
        hkdf.expand_multi_info(&[COMMITMENT_LABEL, &names], &mut commitment)
            .map_err(|_| EnvelopeFault::Length)?;
        let cipher_key: &Key = (&*record_key).into();
        Ok(Self {
            cipher: XChaCha20Poly1305::new(cipher_key),
            commitment,
        })
    }

    pub(super) fn is_committed_to(&self, stored: &[u8; 32]) -> bool {
        self.commitment.ct_eq(stored).into()
    }
}
