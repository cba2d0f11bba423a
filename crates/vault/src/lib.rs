//! Keyring, envelopes, key versions, fingerprints and masks.
//!
//! The crate has no database and no network: rows come in as plain data and
//! go out as plain data. Randomness is passed in, and nothing here reads the
//! environment or the clock. The byte format is in `docs/vault-format.md`.
#![forbid(unsafe_code)]

mod envelope;
pub mod error;
mod fields;
pub mod kek;
pub mod key;
mod mac;
pub mod random;
pub mod ring;
pub mod token;
mod wiped;
