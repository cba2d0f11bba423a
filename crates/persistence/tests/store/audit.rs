//! The audit chain: appended from many sides, listed, and ready to be checked.

use aiconfig_persistence::{AuditFilter, AuditRow, Seek, Store};

use crate::place::{Place, entry, hash, put, write};

async fn append(store: &Store, names: &[&str]) {
    let entries = names.iter().map(|name| entry(name, None)).collect();
    store.append_audit(entries, hash).await.unwrap();
}

/// Every link of the chain, from the first record to the head.
async fn check_chain(store: &Store) -> u64 {
    let head = store.head().await.unwrap();
    let (mut previous, mut sequence) = (vec![0; 32], 0);
    loop {
        let page = store.audit_page_for_verify(sequence + 1, 7).await.unwrap();
        if page.is_empty() {
            break;
        }
        for row in page {
            sequence += 1;
            assert_eq!(row.sequence, sequence);
            assert_eq!(row.prev_hash, previous);
            assert_eq!(row.hash, hash(&previous, sequence, &row.entry));
            previous = row.hash;
        }
    }
    assert_eq!((head.audit_sequence, head.audit_hash), (sequence, previous));
    sequence
}

pub(crate) async fn appends_and_lists(place: Place) {
    let store = place.store().await;
    append(&store, &["A", "B"]).await;
    write(&store, vec![put("thing", "a", "1")]).await;
    append(&store, &["A"]).await;
    append(&store, &[]).await;
    assert_eq!(check_chain(&store).await, 4);
    let head = store.head().await.unwrap();
    let holds = async |sequence, hash: &[u8]| store.audit_holds(sequence, hash).await.unwrap();
    assert!(holds(4, &head.audit_hash).await);
    assert!(!holds(3, &head.audit_hash).await, "another place");
    assert!(!holds(5, &head.audit_hash).await, "not there");

    let names = async |filter: &AuditFilter, seek, limit| -> Vec<String> {
        let rows: Vec<AuditRow> = store.list_audit(filter, seek, limit).await.unwrap();
        rows.iter()
            .map(|row| format!("{}{}", row.entry.rpc, row.sequence))
            .collect()
    };
    let all = AuditFilter::default();
    assert_eq!(names(&all, Seek::Newest, 3).await, ["A4", "Write3", "B2"]);
    assert_eq!(names(&all, Seek::Before(2), 3).await, ["A1"]);
    assert_eq!(names(&all, Seek::After(1), 2).await, ["B2", "Write3"]);
    let only = AuditFilter {
        rpc: Some("A".to_owned()),
        actor: Some("someone".to_owned()),
        resource: Some("things/1".to_owned()),
        outcome: Some("OK".to_owned()),
        token_id: Some(String::new()),
        role: Some(String::new()),
        from_time_us: Some(1_000),
        to_time_us: Some(1_001),
    };
    assert_eq!(names(&only, Seek::Newest, 9).await, ["A4", "A1"]);
    assert_eq!(store.count_audit(&only).await.unwrap(), 2);
    assert_eq!(store.count_audit(&all).await.unwrap(), 4);
    let later = AuditFilter {
        from_time_us: Some(1_001),
        ..AuditFilter::default()
    };
    assert_eq!(store.count_audit(&later).await.unwrap(), 0);
    let change = &store.list_audit(&all, Seek::Before(4), 1).await.unwrap()[0];
    assert_eq!(change.entry, entry("Write", Some(1)));
}

pub(crate) async fn chain_holds_under_concurrency(place: Place) {
    let first = place.store().await;
    let mut writers = Vec::new();
    for name in ["one", "two"] {
        let store = place.second(&first).await;
        writers.push(tokio::spawn(async move {
            for _ in 0..10 {
                append(&store, &[name, name]).await;
                write(&store, vec![put("thing", name, "1")]).await;
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(check_chain(&first).await, 60);
}
