//! Two servers over one PostgreSQL: what is written through one is read through the other, and
//! after many random writes through both, both hold the same state, as do a fresh start and a
//! replay of the log.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use aiconfig_proto::v1::{self, Plan};
use aiconfig_tests::{Clients, Place, Server, number, query, save, text};
use aiconfig_testsupport::PgServer;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tonic::{Code, Status};

/// Tasks that write at the same time, and the writes of each.
const WRITERS: u64 = 4;
const WRITES: usize = 300;
const ACCOUNTS: i64 = 40;

/// Refusals that random writes may meet; anything else is a fault.
fn expected(status: &Status) -> bool {
    let codes = [
        Code::FailedPrecondition,
        Code::NotFound,
        Code::InvalidArgument,
        Code::Aborted,
        Code::AlreadyExists,
    ];
    codes.contains(&status.code())
}

/// One random write; the revision that holds it, if it was taken.
async fn write(random: &mut StdRng, to: &mut Clients, version: i64) -> Result<u64, Status> {
    let id = random.random_range(1..=ACCOUNTS);
    Ok(match random.random_range(0..8) {
        0 | 1 => {
            let plans = [Plan::Free, Plan::Starter, Plan::Growth, Plan::Scale];
            let account = v1::Account {
                account_id: id,
                plan: plans[random.random_range(0..4)].into(),
                active: random.random_bool(0.9),
                source_version: version,
                ..Default::default()
            };
            let push = v1::UpsertAccountRequest {
                account: Some(account),
                ..Default::default()
            };
            to.accounts.upsert_account(push).await?.get_ref().revision
        }
        2..5 => {
            let models = ["gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4"];
            let saved = save(
                id,
                &[
                    ("model", text(models[random.random_range(0..4)])),
                    (
                        "temperature",
                        number(f64::from(random.random_range(0..20)) / 10.0),
                    ),
                ],
            );
            let saved = to.settings.save_integration_settings(saved).await?;
            saved.get_ref().revision
        }
        5 => {
            let reset = v1::ResetIntegrationSettingsRequest {
                account_id: id,
                integration_type: "openai".to_owned(),
                ..Default::default()
            };
            let reset = to.settings.reset_integration_settings(reset).await?;
            reset.get_ref().revision
        }
        6 => {
            let fields = v1::ModelFields {
                max_tokens: Some(random.random_range(1_000..9_000)),
                ..Default::default()
            };
            let settings = v1::GlobalSettings {
                sections: [("openai".to_owned(), fields)].into(),
                ..Default::default()
            };
            let update = v1::UpdateGlobalSettingsRequest {
                global_settings: Some(settings),
                ..Default::default()
            };
            let update = to.globals.update_global_settings(update).await?;
            update.get_ref().revision
        }
        _ => {
            let delete = v1::DeleteAccountRequest {
                account_id: id,
                source_version: version,
                ..Default::default()
            };
            to.accounts.delete_account(delete).await?.get_ref().revision
        }
    })
}

/// Writes through one server, reads each write through the other.
async fn writer(seed: u64, mut one: Clients, mut other: Clients) -> (usize, u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let (mut taken, mut last) = (0, 0);
    for step in 0..WRITES {
        let version = i64::try_from(step + 1).unwrap();
        match write(&mut random, &mut one, version).await {
            Ok(revision) => {
                taken += 1;
                last = revision;
                let read = v1::GetModelConfigRequest {
                    min_revision: revision,
                    ..query(1)
                };
                match other.configs.get_model_config(read).await {
                    Ok(config) => {
                        let revealed = config.into_inner().model_config.unwrap().revision;
                        assert!(revealed >= revision, "{revealed} of {revision}");
                    }
                    Err(status) => assert!(expected(&status), "{status:?}"),
                }
            }
            Err(status) => assert!(expected(&status), "seed {seed}, step {step}: {status:?}"),
        }
        std::mem::swap(&mut one, &mut other);
    }
    (taken, last)
}

async fn digest(server: &Server, min_revision: u64) -> (String, u64) {
    let mut admin = server.clients("admin").await;
    let request = v1::GetStateDigestRequest { min_revision };
    let answer = admin.history.get_state_digest(request).await.unwrap();
    (answer.get_ref().digest.clone(), answer.get_ref().revision)
}

#[tokio::test]
async fn two_servers_come_to_one_state() {
    let place = Place::postgres(&PgServer::shared().create_database());
    let (one, other) = (Server::start(&place), Server::start(&place));
    let (first, second) = (one.clients("admin").await, other.clients("admin").await);
    let given = std::env::var("AICONFIG_TEST_SEED").ok();
    let seed: u64 = given.and_then(|seed| seed.parse().ok()).unwrap_or(2_026);
    let writers: Vec<_> = (0..WRITERS)
        .map(|number| {
            let writer = writer(seed + number, first.clone(), second.clone());
            tokio::spawn(writer)
        })
        .collect();
    let (mut taken, mut last) = (0, 0);
    for writer in writers {
        let (count, revision) = writer.await.unwrap();
        taken += count;
        last = last.max(revision);
    }
    assert!(taken > 600, "seed {seed}: only {taken} writes were taken");
    let state = digest(&one, last).await;
    assert_eq!(state, digest(&other, last).await, "seed {seed}");
    let fresh = Server::start(&place);
    assert_eq!(
        state,
        digest(&fresh, last).await,
        "seed {seed}: a fresh start"
    );
    // The check replays the log, and finds nothing to say about it.
    let check = place.run(&["check", "--data"]);
    let told = String::from_utf8(check.stdout).unwrap();
    assert!(!told.contains("FAILED   log"), "seed {seed}: {told}");
    let export = String::from_utf8(place.run(&["export"]).stdout).unwrap();
    assert!(export.lines().last().unwrap().contains(&state.0));
    // A row that is changed beside the log is told.
    let database = sea_orm::Database::connect(place.database().unwrap())
        .await
        .unwrap();
    let beside = "UPDATE resource SET value = replace(value, 'gpt-4o', 'gpt-4p') WHERE kind = \
                  'global_settings'";
    sea_orm::ConnectionTrait::execute_unprepared(&database, beside)
        .await
        .unwrap();
    let check = place.run(&["check", "--data"]);
    let told = String::from_utf8(check.stdout).unwrap();
    assert!(told.contains("FAILED   log"), "{told}");
}
