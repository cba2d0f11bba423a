//! Sealed rows that are replaced: only as they were read, in pages, and told by notices.

use aiconfig_persistence::{
    CanaryRow, Change, ChangeRow, Commit, DekRow, DekState, EnvelopeRow, LoadOptions, ResealedRow,
    SideEffect, Store, StoreError,
};

use crate::place::{Place, begin, command, put, write_with};
use crate::sealed::{kept, row};

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
    let sealed = store.sealed(None).await.unwrap();
    assert_eq!(sealed.canaries, [canary(2)]);
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
