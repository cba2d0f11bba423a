//! Rings with missing, wrong and rotated keys, and rows in every state.
#![cfg(test)]

use aiconfig_vault::error::VaultError;
use aiconfig_vault::kek::{Kek, KekId, KekSet};
use aiconfig_vault::key::{KeyContext, SealedKey};
use aiconfig_vault::random::SeededRandom;
use aiconfig_vault::ring::{DekState, DeploymentId, Keyring, Purpose, WrappedDek};
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

/// A ring wrapped by key-encryption key 1; `seed` makes its data keys.
fn rows(seed: u64) -> Vec<WrappedDek> {
    Keyring::create(DEPLOYMENT, &keks(1, &[]), &SeededRandom::new(seed))
        .unwrap()
        .1
}

fn secret() -> SecretString {
    SecretString::from("sk-0123456789")
}

/// The ring of these rows, if all of it opens.
fn open(rows: &[WrappedDek]) -> Result<Keyring, VaultError> {
    let ring = Keyring::open(DEPLOYMENT, &keks(1, &[]), rows);
    ring.check().map(|()| ring)
}

#[test]
fn a_new_ring_has_one_active_key_for_each_purpose() {
    let rows = rows(5);
    assert_eq!(
        rows.iter().map(|row| row.purpose).collect::<Vec<_>>(),
        Purpose::ALL
    );
    for row in &rows {
        assert_eq!(
            (row.version, row.state, row.kek_id),
            (1, DekState::Active, kek(1).id())
        );
        assert_eq!(row.wrapped.len(), 388);
        assert!(!format!("{row:?}").contains("wrapped"));
    }
    let ring = open(&rows).unwrap();
    assert!(ring.missing().is_empty());
    assert_eq!(format!("{ring:?}"), "Keyring { missing: [], .. }");
    for purpose in Purpose::ALL {
        assert_eq!(ring.require(purpose), Ok(()));
    }
}

#[test]
fn no_primary_means_no_new_ring() {
    let made = Keyring::create(DEPLOYMENT, &KekSet::default(), &SeededRandom::new(5));
    assert_eq!(made.map(|_| ()), Err(VaultError::NoPrimary));
}

#[test]
fn a_ring_opens_with_a_key_that_only_opens() {
    let ring = Keyring::open(DEPLOYMENT, &keks(2, &[3, 1]), &rows(5));
    assert!(ring.missing().is_empty());
}

#[test]
fn a_wrong_key_is_recognised_before_anything_is_opened() {
    let rows = rows(5);
    let sealed = open(&rows)
        .unwrap()
        .seal_key(&CONTEXT, &secret(), &SeededRandom::new(6));
    let sealed = sealed.unwrap();
    for keks in [keks(2, &[]), KekSet::default()] {
        let ring = Keyring::open(DEPLOYMENT, &keks, &rows);
        let unavailable = VaultError::KeyUnavailable {
            kek_ids: vec![kek(1).id()],
        };
        assert_eq!(ring.missing(), [kek(1).id()]);
        for purpose in Purpose::ALL {
            assert_eq!(ring.require(purpose), Err(unavailable.clone()));
        }
        let random = SeededRandom::new(7);
        let refusals = [
            ring.seal_key(&CONTEXT, &secret(), &random).map(|_| ()),
            SealedKey::prepare(&ring, &CONTEXT, &sealed).map(|_| ()),
            ring.fingerprint("openai", &secret()).map(|_| ()),
            ring.body_mac(b"body").map(|_| ()),
            ring.state_mac("openai", 1, "primary", 1).map(|_| ()),
            ring.verify_state_mac("openai", 1, "primary", 1, b"\0\0\0\x01"),
            ring.audit_hash(b"", &[]).map(|_| ()),
            ring.seal_canary(&random).map(|_| ()),
        ];
        for refusal in refusals {
            assert_eq!(refusal, Err(unavailable.clone()));
        }
        let text = unavailable.to_string();
        assert!(text.contains(&kek(1).id().to_string()), "{text}");
    }
}

#[test]
fn one_missing_key_takes_away_only_what_it_wraps() {
    let mut mixed = rows(5);
    let (_, others) = Keyring::create(DEPLOYMENT, &keks(2, &[]), &SeededRandom::new(6)).unwrap();
    mixed[3] = others[3].clone();
    let ring = Keyring::open(DEPLOYMENT, &keks(1, &[]), &mixed);
    assert_eq!(ring.missing(), [kek(2).id()]);
    assert_eq!(ring.require(Purpose::Value), Ok(()));
    let missing = VaultError::KeyUnavailable {
        kek_ids: vec![kek(2).id()],
    };
    assert_eq!(ring.require(Purpose::Audit), Err(missing));
    assert!(ring.audit_hash(b"", &[]).is_err());
    ring.state_mac("openai", 1, "primary", 1).unwrap();
}

#[test]
fn a_present_key_that_does_not_open_a_row_is_damage() {
    let mut rows = rows(5);
    // The row names key 1, but was wrapped by key 2.
    let (_, others) = Keyring::create(DEPLOYMENT, &keks(2, &[]), &SeededRandom::new(6)).unwrap();
    rows[0].wrapped.clone_from(&others[0].wrapped);
    assert_eq!(
        open(&rows).map(|_| ()).unwrap_err().to_string(),
        "stored data is damaged: ring row value 1: the envelope names another key"
    );
}

#[test]
fn a_ring_with_gaps_or_doubles_is_refused() {
    let rows = rows(5);
    assert!(open(&[]).is_err());
    assert!(open(&rows[1..]).is_err());
    let mut doubled = rows.clone();
    doubled.push(rows[0].clone());
    let refused = open(&doubled).map(|_| ()).unwrap_err().to_string();
    assert!(
        refused.ends_with("ring row value 1: the version stands there twice"),
        "{refused}"
    );
}

#[test]
fn an_unknown_version_asks_for_the_ring_to_be_read_again() {
    let ring = open(&rows(5)).unwrap();
    let mut envelope = ring
        .seal_key(&CONTEXT, &secret(), &SeededRandom::new(7))
        .unwrap();
    envelope[11] = 2;
    let unknown = |purpose| {
        Err(VaultError::UnknownVersion {
            purpose,
            version: 2,
        })
    };
    let prepared = SealedKey::prepare(&ring, &CONTEXT, &envelope);
    assert_eq!(prepared.map(|_| ()), unknown(Purpose::Value));
    let mut mac = ring.state_mac("openai", 1, "primary", 1).unwrap();
    mac[3] = 2;
    assert_eq!(
        ring.verify_state_mac("openai", 1, "primary", 1, &mac),
        unknown(Purpose::State)
    );
}

#[test]
fn a_sealed_key_opens_as_often_as_it_is_asked() {
    let ring = open(&rows(5)).unwrap();
    let envelope = ring
        .seal_key(&CONTEXT, &secret(), &SeededRandom::new(7))
        .unwrap();
    let sealed = SealedKey::prepare(&ring, &CONTEXT, &envelope).unwrap();
    drop(ring);
    for _ in 0..3 {
        assert_eq!(
            sealed.open().unwrap().expose_secret(),
            secret().expose_secret()
        );
    }
    assert_eq!(
        format!("{sealed:?}"),
        "SealedKey { name: \"key openai version 1\", .. }"
    );
}

#[test]
fn the_canary_belongs_to_ring_deployment_and_key() {
    let rows = rows(5);
    let ring = open(&rows).unwrap();
    let (_, canary) = ring.seal_canary(&SeededRandom::new(7)).unwrap();
    assert_eq!(ring.check_canary(&canary), Ok(()));
    let (other, _) = Keyring::create([2; 16], &keks(1, &[]), &SeededRandom::new(5)).unwrap();
    assert!(matches!(
        other.check_canary(&canary),
        Err(VaultError::Damaged { .. })
    ));
    let (other, _) = Keyring::create(DEPLOYMENT, &keks(2, &[]), &SeededRandom::new(5)).unwrap();
    assert!(matches!(
        other.check_canary(&canary),
        Err(VaultError::Damaged { .. })
    ));
}

#[test]
fn stored_names_read_back() {
    for purpose in Purpose::ALL {
        assert_eq!(purpose.as_str().parse(), Ok(purpose));
    }
    for name in ["pending", "active", "open-only", "disabled", "destroyed"] {
        assert_eq!(name.parse::<DekState>().unwrap().as_str(), name);
    }
    assert!("Value".parse::<Purpose>().is_err());
    assert!("open_only".parse::<DekState>().is_err());
    let id = kek(1).id();
    assert_eq!(KekId::from_bytes(*id.as_bytes()), id);
    assert_eq!(id.to_string().len(), 32);
}
