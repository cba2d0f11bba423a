//! Stored answers and the import ledger.

use aiconfig_persistence::{AnswerScope, Commit, LedgerRow, StoredAnswerRow, TextRow};

use crate::place::{Place, begin, command, nothing, put};

fn answer(request_id: &str, time_us: i64, revision: Option<u64>) -> StoredAnswerRow {
    StoredAnswerRow {
        scope: AnswerScope {
            token_id: "token".to_owned(),
            rpc: "Update".to_owned(),
            request_id: request_id.to_owned(),
        },
        body_mac: vec![1; 32],
        answer: vec![2, 3],
        revision,
        time_us,
    }
}

pub(crate) async fn answers_are_kept_and_pruned(place: Place) {
    let store = place.store().await;
    for (number, id) in (1_i64..).zip(["a", "b", "c"]) {
        let open = begin(&store).await;
        let kept = answer(id, number, Some(open.head().revision + 1));
        assert_eq!(open.stored_answer(&kept.scope).await.unwrap(), None);
        let commit = Commit {
            answer: Some(kept.clone()),
            ..command(open.head(), vec![put("thing", id, "1")])
        };
        open.commit(commit).await.unwrap();
        assert_eq!(
            store.stored_answer(&kept.scope).await.unwrap(),
            Some(kept.clone())
        );
        let open = begin(&store).await;
        assert_eq!(open.stored_answer(&kept.scope).await.unwrap(), Some(kept));
        open.rollback().await.unwrap();
    }
    let other = AnswerScope {
        rpc: "Create".to_owned(),
        ..answer("a", 1, None).scope
    };
    assert_eq!(store.stored_answer(&other).await.unwrap(), None);

    assert_eq!(store.prune_answers(3, 1).await.unwrap(), 1);
    assert_eq!(
        store
            .stored_answer(&answer("a", 1, None).scope)
            .await
            .unwrap(),
        None
    );
    assert_eq!(store.prune_answers(3, 100).await.unwrap(), 1);
    assert_eq!(store.prune_answers(3, 100).await.unwrap(), 0);
    assert!(
        store
            .stored_answer(&answer("c", 3, None).scope)
            .await
            .unwrap()
            .is_some()
    );
}

pub(crate) async fn answer_without_change(place: Place) {
    let store = place.store().await;
    let before = store.head().await.unwrap();
    for time in [1, 2] {
        let open = begin(&store).await;
        let commit = Commit {
            answer: Some(answer("a", time, None)),
            ..nothing(open.head())
        };
        open.commit(commit).await.unwrap();
    }
    assert_eq!(store.head().await.unwrap(), before);
    let kept = store
        .stored_answer(&answer("a", 2, None).scope)
        .await
        .unwrap();
    assert_eq!(kept, Some(answer("a", 2, None)), "the newer one counts");
}

pub(crate) async fn ledger_replaces(place: Place) {
    let store = place.store().await;
    let row = |pk: &str, byte, revision| LedgerRow {
        model: "app.thing".to_owned(),
        pk: pk.to_owned(),
        content_hash: vec![byte; 32],
        resources: "[]".to_owned(),
        revision,
        time_us: 5,
    };
    for (revision, ledger) in [
        (1, vec![row("1", 1, 1), row("2", 1, 1)]),
        (2, vec![row("2", 2, 2), row("3", 2, 2)]),
    ] {
        let open = begin(&store).await;
        let commit = Commit {
            ledger,
            ..command(open.head(), vec![put("thing", "a", "1")])
        };
        assert_eq!(open.commit(commit).await.unwrap().revision, revision);
    }
    let expected = [row("1", 1, 1), row("2", 2, 2), row("3", 2, 2)];
    assert_eq!(store.ledger_all().await.unwrap(), expected);
    let open = begin(&store).await;
    assert_eq!(open.ledger_all().await.unwrap(), expected);
    open.rollback().await.unwrap();
    let pks = ["2", "9"].map(str::to_owned);
    assert_eq!(
        store.ledger("app.thing", &pks).await.unwrap(),
        expected[1..2]
    );
    assert!(store.ledger("app.other", &pks).await.unwrap().is_empty());
}

pub(crate) async fn texts_are_kept_once(place: Place) {
    let store = place.store().await;
    let row = |number: u8, value: &str| TextRow {
        hash: vec![number; 32],
        value: value.into(),
    };
    let texts = vec![
        row(1, "one"),
        row(2, "two\r\n\u{1f980} \u{5d0}"),
        row(1, "one"),
    ];
    let open = begin(&store).await;
    let mut commit = command(&open.head().clone(), vec![put("thing", "a", "1")]);
    commit.texts = texts.clone();
    open.commit(commit).await.unwrap();
    // What is there already is left, also with another command.
    let open = begin(&store).await;
    let mut commit = command(&open.head().clone(), vec![put("thing", "a", "2")]);
    commit.texts = vec![row(1, "other"), row(3, &"x".repeat(256 * 1024))];
    open.commit(commit).await.unwrap();
    let mut found = store
        .texts(&[[3; 32], [1; 32], [2; 32], [9; 32]])
        .await
        .unwrap();
    found.sort_by(|one, other| one.hash.cmp(&other.hash));
    assert_eq!(found.len(), 3);
    assert_eq!(found[..2], texts[..2]);
    assert_eq!(found[2].value.len(), 256 * 1024);
    // A write that is given up leaves none.
    let open = begin(&store).await;
    let mut commit = command(&open.head().clone(), vec![put("thing", "a", "3")]);
    commit.texts = vec![row(4, "four")];
    commit.new_head.revision += 1;
    assert!(open.commit(commit).await.is_err());
    assert_eq!(store.texts(&[[4; 32]]).await.unwrap(), Vec::new());
    assert_eq!(store.texts(&[]).await.unwrap(), Vec::new());
}
