//! Rings and sealed keys while keys are rotated, with what a server has open already.
#![cfg(test)]

use aiconfig_vault::error::VaultError;
use aiconfig_vault::kek::{Kek, KekSet};
use aiconfig_vault::key::{KeyContext, SealedKey, sealed_under};
use aiconfig_vault::random::SeededRandom;
use aiconfig_vault::ring::{DekState, DeploymentId, Keyring, Purpose, WrappedDek};
use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};

const DEPLOYMENT: DeploymentId = [1; 16];
const CONTEXT: KeyContext<'static> = KeyContext {
    provider: "openai",
    version: 1,
    origin: "https://api.openai.com",
};

fn kek(seed: u64) -> Kek {
    Kek::generate(&SeededRandom::new(seed))
}

fn keks(primary: u64, open_only: &[u64]) -> KekSet {
    KekSet::new(
        kek(primary),
        open_only.iter().map(|seed| kek(*seed)).collect(),
    )
}

fn created() -> (Keyring, Vec<WrappedDek>) {
    Keyring::create(DEPLOYMENT, &keks(1, &[]), &SeededRandom::new(5)).unwrap()
}

fn sealed(ring: &Keyring, secret: &str) -> Vec<u8> {
    let secret = SecretString::from(secret);
    ring.seal_key(&CONTEXT, &secret, &SeededRandom::new(6))
        .unwrap()
}

fn opened(ring: &Keyring, envelope: &[u8]) -> Result<String, VaultError> {
    let key = SealedKey::prepare(ring, &CONTEXT, envelope)?.open()?;
    Ok(key.expose_secret().to_owned())
}

/// The rows with a second value key, which is active now.
fn with_second(rows: &[WrappedDek], keks: &KekSet) -> Vec<WrappedDek> {
    let place = (Purpose::Value, 2);
    let new = WrappedDek::generate(&DEPLOYMENT, place, keks, &SeededRandom::new(7)).unwrap();
    let mut rows = rows.to_vec();
    rows[0] = rows[0].clone().into_state(DekState::OpenOnly).unwrap();
    rows.push(new.into_state(DekState::Active).unwrap());
    rows
}

#[test]
fn a_rewrapped_ring_opens_what_the_former_sealed() {
    let (ring, rows) = created();
    let envelope = sealed(&ring, "sk-test-1");
    let mac = ring.state_mac("openai", 1, "primary", 1).unwrap();
    let print = ring.fingerprint("openai", &"sk-test-1".into()).unwrap();
    let both = keks(2, &[1]);
    let random = SeededRandom::new(8);
    let rewrap = |row: &WrappedDek| row.rewrap(&DEPLOYMENT, &both, &random).unwrap().unwrap();
    let moved: Vec<_> = rows.iter().map(rewrap).collect();
    for row in &moved {
        assert_eq!(row.kek_id, kek(2).id());
    }
    let ring = Keyring::open(DEPLOYMENT, &keks(2, &[]), &moved);
    assert_eq!(ring.check(), Ok(()));
    assert_eq!(opened(&ring, &envelope).unwrap(), "sk-test-1");
    ring.verify_state_mac("openai", 1, "primary", 1, &mac)
        .unwrap();
    assert_eq!(
        ring.fingerprint("openai", &"sk-test-1".into()).unwrap(),
        print
    );
    // The canary is bound to the key-encryption key, so that it goes with the ring.
    let (kek_id, canary) = ring.seal_canary(&random).unwrap();
    assert_eq!(kek_id, kek(2).id());
    assert_eq!(ring.check_canary(&canary), Ok(()));
}

#[test]
fn what_is_open_stays_open_and_seals_nothing_more() {
    let (ring, rows) = created();
    let envelope = sealed(&ring, "sk-test-1");
    let random = SeededRandom::new(8);
    let both = keks(2, &[1]);
    let mut moved: Vec<_> = rows
        .iter()
        .map(|row| row.rewrap(&DEPLOYMENT, &both, &random).unwrap().unwrap())
        .collect();
    // This server has only the former key-encryption key.
    let old = keks(1, &[]);
    let behind = ring.reopen(&old, &moved);
    let missing = Err(VaultError::KeyUnavailable {
        kek_ids: vec![kek(2).id()],
    });
    assert_eq!(behind.check(), missing);
    assert_eq!(opened(&behind, &envelope).unwrap(), "sk-test-1");
    for purpose in Purpose::ALL {
        assert_eq!(behind.require(purpose), missing);
    }
    assert!(opened(&Keyring::open(DEPLOYMENT, &old, &moved), &envelope).is_err());
    // Through any number of looks, and well again once the key is there.
    let behind = behind.reopen(&old, &moved);
    assert_eq!(opened(&behind, &envelope).unwrap(), "sk-test-1");
    let well = behind.reopen(&both, &moved);
    assert_eq!(well.check(), Ok(()));
    assert_eq!(well.require(Purpose::Audit), Ok(()));
    // A row that was spoiled in the meantime is the same, but says damage.
    moved[0].wrapped[300] ^= 1;
    let spoiled = well.reopen(&both, &moved);
    assert!(matches!(
        spoiled.require(Purpose::Value),
        Err(VaultError::Damaged { .. })
    ));
    assert_eq!(spoiled.require(Purpose::Audit), Ok(()));
    assert_eq!(spoiled.faults().len(), 1);
    assert_eq!(opened(&spoiled, &envelope).unwrap(), "sk-test-1");
    // A disabled key is not kept open.
    moved[0] = WrappedDek {
        state: DekState::Disabled,
        ..moved[0].clone()
    };
    let disabled = spoiled.reopen(&both, &moved);
    assert_eq!(
        opened(&disabled, &envelope),
        Err(VaultError::KeyDisabled {
            purpose: Purpose::Value,
            version: 1
        })
    );
}

#[test]
fn a_resealed_key_is_the_same_under_the_new_data_key() {
    let (ring, rows) = created();
    let envelope = sealed(&ring, "sk-test-1");
    let random = SeededRandom::new(8);
    assert_eq!(ring.reseal_key(&CONTEXT, &envelope, &random), Ok(None));
    let rows = with_second(&rows, &keks(1, &[]));
    let ring = Keyring::open(DEPLOYMENT, &keks(1, &[]), &rows);
    assert_eq!(ring.check(), Ok(()));
    assert_eq!(ring.sealing_version(), Ok(2));
    let again = ring.reseal_key(&CONTEXT, &envelope, &random);
    let again = again.unwrap().unwrap();
    assert_eq!(sealed_under(&CONTEXT, &envelope), Ok(1));
    assert_eq!(sealed_under(&CONTEXT, &again), Ok(2));
    assert_eq!(ring.reseal_key(&CONTEXT, &again, &random), Ok(None));
    assert_eq!(opened(&ring, &again).unwrap(), "sk-test-1");
    // Once nothing is sealed with it any more, the former one may go.
    let mut rows = rows;
    rows[0] = rows[0].clone().into_state(DekState::Disabled).unwrap();
    let ring = Keyring::open(DEPLOYMENT, &keks(1, &[]), &rows);
    assert_eq!(opened(&ring, &again).unwrap(), "sk-test-1");
    assert!(opened(&ring, &envelope).is_err());
}

#[test]
fn the_row_of_a_resealed_key_must_be_its_own() {
    let (ring, rows) = created();
    let envelope = sealed(&ring, "sk-test-1");
    let rows = with_second(&rows, &keks(1, &[]));
    let ring = Keyring::open(DEPLOYMENT, &keks(1, &[]), &rows);
    for other in [
        KeyContext {
            provider: "anthropic",
            ..CONTEXT
        },
        KeyContext {
            version: 2,
            ..CONTEXT
        },
        KeyContext {
            origin: "https://example.org",
            ..CONTEXT
        },
    ] {
        let refused = ring.reseal_key(&other, &envelope, &SeededRandom::new(8));
        assert!(
            matches!(refused, Err(VaultError::Damaged { .. })),
            "{other:?}"
        );
    }
    // The active key must be one that opens after a restart too.
    let mut spoiled = rows;
    spoiled[4].wrapped[300] ^= 1;
    let ring = ring.reopen(&keks(1, &[]), &spoiled);
    let refused = ring.reseal_key(&CONTEXT, &envelope, &SeededRandom::new(8));
    assert!(matches!(refused, Err(VaultError::Damaged { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is spoiled of an envelope, it is refused and not sealed anew.
    #[test]
    fn a_spoiled_envelope_is_never_resealed(at in 0_usize..388, bit in 0_u8..8, secret in "[!-~]{8,200}") {
        let (ring, rows) = created();
        let mut envelope = sealed(&ring, &secret);
        let at = at % envelope.len();
        let rows = with_second(&rows, &keks(1, &[]));
        let ring = Keyring::open(DEPLOYMENT, &keks(1, &[]), &rows);
        let good = ring.reseal_key(&CONTEXT, &envelope, &SeededRandom::new(8)).unwrap().unwrap();
        prop_assert_eq!(opened(&ring, &good).unwrap(), secret);
        envelope[at] ^= 1 << bit;
        // A flip in the number of the data key may name the active one; opening tells then.
        let resealed = ring.reseal_key(&CONTEXT, &envelope, &SeededRandom::new(8));
        prop_assert!(!matches!(resealed, Ok(Some(_))));
        prop_assert!(opened(&ring, &envelope).is_err());
    }
}
