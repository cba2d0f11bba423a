//! The key-encryption key rotated where files come as credentials, which are read at a start alone:
//! the steps of `docs/rotation.md` under the systemd unit.

use std::fs;

use aiconfig_tests::Server;

use crate::load::released;
use crate::stage::{On, Stage, file, hang_up, make_kek, ready, secret, until};

/// Starts the server anew as the service manager does: with a copy of the files as they are now.
async fn restart(stage: &mut Stage, name: &str) {
    let folder = file(&stage.place, name);
    fs::create_dir(&folder).unwrap();
    for key in ["kek", "kek.other"] {
        fs::copy(file(&stage.place, key), folder.join(key)).unwrap();
    }
    let other = folder.join("kek.other");
    let env = [
        ("CREDENTIALS_DIRECTORY", folder.to_str().unwrap()),
        ("AICONFIG_KEK_OPEN_FILES", other.to_str().unwrap()),
    ];
    stage.server = Server::start_with(&stage.place, &env);
    stage.admin = stage.server.clients("admin").await;
    stage.backend = stage.server.clients("backend").await;
    assert_eq!(ready(&stage.server, "vault"), "ok");
    let key = released(&mut stage.backend, "openai").await;
    assert_eq!(key.unwrap(), secret("openai", 1));
}

#[tokio::test]
async fn a_key_that_is_a_credential_is_rotated_with_restarts() {
    let mut stage = Stage::new(On::Sqlite).await;
    let old = ready(&stage.server, "keks").replace(" (primary)", "");
    // Between rotations the other one is a copy of the primary.
    stage.copy_file("kek", "kek.other");
    restart(&mut stage, "before").await;
    assert_eq!(ready(&stage.server, "keks"), format!("{old} (primary)"));
    let new = make_kek(&stage.place, "kek.new");
    stage.move_file("kek.new", "kek.other");
    hang_up(&stage.server);
    assert_eq!(ready(&stage.server, "keks"), format!("{old} (primary)"));
    restart(&mut stage, "opens").await;
    assert_eq!(
        ready(&stage.server, "keks"),
        format!("{old} (primary), {new}")
    );
    stage.copy_file("kek", "kek.former");
    stage.move_file("kek.other", "kek");
    stage.move_file("kek.former", "kek.other");
    restart(&mut stage, "primary").await;
    assert_eq!(
        ready(&stage.server, "keks"),
        format!("{new} (primary), {old}")
    );
    stage.vault(&["rotate-kek", "--dry-run"]);
    stage.vault(&["rotate-kek"]);
    let status = stage.vault(&["status"]);
    assert!(
        status.contains("the primary wraps the whole ring"),
        "{status}"
    );
    until("moved", || {
        let page = stage.server.page("/metrics");
        page.contains("\naiconfig_vault_rows_to_rewrap 0\n")
    })
    .await;
    stage.copy_file("kek", "kek.other");
    restart(&mut stage, "after").await;
    assert_eq!(ready(&stage.server, "keks"), format!("{new} (primary)"));
    stage.audit_holds().await;
}
