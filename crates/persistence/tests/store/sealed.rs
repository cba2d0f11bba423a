//! Sealed keys, token verifiers and the ring: the only bytes that the log does not hold.

use aiconfig_persistence::{
    CanaryRow, DekRow, DekState, EnvelopeRow, LoadOptions, SideEffect, Store, StoreError,
    VerifierRow,
};

use crate::place::{Place, write_with};

pub(crate) fn row(version: u32, bytes: Option<&[u8]>, mac: u8, revision: u64) -> EnvelopeRow {
    EnvelopeRow {
        provider: "openai".to_owned(),
        version,
        envelope: bytes.map(<[u8]>::to_vec),
        state_mac: vec![mac; 32],
        revision,
    }
}

pub(crate) async fn kept(store: &Store) -> Vec<EnvelopeRow> {
    let state = store.load(LoadOptions::default(), drop).await.unwrap();
    state.envelopes
}

pub(crate) async fn erase_keeps_the_row(place: Place) {
    let store = place.store().await;
    let sealed = b"sealed-bytes-of-the-first-version".repeat(20);
    let first = row(1, Some(&sealed), 1, 1);
    write_with(&store, vec![SideEffect::PutEnvelope(first.clone())]).await;
    assert_eq!(kept(&store).await, [first]);

    let erased = row(1, Some(b"ignored"), 2, 2);
    write_with(&store, vec![SideEffect::EraseEnvelope(erased)]).await;
    assert_eq!(kept(&store).await, [row(1, None, 2, 2)]);
    place.assert_gone(&sealed).await;
}

impl Place {
    /// The bytes are in no file of a SQLite database; PostgreSQL cleans up in its own time.
    async fn assert_gone(&self, bytes: &[u8]) {
        let Some(file) = self.file() else { return };
        for suffix in ["", "-wal"] {
            let content = tokio::fs::read(format!("{file}{suffix}")).await.unwrap();
            let part = &bytes[..30];
            assert!(!content.windows(part.len()).any(|window| window == part));
        }
    }
}

pub(crate) async fn state_code_keeps_the_bytes(place: Place) {
    let store = place.store().await;
    let both = vec![
        SideEffect::PutEnvelope(row(1, Some(b"one"), 1, 1)),
        SideEffect::PutEnvelope(row(2, Some(b"two"), 1, 1)),
    ];
    write_with(&store, both).await;
    // The same row twice in one command: the effects are taken in order.
    let swap = vec![
        SideEffect::PutStateMac(row(1, None, 2, 2)),
        SideEffect::PutStateMac(row(2, None, 3, 2)),
        SideEffect::PutEnvelope(row(2, Some(b"new"), 4, 2)),
    ];
    write_with(&store, swap).await;
    let expected = [row(1, Some(b"one"), 2, 2), row(2, Some(b"new"), 4, 2)];
    assert_eq!(kept(&store).await, expected);
    let wanted = [("openai".to_owned(), 2), ("openai".to_owned(), 9)];
    let sealed = store.sealed(Some(&wanted)).await.unwrap();
    assert_eq!(sealed.envelopes, expected[1..]);
}

pub(crate) async fn tail_brings_envelopes(place: Place) {
    let store = place.store().await;
    for version in 1..=3 {
        let effect = SideEffect::PutEnvelope(row(version, Some(b"k"), 1, u64::from(version)));
        write_with(&store, vec![effect]).await;
    }
    let versions = async |after, limit| -> Vec<u32> {
        let tail = store.tail(after, limit).await.unwrap();
        tail.envelopes.iter().map(|row| row.version).collect()
    };
    assert_eq!(versions(0, 100).await, [1, 2, 3]);
    assert_eq!(versions(1, 1).await, [2]);
    assert!(versions(3, 100).await.is_empty());
}

pub(crate) async fn verifiers_come_and_go(place: Place) {
    let store = place.store().await;
    let verifier = |id: &str, byte| VerifierRow {
        token_id: id.to_owned(),
        verifier: vec![byte; 32],
    };
    let (one, two) = (verifier("one", 1), verifier("two", 2));
    let effects = [&one, &two].map(|row| SideEffect::PutVerifier(row.clone()));
    write_with(&store, effects.to_vec()).await;
    let state = store.load(LoadOptions::default(), drop).await.unwrap();
    assert_eq!(state.verifiers, [one, two.clone()]);
    let gone = SideEffect::DeleteVerifier {
        token_id: "one".to_owned(),
    };
    write_with(&store, vec![gone]).await;
    let ids = ["one", "two", "three"].map(str::to_owned);
    assert_eq!(store.verifiers_for(&ids).await.unwrap(), [two]);
}

pub(crate) async fn ring_is_made_once(place: Place) {
    let store = place.store().await;
    let states = [
        DekState::Pending,
        DekState::Active,
        DekState::OpenOnly,
        DekState::Disabled,
        DekState::Destroyed,
    ];
    let ring: Vec<DekRow> = (1..)
        .zip(states)
        .map(|(version, state)| DekRow {
            purpose: "value".to_owned(),
            version,
            state,
            kek_id: vec![9; 16],
            wrapped: (state != DekState::Destroyed).then(|| vec![8; 48]),
        })
        .collect();
    let canary = CanaryRow {
        kek_id: vec![9; 16],
        envelope: vec![7; 40],
    };
    store.create_ring(&ring, &canary).await.unwrap();
    assert_eq!(store.deks().await.unwrap(), ring);
    let sealed = store.sealed(None).await.unwrap();
    assert_eq!(sealed.canaries, std::slice::from_ref(&canary));
    let again = store.create_ring(&ring, &canary).await.unwrap_err();
    assert!(matches!(again, StoreError::Conflict { .. }), "{again}");

    assert!(!format!("{ring:?} {canary:?}").contains("8, 8"));
}

pub(crate) async fn no_ring_is_made_over_a_log(place: Place) {
    let store = place.store().await;
    let sealed = SideEffect::PutEnvelope(row(1, Some(b"one"), 1, 1));
    write_with(&store, vec![sealed]).await;
    let ring = DekRow {
        purpose: "value".to_owned(),
        version: 1,
        state: DekState::Active,
        kek_id: vec![9; 16],
        wrapped: Some(vec![8; 48]),
    };
    let canary = CanaryRow {
        kek_id: vec![9; 16],
        envelope: vec![7; 40],
    };
    let refused = store.create_ring(&[ring], &canary).await.unwrap_err();
    assert!(matches!(refused, StoreError::RingMissing), "{refused}");
    assert!(store.deks().await.unwrap().is_empty());
}
