//! A wrong key-encryption key, none, and bad files: degraded, nothing overwritten, well again.

use aiconfig_proto::v1::{self, Plan};
use aiconfig_tests::{account, health, query, reason};
use tonic::{Code, Response, Status};

use crate::database::dump;
use crate::load::{Load, released};
use crate::stage::{On, PROVIDERS, Stage, file, hang_up, make_kek, metric, ready, secret, until};

#[tokio::test]
async fn a_wrong_key_at_the_start_on_sqlite() {
    Box::pin(wrong_at_start(On::Sqlite)).await;
}

#[tokio::test]
async fn a_wrong_key_at_the_start_on_postgresql() {
    Box::pin(wrong_at_start(On::Postgres)).await;
}

#[track_caller]
fn unavailable<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) {
    let status = answer.unwrap_err();
    let told = (status.code(), reason(&status));
    let expected = (Code::FailedPrecondition, "KEY_UNAVAILABLE".to_owned());
    assert_eq!(told, expected, "{status:?}");
}

async fn wrong_at_start(on: On) {
    let mut stage = Stage::new(on).await;
    let right = ready(&stage.server, "keks").replace(" (primary)", "");
    stage.copy_file("kek", "right");
    assert!(stage_stops(&mut stage).await);
    let before = dump(&stage.place).await;
    make_kek(&stage.place, "kek");
    stage.restart().await;
    // Everything that needs no key goes on.
    degraded(&mut stage, &right).await;
    let plain = stage.backend.configs.get_model_config(query(1)).await;
    let config = plain.unwrap().into_inner().model_config.unwrap();
    assert!(!config.key_available && config.api_key.is_empty());
    let keys = v1::ListProviderKeysRequest {
        provider: "openai".to_owned(),
        ..Default::default()
    };
    let keys = stage
        .admin
        .providers
        .list_provider_keys(keys)
        .await
        .unwrap();
    assert_eq!(keys.get_ref().provider_keys.len(), 1);
    // Releases and writes do not.
    for provider in PROVIDERS {
        let refused = released(&mut stage.backend, provider).await.unwrap_err();
        unavailable::<()>(Err(refused));
    }
    writes_are_refused(&mut stage).await;
    for (arguments, expected) in [
        (&["rotate-kek"] as &[&str], "keyring/audit/1"),
        (&["rotate-kek", "--dry-run"], "keyring/audit/1"),
        (&["rotate-dek"], right.as_str()),
        (&["rotate-dek", "--dry-run"], right.as_str()),
        (&["verify"], right.as_str()),
    ] {
        let told = stage.refused(arguments);
        assert!(told.contains(expected), "{arguments:?}: {told}");
    }
    let status = stage.vault(&["status"]);
    assert!(
        status.contains(&format!("{right}  MISSING        4")),
        "{status}"
    );
    // Refusals are noted for the audit, and wait for its key.
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert_eq!(dump(&stage.place).await, before);
    // The right one comes: well again, without a restart.
    stage.move_file("right", "kek");
    hang_up(&stage.server);
    well(&mut stage, &right).await;
    assert_ne!(dump(&stage.place).await, before, "writes are taken");
}

/// Stops the server in an orderly way, so that nothing is written behind the test's back.
async fn stage_stops(stage: &mut Stage) -> bool {
    // The release of keys is counted and written at the end.
    stage.audit_holds().await;
    let place = aiconfig_tests::Place::sqlite();
    let idle = aiconfig_tests::Server::start(&place);
    let running = std::mem::replace(&mut stage.server, idle);
    running.stop()
}

async fn degraded(stage: &mut Stage, missing: &str) {
    let told = ready(&stage.server, "vault");
    assert_eq!(told, format!("degraded, missing {missing}"));
    assert!(stage.server.page("/readyz").starts_with("HTTP/1.1 200"));
    assert_eq!(metric(&stage.server, "aiconfig_vault_missing_keys"), 1);
    assert_eq!(metric(&stage.server, "aiconfig_vault_unusable_keys"), 2);
    assert_eq!(metric(&stage.server, "aiconfig_vault_damaged"), 0);
    let channel = stage.server.channel().await;
    assert_eq!(health(&channel, "aiconfig.vault").await.unwrap(), 2);
    assert_eq!(health(&channel, "").await.unwrap(), 1);
}

async fn writes_are_refused(stage: &mut Stage) {
    let admin = &mut stage.admin;
    unavailable(admin.accounts.upsert_account(account(9, Plan::Free)).await);
    let provider = || "openai".to_owned();
    let add = v1::AddProviderKeyRequest {
        provider: provider(),
        api_key: secret("openai", 2),
        ..Default::default()
    };
    unavailable(admin.providers.add_provider_key(add).await);
    let revoke = v1::RevokeProviderKeyRequest {
        provider: provider(),
        version: 1,
        ..Default::default()
    };
    unavailable(admin.providers.revoke_provider_key(revoke).await);
    let freeze = v1::SetKeyFreezeRequest {
        provider: provider(),
        frozen: true,
        ..Default::default()
    };
    unavailable(admin.providers.set_key_freeze(freeze).await);
    let destroy = v1::DestroyProviderKeyRequest {
        provider: provider(),
        version: 1,
        fingerprint: "0123456789abcdef".to_owned(),
        ..Default::default()
    };
    unavailable(admin.providers.destroy_provider_key(destroy).await);
    let token = v1::CreateTokenRequest {
        label: "test".to_owned(),
        role: v1::Role::Auditor.into(),
        ..Default::default()
    };
    unavailable(admin.tokens.create_token(token).await);
    let chain = v1::VerifyAuditChainRequest::default();
    unavailable(admin.audit.verify_audit_chain(chain).await);
}

async fn well(stage: &mut Stage, right: &str) {
    until("well", || ready(&stage.server, "vault") == "ok").await;
    assert_eq!(ready(&stage.server, "keks"), format!("{right} (primary)"));
    assert_eq!(metric(&stage.server, "aiconfig_vault_missing_keys"), 0);
    assert_eq!(metric(&stage.server, "aiconfig_vault_unusable_keys"), 0);
    let taken = metric(
        &stage.server,
        "aiconfig_kek_reloads_total{outcome=\"taken\"}",
    );
    assert_eq!(taken, 1);
    let channel = stage.server.channel().await;
    assert_eq!(health(&channel, "aiconfig.vault").await.unwrap(), 1);
    for provider in PROVIDERS {
        let got = released(&mut stage.backend, provider).await;
        assert_eq!(got.unwrap(), secret(provider, 1));
    }
    let write = stage.admin.accounts.upsert_account(account(9, Plan::Free));
    write.await.unwrap();
    // What was refused meanwhile is in the audit now, and the chain holds.
    let refused = v1::ListAuditRecordsRequest {
        filter: "outcome = \"refused\"".to_owned(),
        ..Default::default()
    };
    let mut found = 0;
    for _ in 0..100 {
        let listed = stage.admin.audit.list_audit_records(refused.clone()).await;
        found = listed.unwrap().into_inner().total_size;
        if found >= 6 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(found >= 6, "{found}");
    stage.audit_holds().await;
}

#[tokio::test]
async fn no_key_at_all_is_a_degraded_start_too() {
    let mut stage = Stage::new(On::Sqlite).await;
    let right = ready(&stage.server, "keks").replace(" (primary)", "");
    stage.move_file("kek", "right");
    stage.restart().await;
    degraded(&mut stage, &right).await;
    assert_eq!(ready(&stage.server, "keks"), "");
    assert_eq!(metric(&stage.server, "aiconfig_kek_files_in_use"), 0);
    let told = stage.refused(&["rotate-kek"]);
    assert!(
        told.contains("no primary key-encryption key is loaded"),
        "{told}"
    );
    // The place of keys that only open does as well.
    stage.copy_file("right", "kek.other");
    until("well", || ready(&stage.server, "vault") == "ok").await;
    assert_eq!(
        metric(&stage.server, "aiconfig_kek_files_in_use"),
        0,
        "the primary is missing"
    );
    stage.move_file("right", "kek");
    until("in force", || {
        metric(&stage.server, "aiconfig_kek_files_in_use") == 1
    })
    .await;
    let got = released(&mut stage.backend, "openai").await;
    assert_eq!(got.unwrap(), secret("openai", 1));
}

#[tokio::test]
async fn bad_files_change_nothing() {
    let mut stage = Stage::new(On::Sqlite).await;
    let right = ready(&stage.server, "keks");
    stage.copy_file("kek", "right");
    let expected = PROVIDERS.map(|provider| (provider, secret(provider, 1)));
    let load = Load::begin(&[stage.backend.clone()], &expected);
    let counted = "aiconfig_kek_reloads_total{outcome=\"refused\"}";
    let mut refused = 0;
    let place = file(&stage.place, "kek");
    let spoils: [(&str, &dyn Fn()); 4] = [
        ("does not hold a key", &|| {
            std::fs::write(&place, "no key\n").unwrap();
        }),
        ("does not hold a key", &|| {
            std::fs::write(&place, "").unwrap();
        }),
        ("cannot read", &|| std::fs::remove_file(&place).unwrap()),
        ("which no file holds any more", &|| {
            make_kek(&stage.place, "kek");
        }),
    ];
    for (problem, spoil) in spoils {
        spoil();
        hang_up(&stage.server);
        refused += 1;
        until(problem, || metric(&stage.server, counted) >= refused).await;
        refused = metric(&stage.server, counted);
        assert!(
            stage.server.log().contains(problem),
            "{}",
            stage.server.log()
        );
        assert_eq!(ready(&stage.server, "vault"), "ok");
        assert!(ready(&stage.server, "keks").contains(&right.replace(" (primary)", "")));
        assert_eq!(metric(&stage.server, "aiconfig_kek_files_in_use"), 0);
        let write = stage.admin.accounts.upsert_account(account(9, Plan::Free));
        write.await.unwrap();
        stage.copy_file("right", "kek");
        hang_up(&stage.server);
        until("well", || {
            metric(&stage.server, "aiconfig_kek_files_in_use") == 1
        })
        .await;
        assert_eq!(ready(&stage.server, "keks"), right);
    }
    load.end().await;
    // No line of the log holds a key.
    let key = std::fs::read_to_string(file(&stage.place, "right")).unwrap();
    assert!(!stage.server.log().contains(key.trim()));
}
