//! MACs of the ring: over the state of a key version, over request bodies and
//! over the records of the audit log.

use subtle::ConstantTimeEq;

use crate::error::VaultError;
use crate::fields::hmac_sha256;
use crate::ring::{Keyring, Purpose};

const STATE_LABEL: &[u8] = b"aiconfig.vault.state.v1";
const BODY_LABEL: &[u8] = b"aiconfig.vault.body.v1";
const AUDIT_LABEL: &[u8] = b"aiconfig.vault.audit.v1";

impl Keyring {
    /// MAC over the state of a key version and the revision of its row, so
    /// that a row edited by hand is noticed: 36 bytes, the version of the data
    /// key and the MAC.
    pub fn state_mac(
        &self,
        provider: &str,
        version: u32,
        state: &str,
        row_revision: u64,
    ) -> Result<Vec<u8>, VaultError> {
        self.make(
            Purpose::State,
            &[
                STATE_LABEL,
                provider.as_bytes(),
                &version.to_be_bytes(),
                state.as_bytes(),
                &row_revision.to_be_bytes(),
            ],
        )
    }

    /// `Damaged` if `mac` is not the one over exactly these fields.
    pub fn verify_state_mac(
        &self,
        provider: &str,
        version: u32,
        state: &str,
        row_revision: u64,
        mac: &[u8],
    ) -> Result<(), VaultError> {
        let fields: [&[u8]; 5] = [
            STATE_LABEL,
            provider.as_bytes(),
            &version.to_be_bytes(),
            state.as_bytes(),
            &row_revision.to_be_bytes(),
        ];
        let subject = || format!("state of key {provider} version {version}");
        self.verify(Purpose::State, &fields, mac, subject)
    }

    /// MAC over the body of a request, to recognise a repeated one. A plain
    /// hash of a body with a key in it would let a guess be tested.
    pub fn body_mac(&self, body: &[u8]) -> Result<[u8; 32], VaultError> {
        let dek = self.active(Purpose::Fingerprint)?;
        Ok(hmac_sha256(dek.secret(), &[BODY_LABEL, body]))
    }

    /// The hash of an audit record, chained to the one before it (empty for
    /// the first): 36 bytes, the version of the data key and the MAC.
    pub fn audit_hash(&self, previous: &[u8], fields: &[&[u8]]) -> Result<Vec<u8>, VaultError> {
        self.make(Purpose::Audit, &audit_fields(previous, fields))
    }

    /// `Damaged` if `hash` is not the one of this record behind `previous`.
    pub fn verify_audit_hash(
        &self,
        previous: &[u8],
        fields: &[&[u8]],
        hash: &[u8],
    ) -> Result<(), VaultError> {
        let fields = audit_fields(previous, fields);
        self.verify(Purpose::Audit, &fields, hash, || "audit record".to_owned())
    }

    fn make(&self, purpose: Purpose, fields: &[&[u8]]) -> Result<Vec<u8>, VaultError> {
        let dek = self.active(purpose)?;
        let mut mac = Vec::with_capacity(36);
        mac.extend_from_slice(&dek.version().to_be_bytes());
        mac.extend_from_slice(&hmac_sha256(dek.secret(), fields));
        Ok(mac)
    }

    fn verify(
        &self,
        purpose: Purpose,
        fields: &[&[u8]],
        stored: &[u8],
        subject: impl Fn() -> String,
    ) -> Result<(), VaultError> {
        let damaged = || VaultError::damaged(subject(), "the MAC does not match");
        let (version, mac) = stored.split_first_chunk::<4>().ok_or_else(damaged)?;
        let dek = self.version(purpose, u32::from_be_bytes(*version))?;
        if hmac_sha256(dek.secret(), fields).ct_eq(mac).into() {
            Ok(())
        } else {
            Err(damaged())
        }
    }
}

fn audit_fields<'a>(previous: &'a [u8], fields: &[&'a [u8]]) -> Vec<&'a [u8]> {
    let mut all = Vec::with_capacity(2 + fields.len());
    all.extend([AUDIT_LABEL, previous]);
    all.extend_from_slice(fields);
    all
}
