//! Damaged envelopes, ring rows and canaries: named, counted, audited, and left as they are.

use aiconfig_proto::v1::{self, Plan};
use aiconfig_tests::{account, health, query, reason};
use tonic::{Code, Status};

use crate::database::{flip, sealed};
use crate::load::released;
use crate::stage::{On, Stage, make_kek, metric, ready, secret, until};

const ENVELOPE: &str = "provider = 'openai' AND version = 1";

#[tokio::test]
async fn a_damaged_envelope_on_sqlite() {
    Box::pin(damaged_envelope(On::Sqlite)).await;
}

#[tokio::test]
async fn a_damaged_envelope_on_postgresql() {
    Box::pin(damaged_envelope(On::Postgres)).await;
}

fn told(status: &Status) -> (Code, String) {
    (status.code(), reason(status))
}

async fn damaged_envelope(on: On) {
    let mut stage = Stage::new(on).await;
    for version in 2..=5 {
        stage.add_key("openai", &secret("openai", version)).await;
    }
    flip(&stage.place, "key_envelope", "envelope", ENVELOPE).await;
    stage.restart().await;
    let refused = released(&mut stage.backend, "openai").await.unwrap_err();
    assert_eq!(told(&refused), (Code::DataLoss, "KEY_DAMAGED".to_owned()));
    let other = released(&mut stage.backend, "anthropic").await;
    assert_eq!(other.unwrap(), secret("anthropic", 1));
    alarmed(&mut stage, "providers/openai/keys/1").await;
    // A rotation seals what stands before it, names it, and leaves it and what follows.
    let before = sealed(&stage.place).await;
    let dry = stage.refused(&["rotate-dek", "--dry-run"]);
    assert!(dry.contains("stopped at providers/openai/keys/1"), "{dry}");
    assert_eq!(sealed(&stage.place).await, before);
    let envelopes = |lines: &[String]| -> Vec<String> {
        let of_openai = |line: &&String| line.starts_with("key_envelope openai");
        lines.iter().filter(of_openai).cloned().collect()
    };
    for _ in 0..2 {
        let stopped = stage.refused(&["rotate-dek"]);
        assert!(
            stopped.contains("stopped at providers/openai/keys/1"),
            "{stopped}"
        );
        assert!(stopped.contains("it was left as it is"), "{stopped}");
        assert_eq!(envelopes(&sealed(&stage.place).await), envelopes(&before));
        let status = stage.vault(&["status"]);
        assert!(status.contains("5 provider keys are left for"), "{status}");
        assert!(status.contains("value 1           open-only"), "{status}");
    }
    let verified = stage.refused(&["verify"]);
    assert!(
        verified.contains("FAILED   providers/openai/keys/1"),
        "{verified}"
    );
    let got = released(&mut stage.backend, "anthropic").await;
    assert_eq!(got.unwrap(), secret("anthropic", 1));
    // The way out: a good key in its place, and the damaged one destroyed.
    stage.promote("openai", 2).await;
    let got = released(&mut stage.backend, "openai").await;
    assert_eq!(got.unwrap(), secret("openai", 2));
    destroy(&mut stage, "openai", 1).await;
    let done = stage.vault(&["rotate-dek"]);
    assert!(done.contains("going on with data key 2"), "{done}");
    assert!(done.contains("4 sealed anew, 1 were already"), "{done}");
    assert!(done.contains("disabled data key 1"), "{done}");
    until("well", || ready(&stage.server, "vault") == "ok").await;
    assert_eq!(metric(&stage.server, "aiconfig_vault_damaged"), 0);
    assert_eq!(
        metric(&stage.server, "aiconfig_vault_damage_total"),
        1,
        "it was found once"
    );
    stage.vault(&["verify"]);
    stage.audit_holds().await;
}

/// What a server says of one damaged thing: health, `/readyz`, metrics, log and audit.
async fn alarmed(stage: &mut Stage, resource: &str) {
    assert_eq!(
        ready(&stage.server, "vault"),
        format!("degraded, damaged {resource}")
    );
    assert!(stage.server.page("/readyz").starts_with("HTTP/1.1 200"));
    assert!(metric(&stage.server, "aiconfig_vault_damage_total") >= 1);
    assert!(metric(&stage.server, "aiconfig_vault_damaged") >= 1);
    let channel = stage.server.channel().await;
    assert_eq!(health(&channel, "aiconfig.vault").await.unwrap(), 2);
    assert_eq!(health(&channel, "").await.unwrap(), 1);
    assert!(stage.server.log().contains("sealed data is damaged"));
    audited(stage, resource).await;
}

async fn audited(stage: &mut Stage, resource: &str) {
    let asked = v1::ListAuditRecordsRequest {
        filter: format!("outcome = \"damaged\" AND resource = \"{resource}\""),
        ..Default::default()
    };
    for _ in 0..100 {
        let listed = stage.admin.audit.list_audit_records(asked.clone()).await;
        if listed.unwrap().get_ref().total_size > 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("no audit record of {resource}");
}

async fn destroy(stage: &mut Stage, provider: &str, version: i32) {
    let asked = v1::ListProviderKeysRequest {
        provider: provider.to_owned(),
        ..Default::default()
    };
    let keys = stage
        .admin
        .providers
        .list_provider_keys(asked)
        .await
        .unwrap();
    let keys = keys.into_inner().provider_keys;
    let key = keys.iter().find(|key| key.version == version).unwrap();
    let destroy = v1::DestroyProviderKeyRequest {
        provider: provider.to_owned(),
        version,
        fingerprint: key.fingerprint.clone(),
        ..Default::default()
    };
    let destroyed = stage.admin.providers.destroy_provider_key(destroy).await;
    destroyed.unwrap();
}

/// What still works with a damaged row of the ring.
struct Works {
    purpose: &'static str,
    releases: bool,
    writes: bool,
}

const RING: [Works; 4] = [
    Works {
        purpose: "value",
        releases: false,
        writes: true,
    },
    Works {
        purpose: "state",
        releases: false,
        writes: true,
    },
    Works {
        purpose: "audit",
        releases: true,
        writes: false,
    },
    Works {
        purpose: "fingerprint",
        releases: true,
        writes: false,
    },
];

#[tokio::test]
async fn damaged_ring_rows_on_sqlite() {
    Box::pin(damaged_ring(On::Sqlite)).await;
}

#[tokio::test]
async fn damaged_ring_rows_on_postgresql() {
    Box::pin(damaged_ring(On::Postgres)).await;
}

async fn damaged_ring(on: On) {
    let mut stage = Stage::new(on).await;
    // A rotation is due, and must not move a ring of which a row does not open.
    stage.copy_file("kek", "kek.other");
    make_kek(&stage.place, "kek");
    let damaged = (Code::DataLoss, "KEY_DAMAGED".to_owned());
    for (version, works) in (1..).zip(RING) {
        let row = format!("purpose = '{}'", works.purpose);
        flip(&stage.place, "dek", "wrapped", &row).await;
        stage.restart().await;
        let before = sealed(&stage.place).await;
        // Reads that need no key go on.
        let plain = stage.backend.configs.get_model_config(query(1)).await;
        let config = plain.unwrap().into_inner().model_config.unwrap();
        assert_eq!(config.key_available, works.releases);
        let got = released(&mut stage.backend, "openai").await;
        match got {
            Ok(key) => assert!(works.releases && key == secret("openai", 1)),
            Err(status) => assert!(!works.releases && told(&status) == damaged, "{status:?}"),
        }
        let push = v1::UpsertAccountRequest {
            account: Some(v1::Account {
                source_version: version,
                ..account(9, Plan::Free).account.unwrap()
            }),
            ..Default::default()
        };
        match stage.admin.accounts.upsert_account(push).await {
            Ok(_) => assert!(works.writes),
            Err(status) => assert!(!works.writes && told(&status) == damaged, "{status:?}"),
        }
        // A key that could not be opened after a restart seals nothing.
        let add = v1::AddProviderKeyRequest {
            provider: "openai".to_owned(),
            api_key: secret("openai", 2),
            ..Default::default()
        };
        let refused = stage
            .admin
            .providers
            .add_provider_key(add)
            .await
            .unwrap_err();
        assert_eq!(told(&refused), damaged, "{refused:?}");
        let ready = ready(&stage.server, "vault");
        let resource = format!("keyring/{}/1", works.purpose);
        let mut expected = format!("degraded, damaged {resource}");
        if !works.releases {
            expected += ", providers/anthropic/keys/1, providers/openai/keys/1";
        }
        assert_eq!(ready, expected);
        let channel = stage.server.channel().await;
        assert_eq!(health(&channel, "aiconfig.vault").await.unwrap(), 2);
        assert!(metric(&stage.server, "aiconfig_vault_damage_total") > 0);
        if works.writes {
            audited(&mut stage, &resource).await;
        }
        for arguments in [&["rotate-kek", "--dry-run"] as &[&str], &["rotate-kek"]] {
            let stopped = stage.refused(arguments);
            let expected = format!("stopped at keyring/{}/1", works.purpose);
            assert!(stopped.contains(&expected), "{stopped}");
        }
        let verified = stage.refused(&["verify"]);
        let failed = format!("FAILED   {resource}: stored data is damaged");
        assert!(verified.contains(&failed), "{verified}");
        let status = stage.vault(&["status"]);
        assert!(
            status.contains("FAILED: stored data is damaged"),
            "{status}"
        );
        assert_eq!(sealed(&stage.place).await, before);
        flip(&stage.place, "dek", "wrapped", &row).await;
    }
    stage.restart().await;
    assert_eq!(ready(&stage.server, "vault"), "ok");
    stage.vault(&["rotate-kek"]);
    stage.audit_holds().await;
}

#[tokio::test]
async fn a_damaged_canary_is_told() {
    let mut stage = Stage::new(On::Sqlite).await;
    flip(&stage.place, "vault_canary", "envelope", "1 = 1").await;
    stage.restart().await;
    alarmed(&mut stage, "keyring/canary").await;
    // Keys open all the same; the next rotation makes a new one.
    let got = released(&mut stage.backend, "openai").await;
    assert_eq!(got.unwrap(), secret("openai", 1));
    stage.vault(&["rotate-dek"]);
    until("well", || ready(&stage.server, "vault") == "ok").await;
}

#[tokio::test]
async fn each_of_two_damaged_parts_of_the_ring_is_told() {
    let mut stage = Stage::new(On::Sqlite).await;
    flip(&stage.place, "vault_canary", "envelope", "1 = 1").await;
    flip(&stage.place, "dek", "wrapped", "purpose = 'fingerprint'").await;
    stage.restart().await;
    assert_eq!(
        ready(&stage.server, "vault"),
        "degraded, damaged keyring/fingerprint/1, keyring/canary"
    );
    assert_eq!(metric(&stage.server, "aiconfig_vault_damaged"), 2);
    assert_eq!(metric(&stage.server, "aiconfig_vault_damage_total"), 2);
    for resource in ["keyring/fingerprint/1", "keyring/canary"] {
        audited(&mut stage, resource).await;
    }
}
