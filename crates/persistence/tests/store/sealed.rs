//! Sealed keys, token verifiers and the ring: the only bytes that the log does not hold.

use aiconfig_persistence::{
    CanaryRow, Change, ChangeRow, Commit, DekRow, DekState, EnvelopeRow, LoadOptions, ResealedRow,
    SideEffect, Store, StoreError, VerifierRow,
};

use crate::place::{Place, begin, command, put, write_with};

fn row(version: u32, bytes: Option<&[u8]>, mac: u8, revision: u64) -> EnvelopeRow {
    EnvelopeRow {
        provider: "openai".to_owned(),
        version,
        envelope: bytes.map(<[u8]>::to_vec),
        state_mac: vec![mac; 32],
        revision,
    }
}

async fn kept(store: &Store) -> Vec<EnvelopeRow> {
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
    assert_eq!(store.envelopes_for(&wanted).await.unwrap(), expected[1..]);
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
    assert_eq!(
        store.canaries().await.unwrap(),
        std::slice::from_ref(&canary)
    );
    let again = store.create_ring(&ring, &canary).await.unwrap_err();
    assert!(matches!(again, StoreError::Conflict { .. }), "{again}");

    assert!(!format!("{ring:?} {canary:?}").contains("8, 8"));
}

fn reseal(version: u32, from: &[u8], to: &[u8]) -> SideEffect {
    SideEffect::Reseal(ResealedRow {
        provider: "openai".to_owned(),
        version,
        from: from.to_vec(),
        to: to.to_vec(),
    })
}

/// A command with these effects, which must be refused.
async fn refused(store: &Store, side: Vec<SideEffect>) -> StoreError {
    let open = begin(store).await;
    let commit = Commit {
        side,
        ..command(open.head(), vec![put("thing", "with", "{}")])
    };
    open.commit(commit).await.unwrap_err()
}

pub(crate) async fn reseal_needs_the_former_bytes(place: Place) {
    let store = place.store().await;
    let both = vec![
        SideEffect::PutEnvelope(row(1, Some(b"one"), 1, 1)),
        SideEffect::PutEnvelope(row(2, Some(b"two"), 1, 1)),
    ];
    write_with(&store, both).await;
    write_with(&store, vec![reseal(1, b"one", b"uno")]).await;
    // State code and revision are those of the key's last change.
    let moved = [row(1, Some(b"uno"), 1, 1), row(2, Some(b"two"), 1, 1)];
    assert_eq!(kept(&store).await, moved);
    // One row that is another one stops the whole command; a row that is gone too.
    let late = vec![reseal(2, b"two", b"due"), reseal(1, b"one", b"eins")];
    let error = refused(&store, late).await;
    assert!(matches!(error, StoreError::Conflict { .. }), "{error}");
    let error = refused(&store, vec![reseal(3, b"one", b"eins")]).await;
    assert!(matches!(error, StoreError::Conflict { .. }), "{error}");
    assert_eq!(kept(&store).await, moved);
    assert!(!format!("{:?}", reseal(1, b"one", b"two")).contains("111"));
}

pub(crate) async fn ring_keys_are_replaced_as_they_were_read(place: Place) {
    let store = place.store().await;
    let dek = |version, state, kek: u8| DekRow {
        purpose: "value".to_owned(),
        version,
        state,
        kek_id: vec![kek; 16],
        wrapped: (state != DekState::Destroyed).then(|| vec![kek; 48]),
    };
    let canary = |kek: u8| CanaryRow {
        kek_id: vec![kek; 16],
        envelope: vec![kek; 40],
    };
    let first = dek(1, DekState::Active, 1);
    store
        .create_ring(std::slice::from_ref(&first), &canary(1))
        .await
        .unwrap();
    let moved = dek(1, DekState::OpenOnly, 2);
    let second = dek(2, DekState::Active, 2);
    let change = vec![
        SideEffect::ReplaceDek {
            from: first.clone(),
            to: moved.clone(),
        },
        SideEffect::AddDek(second.clone()),
        SideEffect::SetCanary(canary(2)),
    ];
    write_with(&store, change).await;
    assert_eq!(store.deks().await.unwrap(), [moved.clone(), second.clone()]);
    assert_eq!(store.canaries().await.unwrap(), [canary(2)]);
    if let Some(file) = place.file() {
        // The former bytes are gone from the file and its log.
        for suffix in ["", "-wal"] {
            let content = tokio::fs::read(format!("{file}{suffix}")).await.unwrap();
            assert!(!content.windows(48).any(|window| window == [1; 48]));
        }
    }
    for stale in [
        first.clone(),
        dek(1, DekState::OpenOnly, 1),
        dek(1, DekState::Active, 2),
        dek(3, DekState::OpenOnly, 2),
    ] {
        let to = dek(stale.version, DekState::Disabled, 3);
        let error = refused(&store, vec![SideEffect::ReplaceDek { from: stale, to }]).await;
        assert!(matches!(error, StoreError::Conflict { .. }), "{error}");
    }
    let error = refused(
        &store,
        vec![SideEffect::AddDek(dek(2, DekState::Pending, 3))],
    )
    .await;
    assert!(
        matches!(error, StoreError::UniqueViolation { .. }),
        "{error}"
    );
    assert_eq!(store.deks().await.unwrap(), [moved.clone(), second.clone()]);
    // Destroying takes the bytes away.
    let disabled = DekRow {
        state: DekState::Disabled,
        ..moved.clone()
    };
    let destroyed = DekRow {
        kek_id: moved.kek_id.clone(),
        ..dek(1, DekState::Destroyed, 2)
    };
    for (from, to) in [(&moved, &disabled), (&disabled, &destroyed)] {
        let (from, to) = (from.clone(), to.clone());
        write_with(&store, vec![SideEffect::ReplaceDek { from, to }]).await;
    }
    assert_eq!(store.deks().await.unwrap(), [destroyed, second]);
}

pub(crate) async fn envelopes_come_in_pages(place: Place) {
    let store = place.store().await;
    let of = |provider: &str, version| EnvelopeRow {
        provider: provider.to_owned(),
        ..row(version, Some(b"k"), 1, 1)
    };
    let rows = [of("a", 1), of("a", 10), of("b", 2), of("c", 1)];
    let erased = EnvelopeRow {
        envelope: None,
        ..of("b", 1)
    };
    let mut effects: Vec<_> = rows.iter().cloned().map(SideEffect::PutEnvelope).collect();
    effects.push(SideEffect::EraseEnvelope(erased.clone()));
    write_with(&store, effects).await;
    assert_eq!(store.count_envelopes().await.unwrap(), 4);
    let mut seen: Vec<EnvelopeRow> = Vec::new();
    loop {
        let after = seen.last().map(|row| (row.provider.as_str(), row.version));
        let page = store.envelopes_page(after, 3).await.unwrap();
        if page.is_empty() {
            break;
        }
        seen.extend(page);
    }
    assert_eq!(seen, rows);
    let wanted = [
        ("b".to_owned(), 1),
        ("c".to_owned(), 1),
        ("a".to_owned(), 10),
        ("a".to_owned(), 2),
    ];
    let sealed = store.sealed(Some(&wanted)).await.unwrap();
    let mut found = sealed.envelopes;
    found.sort_by(|one, two| (&one.provider, one.version).cmp(&(&two.provider, two.version)));
    assert_eq!(found, [rows[1].clone(), erased, rows[3].clone()]);
    assert_eq!(store.sealed(None).await.unwrap().envelopes.len(), 5);
    let open = begin(&store).await;
    assert_eq!(
        open.envelopes_page(Some(("b", 2)), 9).await.unwrap(),
        rows[3..]
    );
    assert_eq!(open.envelopes_for(&wanted[1..2]).await.unwrap(), rows[3..]);
    assert!(open.deks().await.unwrap().is_empty());
    open.rollback().await.unwrap();
}

pub(crate) async fn notices_are_logged_and_not_stated(place: Place) {
    let store = place.store().await;
    let notice = ChangeRow {
        kind: "key_seal".to_owned(),
        key: "openai/1".to_owned(),
        change: Change::Note {
            codec: 1,
            value: "{}".to_owned(),
        },
    };
    let open = begin(&store).await;
    let changes = vec![notice, put("thing", "one", "{}")];
    let commit = command(open.head(), changes);
    let head = open.commit(commit).await.unwrap();
    let mut stated = Vec::new();
    let state = store.load(LoadOptions::default(), |row| stated.push(row.kind));
    assert_eq!(state.await.unwrap().head, head);
    assert_eq!(stated, ["thing"]);
    let tail = store.tail(0, 10).await.unwrap();
    assert_eq!(
        tail.revisions[0].rows,
        [put("key_seal", "openai/1", "{}"), put("thing", "one", "{}")]
    );
}
