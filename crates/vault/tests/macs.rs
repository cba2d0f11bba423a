//! MACs and fingerprints notice every change of what they stand for.
#![cfg(test)]

use aiconfig_vault::error::VaultError;
use aiconfig_vault::kek::{Kek, KekSet};
use aiconfig_vault::random::SeededRandom;
use aiconfig_vault::ring::Keyring;
use secrecy::SecretString;

fn ring(seed: u64) -> Keyring {
    let keks = KekSet::new(Kek::generate(&SeededRandom::new(1)), Vec::new());
    Keyring::create([1; 16], &keks, &SeededRandom::new(seed))
        .unwrap()
        .0
}

fn is_damage(result: &Result<(), VaultError>) -> bool {
    matches!(result, Err(VaultError::Damaged { .. }))
}

#[test]
fn a_state_edited_by_hand_is_noticed() {
    let ring = ring(2);
    let mac = ring.state_mac("openai", 3, "primary", 42).unwrap();
    assert_eq!(mac.len(), 36);
    assert_eq!(
        ring.verify_state_mac("openai", 3, "primary", 42, &mac),
        Ok(())
    );
    for (provider, version, state, revision) in [
        ("anthropic", 3, "primary", 42),
        ("openai", 4, "primary", 42),
        ("openai", 3, "retired", 42),
        ("openai", 3, "primary", 43),
    ] {
        assert!(is_damage(
            &ring.verify_state_mac(provider, version, state, revision, &mac)
        ));
    }
    for cut in [&mac[..0], &mac[..4], &mac[..35]] {
        assert!(is_damage(
            &ring.verify_state_mac("openai", 3, "primary", 42, cut)
        ));
    }
    let other = self::ring(3);
    assert!(is_damage(
        &other.verify_state_mac("openai", 3, "primary", 42, &mac)
    ));
}

#[test]
fn the_audit_chain_notices_changed_removed_and_moved_records() {
    let ring = ring(2);
    let records: [&[&[u8]]; 3] = [&[b"1", b"create"], &[b"2", b""], &[b"3", b"ab", b"c"]];
    let mut hashes = vec![Vec::new()];
    for record in records {
        hashes.push(ring.audit_hash(&hashes[hashes.len() - 1], record).unwrap());
    }
    for (at, record) in records.iter().enumerate() {
        assert_eq!(
            ring.verify_audit_hash(&hashes[at], record, &hashes[at + 1]),
            Ok(())
        );
    }
    // A removed record, a changed one, and fields cut elsewhere.
    assert!(is_damage(
        &ring.verify_audit_hash(&hashes[1], records[2], &hashes[3])
    ));
    assert!(is_damage(&ring.verify_audit_hash(
        &hashes[0],
        &[b"1", b"delete"],
        &hashes[1]
    )));
    assert!(is_damage(&ring.verify_audit_hash(
        &hashes[2],
        &[b"3", b"a", b"bc"],
        &hashes[3]
    )));
    assert!(is_damage(&ring.verify_audit_hash(
        &hashes[2],
        &[b"3", b"ab"],
        &hashes[3]
    )));
}

#[test]
fn fingerprints_tell_keys_and_providers_apart() {
    let ring = ring(2);
    let key = SecretString::from("sk-0123456789");
    let fingerprint = ring.fingerprint("openai", &key).unwrap();
    assert_eq!(ring.fingerprint("openai", &key), Ok(fingerprint));
    assert_ne!(ring.fingerprint("anthropic", &key), Ok(fingerprint));
    assert_ne!(
        ring.fingerprint("openai", &SecretString::from("sk-0123456788")),
        Ok(fingerprint)
    );
    assert_ne!(self::ring(3).fingerprint("openai", &key), Ok(fingerprint));
    assert_eq!(
        format!("{fingerprint:?}"),
        format!("Fingerprint({})", fingerprint.shown())
    );
}

#[test]
fn a_body_has_one_mac_in_one_ring() {
    let mac = ring(2).body_mac(b"body").unwrap();
    assert_eq!(ring(2).body_mac(b"body"), Ok(mac));
    assert_ne!(ring(2).body_mac(b"bodY"), Ok(mac));
    assert_ne!(ring(3).body_mac(b"body"), Ok(mac));
}
