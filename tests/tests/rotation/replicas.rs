//! Servers of one PostgreSQL that do not have the same key-encryption keys.

use aiconfig_proto::v1::Plan;
use aiconfig_tests::{Server, account, reason};
use tonic::Code;

use crate::load::{Load, released};
use crate::stage::{On, PROVIDERS, Stage, file, hang_up, make_kek, metric, ready, secret, until};

/// A server that was forgotten in the first step reads on and says what it lacks.
#[tokio::test]
async fn a_server_without_the_new_key_reads_on() {
    let stage = Stage::new(On::Postgres).await;
    let old = ready(&stage.server, "keks").replace(" (primary)", "");
    stage.copy_file("kek", "forgotten");
    let forgotten = file(&stage.place, "forgotten");
    let forgotten = [
        ("AICONFIG_KEK_FILE", forgotten.to_str().unwrap()),
        ("AICONFIG_KEK_OPEN_FILES", ""),
    ];
    let behind = Server::start_with(&stage.place, &forgotten);
    let mut backend = behind.clients("backend").await;
    let mut admin = behind.clients("admin").await;
    let expected = PROVIDERS.map(|provider| (provider, secret(provider, 1)));
    let load = Load::begin(&[stage.backend.clone(), backend.clone()], &expected);
    stage.copy_file("kek", "kek.other");
    let new = make_kek(&stage.place, "kek");
    until("loaded", || ready(&stage.server, "keks").starts_with(&new)).await;
    stage.vault(&["rotate-kek"]);
    let lacks = format!("degraded, missing {new}");
    until("degraded", || ready(&behind, "vault") == lacks).await;
    // Even where a provider key is sealed anew with a data key that it cannot open.
    stage.vault(&["rotate-dek"]);
    stage.vault(&["destroy-dek", "1"]);
    let refused = admin.accounts.upsert_account(account(9, Plan::Free)).await;
    let refused = refused.unwrap_err();
    let told = (refused.code(), reason(&refused));
    assert_eq!(
        told,
        (Code::FailedPrecondition, "KEY_UNAVAILABLE".to_owned())
    );
    assert_eq!(metric(&behind, "aiconfig_vault_unusable_keys"), 0);
    assert_eq!(metric(&behind, "aiconfig_vault_damage_total"), 0);
    let got = released(&mut backend, "openai").await;
    assert_eq!(got.unwrap(), secret("openai", 1));
    assert_eq!(ready(&stage.server, "vault"), "ok");
    // It gets the key, and is well.
    stage.copy_file("kek", "forgotten");
    hang_up(&behind);
    until("well", || ready(&behind, "vault") == "ok").await;
    assert_eq!(ready(&behind, "keks"), format!("{new} (primary)"));
    assert!(!ready(&behind, "keks").contains(&old));
    admin
        .accounts
        .upsert_account(account(9, Plan::Free))
        .await
        .unwrap();
    load.end().await;
}
