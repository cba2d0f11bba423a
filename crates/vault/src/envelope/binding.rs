//! What an envelope is bound to: the row it belongs to, as associated data.

use super::head::{HEAD_BYTES, Kind};
use crate::fields::length_prefixed;

const VALUE_LABEL: &[u8] = b"aiconfig.vault.value.v1";
const DEK_LABEL: &[u8] = b"aiconfig.vault.dek.v1";
const CANARY_LABEL: &[u8] = b"aiconfig.vault.canary.v1";

/// The row of an envelope; each kind has its own label and fields, so that
/// one kind never opens as another.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Binding<'a> {
    Value {
        deployment_id: &'a [u8; 16],
        provider: &'a str,
        key_version: u32,
        origin: &'a str,
    },
    Dek {
        deployment_id: &'a [u8; 16],
        purpose: &'a str,
        version: u32,
    },
    Canary {
        deployment_id: &'a [u8; 16],
        kek_id: &'a [u8; 16],
    },
}

impl Binding<'_> {
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Value { .. } => Kind::Value,
            Self::Dek { .. } => Kind::Dek,
            Self::Canary { .. } => Kind::Canary,
        }
    }

    pub(super) fn associated_data(&self, head: &[u8; HEAD_BYTES]) -> Vec<u8> {
        match *self {
            Self::Value {
                deployment_id,
                provider,
                key_version,
                origin,
            } => length_prefixed(&[
                VALUE_LABEL,
                head,
                deployment_id,
                provider.as_bytes(),
                &key_version.to_be_bytes(),
                origin.as_bytes(),
            ]),
            Self::Dek {
                deployment_id,
                purpose,
                version,
            } => length_prefixed(&[
                DEK_LABEL,
                head,
                deployment_id,
                purpose.as_bytes(),
                &version.to_be_bytes(),
            ]),
            Self::Canary {
                deployment_id,
                kek_id,
            } => length_prefixed(&[CANARY_LABEL, head, deployment_id, kek_id]),
        }
    }
}
