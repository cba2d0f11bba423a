//! Reasons that need a fault: a damaged row, a wrong key file, a full server, a database away.

use std::time::Duration;

use aiconfig_proto::v1::{self, Plan};
use aiconfig_tests::{Place, Server, account, query};
use aiconfig_testsupport::{PgOptions, PgServer};
use sea_orm::{ConnectionTrait as _, Database, TransactionTrait as _};
use tonic::{Code, Request};

use crate::{Seen, Stage};

fn keyed() -> v1::GetModelConfigRequest {
    v1::GetModelConfigRequest {
        include_api_key: true,
        ..query(2)
    }
}

async fn restart(stage: &mut Stage) {
    stage.server = Server::start(&stage.place);
    stage.admin = stage.server.clients("admin").await;
    stage.backend = stage.server.clients("backend").await;
}

pub(crate) async fn tampered(stage: &mut Stage, seen: &mut Seen) {
    let file = stage.place.data().join("aiconfig.db");
    let database = Database::connect(format!("sqlite://{}", file.display()));
    let database = database.await.unwrap();
    // The answer that request id `one` got cannot be read any more.
    let spoil = "UPDATE stored_answer SET answer = x'ff' WHERE request_id = 'one'";
    database.execute_unprepared(spoil).await.unwrap();
    let again = v1::UpsertAccountRequest {
        request_id: "one".to_owned(),
        ..account(50, Plan::Free)
    };
    let again = stage.admin.accounts.upsert_account(again).await;
    seen.refused(again, (Code::Internal, "INTERNAL"));
    // A sealed key loses its last byte.
    let spoil = "UPDATE key_envelope SET envelope = substr(envelope, 1, length(envelope) - 1) || \
                 x'00' WHERE version = 1";
    database.execute_unprepared(spoil).await.unwrap();
    database.close().await.unwrap();
    restart(stage).await;
    let damaged = stage.backend.configs.get_model_config(keyed()).await;
    seen.refused(damaged, (Code::DataLoss, "KEY_DAMAGED"));
    let without = stage.backend.configs.get_model_config(query(2)).await;
    let config = without.unwrap().into_inner().model_config.unwrap();
    assert!(!config.key_available);
    // Another key-encryption key: reads go on, releases and writes do not, nothing is replaced.
    let other = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";
    let kek = stage.place.data().join("kek");
    let right = std::fs::read_to_string(&kek).unwrap();
    std::fs::write(&kek, other).unwrap();
    restart(stage).await;
    let released = stage.backend.configs.get_model_config(keyed()).await;
    seen.refused(released, (Code::FailedPrecondition, "KEY_UNAVAILABLE"));
    let write = stage
        .admin
        .accounts
        .upsert_account(account(51, Plan::Free))
        .await;
    seen.refused(write, (Code::FailedPrecondition, "KEY_UNAVAILABLE"));
    stage
        .backend
        .configs
        .get_model_config(query(2))
        .await
        .unwrap();
    let channel = stage.server.channel().await;
    let vault = aiconfig_tests::health(&channel, "aiconfig.vault").await;
    assert_eq!(vault.unwrap(), 2, "NOT_SERVING");
    assert_eq!(aiconfig_tests::health(&channel, "").await.unwrap(), 1);
    assert!(stage.server.page("/readyz").contains("vault: degraded"));
    std::fs::write(&kek, right).unwrap();
    restart(stage).await;
    let write = stage
        .admin
        .accounts
        .upsert_account(account(51, Plan::Free))
        .await;
    write.unwrap();
}

pub(crate) async fn overload(seen: &mut Seen) {
    let place = Place::sqlite().with("AICONFIG_MAX_IN_FLIGHT", "1");
    let server = Server::start(&place);
    let mut backend = server.clients("backend").await;
    let far = v1::GetModelConfigRequest {
        min_revision: u64::MAX,
        ..query(2)
    };
    let mut waiting = backend.clone();
    let waiting = tokio::spawn(async move {
        let mut request = Request::new(far);
        let limit = "2S".parse().unwrap();
        request.metadata_mut().insert("grpc-timeout", limit);
        waiting.configs.get_model_config(request).await
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let refused = backend.configs.get_model_config(query(2)).await;
    seen.refused(refused, (Code::ResourceExhausted, "OVERLOADED"));
    let channel = server.channel().await;
    assert_eq!(aiconfig_tests::health(&channel, "").await.unwrap(), 1);
    let late = waiting.await.unwrap();
    seen.refused(late, (Code::DeadlineExceeded, "REVISION_NOT_REACHED"));
    backend.configs.get_model_config(query(2)).await.unwrap();
}

pub(crate) async fn rate(seen: &mut Seen) {
    let place = Place::sqlite()
        .with("AICONFIG_MAX_CALLS_PER_SECOND_PER_TOKEN", "1")
        .with("AICONFIG_MAX_BURST_PER_TOKEN", "1");
    let server = Server::start(&place);
    let mut backend = server.clients("backend").await;
    backend.configs.get_model_config(query(2)).await.unwrap();
    let refused = backend.configs.get_model_config(query(2)).await;
    seen.refused(refused, (Code::ResourceExhausted, "RATE_LIMITED"));
}

pub(crate) async fn away(seen: &mut Seen) {
    // Without fsync a halt would lose what was acknowledged, tokens among it.
    let database = PgServer::start(PgOptions { fsync: true });
    // The deadline is the server's own: with one of its own the client would end first.
    let place = Place::postgres(&database.create_database());
    let place = place.with("AICONFIG_DEFAULT_DEADLINE_SECONDS", "1");
    let server = Server::start(&place);
    let mut admin = server.clients("admin").await;
    // Somebody else holds the lock that every write waits for.
    let other = Database::connect(place.database().unwrap()).await.unwrap();
    let locked = other.begin().await.unwrap();
    let lock = "SELECT revision FROM head FOR UPDATE";
    locked.execute_unprepared(lock).await.unwrap();
    let late = admin.accounts.upsert_account(account(1, Plan::Free)).await;
    seen.refused(late, (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
    locked.rollback().await.unwrap();
    other.close().await.unwrap();
    database.halt();
    let mut write = Request::new(account(1, Plan::Free));
    let limit = "10S".parse().unwrap();
    write.metadata_mut().insert("grpc-timeout", limit);
    let away = admin.accounts.upsert_account(write).await;
    seen.refused(away, (Code::Unavailable, "STORAGE_UNAVAILABLE"));
    // Reads go on, and say how old they are once that is worth saying.
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    let read = admin
        .accounts
        .list_plans(v1::ListPlansRequest::default())
        .await;
    let read = read.unwrap();
    let stale = read.metadata().get("x-aiconfig-stale-seconds").unwrap();
    assert!(stale.to_str().unwrap().parse::<u64>().unwrap() >= 3);
    database.resume();
    let mut tries = 0;
    while let Err(status) = admin.accounts.upsert_account(account(1, Plan::Free)).await {
        tries += 1;
        assert!(tries < 50, "{status:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
