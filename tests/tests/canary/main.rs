//! A key, and credentials in settings, are looked for everywhere that they must not be: database
//! and its log, the server's log at its most talkative, metrics, audit, export, lists, errors.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod forms;
mod memory;

use std::path::Path;

use aiconfig_proto::v1::{self, Plan};
use aiconfig_tests::{Clients, Place, Server, account, config, query, save, text};
use aiconfig_testsupport::PgServer;
use forms::forms;
use prost_types::value::Kind;
use prost_types::{ListValue, Value};
use sea_orm::{ConnectionTrait as _, Database, Statement};

/// The key, and what stands in settings under names and in shapes of credentials.
const KEY: &str = "sk-proj-Canary7Key0Of9The2Vault4x";
const SETTINGS: [&str; 5] = [
    "canary-in-api-key-1f3",
    "canary-in-nested-2e4",
    "canary-in-list-3d5",
    "sk-Canary4InAPlainField6c7b",
    "canary-in-bearer-5a8",
];

fn search(place: &str, bytes: &[u8]) {
    for secret in SETTINGS.iter().chain([&KEY]) {
        for form in forms(secret) {
            let found = bytes.windows(form.len()).any(|window| window == form);
            let form = String::from_utf8_lossy(&form).into_owned();
            assert!(!found, "{secret} lies open in {place}, as {form}");
        }
    }
}

fn search_files(directory: &Path) -> usize {
    let mut files = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += search_files(&path);
        } else {
            search(&path.display().to_string(), &std::fs::read(&path).unwrap());
            files += 1;
        }
    }
    files
}

fn object(members: &[(&str, Value)]) -> Value {
    Value {
        kind: Some(Kind::StructValue(config(members))),
    }
}

async fn plant(admin: &mut Clients, backend: &mut Clients) {
    let grow = account(1, Plan::Growth);
    admin.accounts.upsert_account(grow).await.unwrap();
    let add = v1::AddProviderKeyRequest {
        provider: "openai".to_owned(),
        api_key: KEY.to_owned(),
        request_id: "canary".to_owned(),
        reason: "to be found nowhere".to_owned(),
        ..Default::default()
    };
    admin.providers.add_provider_key(add.clone()).await.unwrap();
    let again = v1::AddProviderKeyRequest {
        request_id: String::new(),
        ..add.clone()
    };
    let refused = admin.providers.add_provider_key(again).await.unwrap_err();
    search("a refusal", format!("{refused:?}").as_bytes());
    let blank = v1::AddProviderKeyRequest {
        api_key: format!("{KEY} {KEY}"),
        request_id: String::new(),
        ..add
    };
    let refused = admin.providers.add_provider_key(blank).await.unwrap_err();
    search("a refusal", format!("{refused:?}").as_bytes());
    let promote = v1::PromoteProviderKeyRequest {
        provider: "openai".to_owned(),
        version: 1,
        ..Default::default()
    };
    admin.providers.promote_provider_key(promote).await.unwrap();
    let keyed = v1::GetModelConfigRequest {
        include_api_key: true,
        ..query(1)
    };
    let released = backend.configs.get_model_config(keyed).await.unwrap();
    let released = released.into_inner().model_config.unwrap();
    assert_eq!(released.api_key, KEY);

    let list = Value {
        kind: Some(Kind::ListValue(ListValue {
            values: vec![object(&[("client_secret", text(SETTINGS[2]))])],
        })),
    };
    let saved = save(
        1,
        &[
            ("apiKey", text(SETTINGS[0])),
            ("provider", object(&[("x.api-key", text(SETTINGS[1]))])),
            ("fallbacks", list),
            ("model", text(SETTINGS[3])),
            ("bearerToken", text(SETTINGS[4])),
            ("max_tokens", aiconfig_tests::number(100.0)),
        ],
    );
    let saved = backend.settings.save_integration_settings(saved).await;
    let saved = saved.unwrap().into_inner();
    search("an answer", format!("{saved:?}").as_bytes());
    let stripped = [
        "apiKey",
        "bearerToken",
        "fallbacks[0].client_secret",
        "model",
        "provider.x.api-key",
    ];
    let mut told = saved.stripped_fields;
    told.sort();
    assert_eq!(told, stripped);
    let values = saved.integration_settings.unwrap().overrides.unwrap();
    assert_eq!(values.max_tokens, Some(100));
    // A refusal names them too, and holds none.
    let refused = save(1, &[("apiKey", text(SETTINGS[0])), ("colour", text("red"))]);
    let refused = backend.settings.save_integration_settings(refused).await;
    let refused = refused.unwrap_err();
    let shown = format!(
        "{refused:?} {:?}",
        tonic_types::StatusExt::get_error_details(&refused)
    );
    search("a refusal", shown.as_bytes());
    assert!(shown.contains("stripped_fields"), "{shown}");
}

async fn look(server: Server, place: &Place, admin: &mut Clients) {
    let log = server.log();
    // The secrets came through while the log told everything that it may.
    assert!(
        log.contains("DEBUG") && log.contains("GetModelConfig"),
        "{log}"
    );
    for page in ["/metrics", "/readyz", "/livez"] {
        search(page, server.page(page).as_bytes());
    }
    assert!(server.stop());
    let exported = place.run(&["export"]);
    assert!(exported.status.success());
    search("export", &exported.stdout);
    for command in [
        &["check", "--data"][..],
        &["vault", "verify"],
        &["token", "list"],
    ] {
        let told = place.run(command);
        search(command[0], &told.stdout);
        search(command[0], &told.stderr);
    }
    let server = Server::start(place);
    *admin = server.clients("admin").await;
    let records = v1::ListAuditRecordsRequest {
        page_size: 1_000,
        ..Default::default()
    };
    let records = admin.audit.list_audit_records(records).await.unwrap();
    let records = records.into_inner().audit_records;
    assert!(
        records
            .iter()
            .any(|record| record.rpc.ends_with("AddProviderKey"))
    );
    search("the audit", format!("{records:?}").as_bytes());
    let keys = v1::ListProviderKeysRequest {
        provider: "openai".to_owned(),
        ..Default::default()
    };
    let keys = admin.providers.list_provider_keys(keys).await.unwrap();
    search("the keys", format!("{keys:?}").as_bytes());
    // The whole data directory, with the database and its write-ahead log, and all logs.
    let root = place.data().parent().unwrap().to_owned();
    assert!(search_files(&root) >= 3);
    drop(server);
}

#[tokio::test]
async fn nothing_is_found_on_sqlite() {
    let place = Place::sqlite().with("AICONFIG_LOG", "trace");
    let server = Server::start(&place);
    let (mut admin, mut backend) = (
        server.clients("admin").await,
        server.clients("backend").await,
    );
    plant(&mut admin, &mut backend).await;
    look(server, &place, &mut admin).await;
}

#[tokio::test]
async fn nothing_is_found_on_postgresql() {
    let url = PgServer::shared().create_database();
    let password = PgServer::shared().password();
    let place = Place::postgres(&url).with("AICONFIG_LOG", "trace");
    let server = Server::start(&place);
    let (mut admin, mut backend) = (
        server.clients("admin").await,
        server.clients("backend").await,
    );
    plant(&mut admin, &mut backend).await;
    let log = server.log();
    assert!(
        !log.contains(password),
        "the database's password is in the log"
    );
    look(server, &place, &mut admin).await;
    let shown = place.run(&["check"]);
    assert!(!String::from_utf8_lossy(&shown.stdout).contains(password));
    // Every column of every table as text.
    let database = Database::connect(url).await.unwrap();
    let tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'";
    let statement = |sql: String| Statement::from_string(database.get_database_backend(), sql);
    let tables = database
        .query_all_raw(statement(tables.to_owned()))
        .await
        .unwrap();
    assert!(tables.len() >= 10);
    for table in tables {
        let table: String = table.try_get_by_index(0).unwrap();
        let all = format!("SELECT t::text FROM \"{table}\" AS t");
        for row in database.query_all_raw(statement(all)).await.unwrap() {
            let row: String = row.try_get_by_index(0).unwrap();
            search(&table, row.as_bytes());
        }
    }
}
