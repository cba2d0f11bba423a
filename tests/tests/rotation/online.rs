//! Key-encryption key and data key rotated under load, without a failed read.

use aiconfig_proto::v1;
use aiconfig_tests::{Clients, Server};

use crate::database::sealing_versions;
use crate::load::Load;
use crate::stage::{On, PROVIDERS, Stage, file, hang_up, make_kek, metric, ready, secret, until};

/// Rotations of each key.
const ROUNDS: u32 = 2;
/// Provider keys beside the primary ones.
const STANDBY: u32 = 20;

#[tokio::test]
async fn keys_rotate_under_load_on_sqlite() {
    Box::pin(rotate_under_load(On::Sqlite)).await;
}

#[tokio::test]
async fn keys_rotate_under_load_on_postgresql() {
    Box::pin(rotate_under_load(On::Postgres)).await;
}

async fn rotate_under_load(on: On) {
    let mut stage = Stage::new(on).await;
    for version in 2..2 + STANDBY {
        stage.add_key("openai", &secret("openai", version)).await;
    }
    // The second server of the same database takes all up by itself.
    let second = Server::start(&stage.place);
    let other = second.clients("backend").await;
    let mut other_admin = second.clients("admin").await;
    let expected = PROVIDERS.map(|provider| (provider, secret(provider, 1)));
    let load = Load::begin(&[stage.backend.clone(), other], &expected);
    let (before, begun) = digest(&mut stage.admin, 0).await;
    for round in 1..=ROUNDS {
        rotate_kek(&stage, &second).await;
        rotate_dek(&stage, round).await;
    }
    // A rotation is no change of the state; both servers come to the same.
    let mut revision = begun;
    let (after, ended) = loop {
        let (here, there) = (
            digest(&mut stage.admin, revision).await,
            digest(&mut other_admin, revision).await,
        );
        if here == there {
            break here;
        }
        assert_ne!(
            here.1, there.1,
            "one revision, two states: {here:?} {there:?}"
        );
        revision = here.1.max(there.1);
    };
    assert!(ended > begun);
    assert_eq!(after, before);
    // What is added now is sealed with the new data key, by the other server too.
    std::mem::swap(&mut stage.admin, &mut other_admin);
    stage.add_key("openai", &secret("openai", 99)).await;
    let versions = sealing_versions(&stage.place).await;
    assert_eq!(versions, vec![ROUNDS + 1; STANDBY as usize + 3]);
    let calls = load.end().await;
    println!("{calls} keys were released while {ROUNDS} times each key was rotated");
    for server in [&stage.server, &second] {
        assert_eq!(ready(server, "vault"), "ok");
        assert_eq!(metric(server, "aiconfig_vault_damage_total"), 0);
    }
    stage.audit_holds().await;
    // What the log tells of rotations leads to the state that is stored.
    let checked = stage.place.run(&["check", "--data"]);
    let checked = String::from_utf8(checked.stdout).unwrap();
    assert!(
        checked.contains("ok       keyring; 23 stored keys open"),
        "{checked}"
    );
    assert!(!checked.contains("FAILED   log"), "{checked}");
    // A start finds all of it well, with the new key-encryption key alone.
    stage.restart().await;
    let verified = stage.vault(&["verify"]);
    assert!(
        verified.contains("5 rows of the ring and 23 keys opened, 0 did not"),
        "{verified}"
    );
    assert_eq!(ready(&stage.server, "vault"), "ok");
    let load = Load::begin(&[stage.backend.clone()], &expected);
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    load.end().await;
}

async fn digest(admin: &mut Clients, min_revision: u64) -> (String, u64) {
    let asked = v1::GetStateDigestRequest { min_revision };
    let answer = admin.history.get_state_digest(asked).await.unwrap();
    let answer = answer.into_inner();
    (answer.digest, answer.revision)
}

/// The steps of `docs/rotation.md`: one server is told by a signal, the other looks by itself.
async fn rotate_kek(stage: &Stage, second: &Server) {
    let servers = [&stage.server, second];
    let old = ready(&stage.server, "keks").replace(" (primary)", "");
    // The new one only opens, everywhere.
    let new = make_kek(&stage.place, "kek.other");
    hang_up(&stage.server);
    for server in servers {
        until("open-only", || {
            ready(server, "keks") == format!("{old} (primary), {new}")
        })
        .await;
    }
    // It becomes the primary. In between no file holds the old one, which is kept all the same.
    stage.move_file("kek", "former");
    stage.move_file("kek.other", "kek");
    hang_up(&stage.server);
    until("kept", || {
        ready(&stage.server, "keks") == format!("{new} (primary), {old}")
    })
    .await;
    until("told", || {
        metric(&stage.server, "aiconfig_kek_files_in_use") == 0
    })
    .await;
    stage.move_file("former", "kek.other");
    for server in servers {
        until("primary", || {
            ready(server, "keks") == format!("{new} (primary), {old}")
        })
        .await;
        until("in force", || {
            metric(server, "aiconfig_kek_files_in_use") == 1
        })
        .await;
        assert!(metric(server, "aiconfig_vault_rows_to_rewrap") >= 4);
    }
    let status = stage.vault(&["status"]);
    assert!(
        status.contains("are left for `aiconfig vault rotate-kek`"),
        "{status}"
    );
    // The ring is wrapped by it.
    let dry = stage.vault(&["rotate-kek", "--dry-run"]);
    assert!(dry.contains("nothing was changed"), "{dry}");
    assert!(stage.vault(&["status"]).contains("are left for"));
    let moved = stage.vault(&["rotate-kek"]);
    assert!(moved.contains(&format!("moved to {new}")), "{moved}");
    let again = stage.vault(&["rotate-kek"]);
    assert!(again.contains("nothing to do"), "{again}");
    for server in servers {
        until("wrapped", || {
            metric(server, "aiconfig_vault_rows_to_rewrap") == 0
        })
        .await;
    }
    // The old one is needed no more.
    let status = stage.vault(&["status"]);
    assert!(
        status.contains(&format!("{old}  open-only      0")),
        "{status}"
    );
    assert!(
        status.contains("the primary wraps the whole ring"),
        "{status}"
    );
    stage.remove_file("kek.other");
    for server in servers {
        until("gone", || {
            ready(server, "keks") == format!("{new} (primary)")
        })
        .await;
        assert_eq!(ready(server, "vault"), "ok");
        assert_eq!(metric(server, "aiconfig_kek_files_in_use"), 1);
    }
    assert!(!file(&stage.place, "kek.other").exists());
}

async fn rotate_dek(stage: &Stage, round: u32) {
    let keys = STANDBY + 2;
    let dry = stage.vault(&["rotate-dek", "--dry-run"]);
    let expected = format!(
        "new data key {} would seal {keys} keys anew and seals 0",
        round + 1
    );
    assert!(dry.contains(&expected), "{dry}");
    let none = stage.vault(&["rotate-dek", "--resume"]);
    assert!(
        none.contains(&format!("data key {round} seals all keys: 0")),
        "{none}"
    );
    let done = stage.vault(&["rotate-dek", "--batch", "7"]);
    for line in [
        format!("added data key {}", round + 1),
        format!("data key {} seals from now on", round + 1),
        format!("{keys} of {keys} keys"),
        format!("disabled data key {round}"),
        format!(
            "new data key {} seals all keys: {keys} sealed anew",
            round + 1
        ),
    ] {
        assert!(done.contains(&line), "{line}: {done}");
    }
    assert_eq!(
        sealing_versions(&stage.place).await,
        vec![round + 1; keys as usize]
    );
    let status = stage.vault(&["status"]);
    assert!(
        status.contains("the active data key seals all provider keys"),
        "{status}"
    );
    let refused = stage.refused(&["destroy-dek", &(round + 1).to_string()]);
    assert!(refused.contains("cannot become destroyed"), "{refused}");
    // The first stays disabled, the second goes for good.
    if round > 1 {
        let destroyed = stage.vault(&["destroy-dek", &round.to_string()]);
        assert!(destroyed.contains("is destroyed"), "{destroyed}");
    }
}
