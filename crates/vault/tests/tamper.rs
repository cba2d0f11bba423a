//! What was changed, cut or moved does not open: every bit, every length.
#![cfg(test)]

use aiconfig_vault::error::VaultError;
use aiconfig_vault::kek::{Kek, KekSet};
use aiconfig_vault::key::{KeyContext, SealedKey};
use aiconfig_vault::random::SeededRandom;
use aiconfig_vault::ring::{DeploymentId, Keyring, Purpose, WrappedDek};
use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};

const DEPLOYMENT: DeploymentId = [1; 16];
const CONTEXT: KeyContext<'static> = KeyContext {
    provider: "openai",
    version: 3,
    origin: "https://api.openai.com",
};

fn keks() -> KekSet {
    KekSet::new(Kek::generate(&SeededRandom::new(1)), Vec::new())
}

fn ring() -> (Keyring, Vec<WrappedDek>) {
    Keyring::create(DEPLOYMENT, &keks(), &SeededRandom::new(2)).unwrap()
}

fn open(ring: &Keyring, context: &KeyContext<'_>, envelope: &[u8]) -> Result<String, VaultError> {
    SealedKey::prepare(ring, context, envelope)?
        .open()
        .map(|key| key.expose_secret().to_owned())
}

/// Every single flipped bit, every cut and one byte too many.
fn every_change(envelope: &[u8], accepts: impl Fn(&[u8]) -> bool) {
    assert!(accepts(envelope));
    for bit in 0..envelope.len() * 8 {
        let mut changed = envelope.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!accepts(&changed), "bit {bit}");
    }
    for length in 0..envelope.len() {
        assert!(!accepts(&envelope[..length]), "cut at {length}");
        assert!(!accepts(&envelope[length + 1..]), "begun after {length}");
    }
    assert!(!accepts(&[envelope, &[0]].concat()));
    assert!(!accepts(&[envelope, &[0; 256]].concat()));
}

#[test]
fn every_change_of_a_sealed_key_is_refused() {
    let (ring, _) = ring();
    for length in [40, 300] {
        let key = SecretString::from("k".repeat(length));
        let envelope = ring
            .seal_key(&CONTEXT, &key, &SeededRandom::new(3))
            .unwrap();
        every_change(&envelope, |bytes| open(&ring, &CONTEXT, bytes).is_ok());
    }
}

#[test]
fn every_change_of_a_wrapped_data_key_is_refused() {
    let (_, rows) = ring();
    let keks = keks();
    every_change(&rows[0].wrapped, |bytes| {
        let mut rows = rows.clone();
        rows[0].wrapped = bytes.to_vec();
        Keyring::open(DEPLOYMENT, &keks, &rows).check().is_ok()
    });
}

#[test]
fn every_change_of_the_canary_is_refused() {
    let (ring, _) = ring();
    let (_, canary) = ring.seal_canary(&SeededRandom::new(3)).unwrap();
    every_change(&canary, |bytes| ring.check_canary(bytes).is_ok());
}

#[test]
fn a_moved_key_does_not_open() {
    let (ring, rows) = ring();
    let key = SecretString::from("sk-0123456789");
    let envelope = ring
        .seal_key(&CONTEXT, &key, &SeededRandom::new(3))
        .unwrap();
    let moved = [
        KeyContext {
            provider: "anthropic",
            ..CONTEXT
        },
        KeyContext {
            version: 4,
            ..CONTEXT
        },
        KeyContext {
            origin: "https://api.openai.com:444",
            ..CONTEXT
        },
        KeyContext {
            origin: "",
            ..CONTEXT
        },
        // The same text, split elsewhere.
        KeyContext {
            provider: "openaih",
            origin: "ttps://api.openai.com",
            ..CONTEXT
        },
    ];
    for context in moved {
        let refused = open(&ring, &context, &envelope);
        assert!(
            matches!(refused, Err(VaultError::Damaged { .. })),
            "{context:?}"
        );
    }
    // Another deployment with the very same keys: its ring does not open.
    let refused = Keyring::open([2; 16], &keks(), &rows).check();
    assert!(matches!(refused, Err(VaultError::Damaged { .. })));
}

#[test]
fn one_kind_does_not_open_as_another() {
    let (ring, rows) = ring();
    let random = SeededRandom::new(3);
    let (_, canary) = ring.seal_canary(&random).unwrap();
    let key = ring.seal_key(
        &CONTEXT,
        &SecretString::from("aiconfig vault canary"),
        &random,
    );
    assert!(ring.check_canary(&key.unwrap()).is_err());
    assert!(open(&ring, &CONTEXT, &canary).is_err());
    assert!(open(&ring, &CONTEXT, &rows[0].wrapped).is_err());
    assert!(ring.check_canary(&rows[0].wrapped).is_err());
}

#[test]
fn a_key_of_another_ring_is_refused_by_name() {
    let (ring, _) = ring();
    let (other, _) = Keyring::create(DEPLOYMENT, &keks(), &SeededRandom::new(9)).unwrap();
    let key = SecretString::from("sk-0123456789");
    let envelope = other
        .seal_key(&CONTEXT, &key, &SeededRandom::new(3))
        .unwrap();
    let refused = open(&ring, &CONTEXT, &envelope).unwrap_err().to_string();
    assert_eq!(
        refused,
        "stored data is damaged: key openai version 3: the envelope names another key"
    );
    // With the right name written over it, the commitment gives it away.
    let mut renamed = envelope.clone();
    let own = ring
        .seal_key(&CONTEXT, &key, &SeededRandom::new(3))
        .unwrap();
    renamed[12..28].copy_from_slice(&own[12..28]);
    let refused = open(&ring, &CONTEXT, &renamed).unwrap_err().to_string();
    assert!(
        refused.ends_with("not sealed with the key that it names"),
        "{refused}"
    );
}

#[test]
fn rows_of_the_ring_that_changed_places_are_refused() {
    let (_, rows) = ring();
    let mut swapped = rows.clone();
    swapped[0].purpose = Purpose::Audit;
    swapped[3].purpose = Purpose::Value;
    let mut renumbered = rows;
    renumbered[0].version = 2;
    for rows in [swapped, renumbered] {
        let refused = Keyring::open(DEPLOYMENT, &keks(), &rows).check();
        assert!(matches!(refused, Err(VaultError::Damaged { .. })));
    }
}

#[test]
fn a_value_that_does_not_fit_is_refused() {
    let (ring, _) = ring();
    let random = SeededRandom::new(3);
    let longest = "k".repeat(65_535);
    let envelope = ring.seal_key(&CONTEXT, &SecretString::from(longest.as_str()), &random);
    assert_eq!(open(&ring, &CONTEXT, &envelope.unwrap()).unwrap(), longest);
    let refused = ring.seal_key(&CONTEXT, &SecretString::from("k".repeat(65_536)), &random);
    assert_eq!(
        refused,
        Err(VaultError::ValueTooLong {
            bytes: 65_536,
            limit: 65_535
        })
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_sealed_opens_in_its_row_alone(
        key in "\\PC{1,400}",
        provider in "[a-z]{1,12}",
        origin in "https://[a-z.]{1,20}",
        version in 0_u32..,
        seed: u64,
    ) {
        let (ring, _) = ring();
        let context = KeyContext { provider: &provider, version, origin: &origin };
        let secret = SecretString::from(key.as_str());
        let envelope = ring.seal_key(&context, &secret, &SeededRandom::new(seed)).unwrap();
        prop_assert_eq!((envelope.len() - 132) % 256, 0);
        prop_assert_eq!(open(&ring, &context, &envelope), Ok(key));
        let next = KeyContext { version: version.wrapping_add(1), ..context };
        prop_assert!(open(&ring, &next, &envelope).is_err());
    }

    #[test]
    fn arbitrary_bytes_never_open(bytes in prop::collection::vec(any::<u8>(), 0..700)) {
        let (ring, _) = ring();
        prop_assert!(open(&ring, &CONTEXT, &bytes).is_err());
        prop_assert!(ring.check_canary(&bytes).is_err());
    }
}
