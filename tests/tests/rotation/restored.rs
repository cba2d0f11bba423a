//! Backups of what is damaged, and databases that were restored in part.

use crate::database::{dump, flip, spoil};
use crate::stage::{On, Stage};

const ENVELOPE: &str = "provider = 'openai' AND version = 1";

/// Makes a backup, which must tell of damage; what it said.
fn damaged_backup(stage: &Stage, name: &str) -> String {
    let file = stage.place.data().join(name);
    let done = stage
        .place
        .run(&["backup", "--output", file.to_str().unwrap()]);
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    assert!(file.is_file(), "the copy is there");
    String::from_utf8(done.stdout).unwrap()
}

#[tokio::test]
async fn a_backup_names_what_is_damaged_also_without_the_key() {
    let stage = Stage::new(On::Sqlite).await;
    flip(&stage.place, "key_envelope", "envelope", ENVELOPE).await;
    let told = damaged_backup(&stage, "one.db");
    let damage = "FAILED   providers/openai/keys/1: stored data is damaged";
    assert!(told.contains(damage), "{told}");
    assert!(told.contains("1 stored keys open, 1 do not"), "{told}");
    let audit = "purpose = 'audit'";
    flip(&stage.place, "dek", "wrapped", audit).await;
    let told = damaged_backup(&stage, "two.db");
    assert!(told.contains("FAILED   keyring/audit/1"), "{told}");
    assert!(told.contains("its key is damaged"), "{told}");
    flip(&stage.place, "dek", "wrapped", audit).await;
    let gone = format!("DELETE FROM key_envelope WHERE {ENVELOPE}");
    spoil(&stage.place, &gone).await;
    stage.remove_file("kek");
    let told = damaged_backup(&stage, "three.db");
    let failed: Vec<_> = told
        .lines()
        .filter(|line| line.starts_with("FAILED"))
        .collect();
    let missing = "FAILED   providers/openai/keys/1: its envelope is missing";
    assert_eq!(failed, [missing], "{told}");
    assert!(told.contains("1 stored keys were not opened"), "{told}");
}

#[tokio::test]
async fn a_lost_ring_is_not_made_anew() {
    let Stage { place, server, .. } = Stage::new(On::Sqlite).await;
    assert!(server.stop());
    let place = &place;
    spoil(place, "DELETE FROM vault_canary").await;
    for purpose in ["value", "state", "audit", "fingerprint"] {
        let gone = format!("DELETE FROM dek WHERE purpose = '{purpose}'");
        spoil(place, &gone).await;
    }
    let before = dump(place).await;
    for arguments in [&["serve"] as &[&str], &["check"], &["vault", "verify"]] {
        let refused = place.run(arguments);
        assert_eq!(refused.status.code(), Some(1), "{refused:?}");
        let told = String::from_utf8(refused.stderr).unwrap();
        assert!(
            told.contains("restore the tables dek and vault_canary"),
            "{told}"
        );
    }
    assert_eq!(dump(place).await, before);
}
