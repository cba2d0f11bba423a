//! The command line as an operator uses it, beside a running server and without one.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;
use std::time::Duration;

use aiconfig_proto::v1::{self, Plan};
use aiconfig_tests::{Bearer, Clients, Place, Server, account, query};
use aiconfig_testsupport::PgServer;
use tonic::Code;

/// Longer than the poll interval, after which a server has what another process wrote.
const SEEN: Duration = Duration::from_millis(600);

fn out(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn failure(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn every_command_explains_itself() {
    let place = Place::sqlite();
    for command in [
        &["--help"][..],
        &["serve", "--help"],
        &["migrate", "--help"],
        &["vault", "--help"],
        &["vault", "init", "--help"],
        &["vault", "verify", "--help"],
        &["token", "--help"],
        &["token", "create", "--help"],
        &["export", "--help"],
        &["check", "--help"],
        &["completions", "--help"],
    ] {
        let text = out(&place.run(command));
        assert!(text.contains("Usage: aiconfig"), "{command:?}: {text}");
    }
    assert!(out(&place.run(&["completions", "bash"])).contains("_aiconfig"));
    assert_eq!(place.run(&["serv"]).status.code(), Some(2));
    let role = place.run(&["token", "create", "--label", "x", "--role", "KING"]);
    assert_eq!(role.status.code(), Some(2));
    assert!(String::from_utf8(role.stderr).unwrap().contains("RESOLVER"));
}

#[tokio::test]
async fn tokens_are_made_listed_and_revoked_beside_a_running_server() {
    let place = Place::sqlite();
    let server = Server::start(&place);
    let token = place.new_token("RESOLVER", &[7]);
    let file = place.data().join("auditor");
    let path = file.to_str().unwrap();
    let arguments = [
        "token", "create", "--label", "a", "--role", "auditor", "--output", path,
    ];
    assert_eq!(out(&place.run(&arguments)), "");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // An existing file is not overwritten, and no token is made for it.
    let before = out(&place.run(&["token", "list"])).lines().count();
    assert!(failure(&place.run(&arguments)).contains("auditor"));
    let list = out(&place.run(&["token", "list"]));
    assert_eq!(list.lines().count(), before);
    assert!(!list.contains(&token) && list.contains("RESOLVER\tlive\taccounts=7"));
    tokio::time::sleep(SEEN).await;
    let mut clients = Clients::new(&server.channel().await, &Bearer::new(&token));
    clients.configs.get_model_config(query(7)).await.unwrap();
    let foreign = clients.configs.get_model_config(query(8)).await;
    assert_eq!(foreign.unwrap_err().code(), Code::NotFound);
    let id = token.split('_').nth(1).unwrap();
    assert_eq!(out(&place.run(&["token", "revoke", id])), "revoked\n");
    assert!(out(&place.run(&["token", "revoke", id])).contains("before"));
    tokio::time::sleep(SEEN).await;
    let refused = clients.configs.get_model_config(query(7)).await;
    assert_eq!(refused.unwrap_err().code(), Code::Unauthenticated);
}

#[tokio::test]
async fn over_the_network_no_token_may_read_keys() {
    let place = Place::sqlite();
    let server = Server::start(&place);
    let mut admin = server.clients("admin").await;
    let create = |role: v1::Role, id: &str| v1::CreateTokenRequest {
        label: "x".to_owned(),
        role: role.into(),
        request_id: id.to_owned(),
        ..Default::default()
    };
    let backend = create(v1::Role::Backend, "");
    let refused = admin.tokens.create_token(backend).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let request = create(v1::Role::Auditor, "one");
    let first = admin.tokens.create_token(request.clone()).await.unwrap();
    let first = first.into_inner();
    assert!(first.secret.starts_with("aic_") && !first.secret_omitted);
    let again = admin
        .tokens
        .create_token(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!((again.secret.as_str(), again.secret_omitted), ("", true));
    assert_eq!(again.token, first.token);
}

#[tokio::test]
async fn exports_hold_the_state_and_its_digest() {
    let place = Place::sqlite();
    let server = Server::start(&place);
    let mut admin = server.clients("admin").await;
    let grow = account(5, Plan::Growth);
    admin.accounts.upsert_account(grow).await.unwrap();
    let digest = v1::GetStateDigestRequest::default();
    let digest = admin.history.get_state_digest(digest).await.unwrap();
    let text = out(&place.run(&["export"]));
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let head = lines.last().unwrap();
    assert_eq!(head["digest"], digest.get_ref().digest);
    assert_eq!(head["revision"], digest.get_ref().revision);
    let texts = lines.iter().filter(|line| line["kind"] == "text").count();
    assert_eq!(head["texts"], texts);
    assert_eq!(head["resources"], lines.len() - 1 - texts);
    let row = lines.iter().find(|line| line["kind"] == "account").unwrap();
    assert_eq!(row["value"]["plan"], "growth");
    let file = place.data().join("state.jsonl");
    let path = file.to_str().unwrap();
    assert!(out(&place.run(&["export", "--output", path])).contains(&digest.get_ref().digest));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    assert!(failure(&place.run(&["export", "--output", path])).contains("exists"));
}

#[tokio::test]
async fn checks_say_what_is_wrong_and_what_to_do() {
    let place = Place::sqlite();
    let text = out(&place.run(&["check"]));
    assert!(text.contains("there is no database yet"), "{text}");
    let server = Server::start(&place);
    let text = out(&place.run(&["check"]));
    assert!(
        text.contains("grpc_addr = 127.0.0.1:50051  (default)"),
        "{text}"
    );
    assert!(text.contains("(AICONFIG_DATA_DIR)"), "{text}");
    // No provider has a key yet.
    let told = place.run(&["check", "--data"]);
    assert!(failure(&told).contains("checks failed"));
    let text = String::from_utf8(told.stdout).unwrap();
    assert!(text.contains("FAILED   providers/openai: "), "{text}");
    let mut admin = server.clients("admin").await;
    for (provider, key) in [
        ("openai", "sk-test-0123456789abcdefghij"),
        ("anthropic", "sk-ant-test-0123456789abcdefghij"),
        ("runware", "rw-test-0123456789"),
    ] {
        let add = v1::AddProviderKeyRequest {
            provider: provider.to_owned(),
            api_key: key.to_owned(),
            ..Default::default()
        };
        admin.providers.add_provider_key(add).await.unwrap();
        let promote = v1::PromoteProviderKeyRequest {
            provider: provider.to_owned(),
            version: 1,
            ..Default::default()
        };
        admin.providers.promote_provider_key(promote).await.unwrap();
    }
    assert!(out(&place.run(&["check", "--data"])).contains("ok       data"));
    let text = out(&place.run(&["vault", "verify"]));
    assert!(text.contains("3 keys opened, 0 did not"), "{text}");
    // Another key-encryption key is told, by both.
    let kek = place.data().join("kek");
    std::fs::write(&kek, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n").unwrap();
    let told = place.run(&["check"]);
    assert!(String::from_utf8_lossy(&told.stdout).contains("is missing: set AICONFIG_KEK_FILE"));
    assert_eq!(told.status.code(), Some(1));
    let told = place.run(&["vault", "verify"]);
    assert!(String::from_utf8_lossy(&told.stdout).contains("MISSING"));
    assert_eq!(told.status.code(), Some(1));
}

#[test]
fn configurations_come_in_layers_and_misspellings_are_refused() {
    let place = Place::sqlite();
    let toml = "grpc_addr = '127.0.0.1:1'\nops_addr = '127.0.0.1:2'\nmax_in_flight = 5\n";
    let file = place.write_private("aiconfig.toml", toml);
    let file = file.to_str().unwrap().to_owned();
    let place = place
        .with("AICONFIG_CONFIG", &file)
        .with("AICONFIG_OPS_ADDR", "127.0.0.1:3");
    let text = out(&place.run(&["check", "--max-in-flight", "6"]));
    for line in [
        &format!("grpc_addr = 127.0.0.1:1  ({file})"),
        "ops_addr = 127.0.0.1:3  (AICONFIG_OPS_ADDR)",
        "max_in_flight = 6  (--max-in-flight)",
        "drain_seconds = 10  (default)",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
    place.write_private("aiconfig.toml", "grcp_addr = 'x'\n");
    assert!(failure(&place.run(&["check"])).contains("grcp_addr"));
    place.write_private("aiconfig.toml", "max_in_flight = 0\n");
    assert!(failure(&place.run(&["check"])).contains("max_in_flight must be 1 or more"));
    let place = Place::sqlite().with("AICONFIG_GRPC_ADR", "x");
    assert!(failure(&place.run(&["check"])).contains("did you mean AICONFIG_GRPC_ADDR?"));
    let place = Place::sqlite().with("AICONFIG_GRPC_ADDR", "0.0.0.0:0");
    assert!(failure(&place.run(&["serve"])).contains("allow_plaintext"));
}

#[test]
fn key_files_are_made_once() {
    let place = Place::sqlite();
    let file = place.data().parent().unwrap().join("kek-new");
    let path = file.to_str().unwrap();
    assert!(out(&place.run(&["vault", "init", "--output", path])).contains("keep a copy"));
    let text = std::fs::read_to_string(&file).unwrap();
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!((text.len(), mode & 0o777), (45, 0o600));
    assert!(failure(&place.run(&["vault", "init", "--output", path])).contains("not touched"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

#[tokio::test]
async fn on_postgresql_a_migration_comes_first() {
    let place = Place::postgres(&PgServer::shared().create_database());
    assert!(failure(&place.run(&["serve"])).contains("aiconfig migrate"));
    assert!(failure(&place.run(&["check"])).contains("aiconfig migrate"));
    assert!(failure(&place.run(&["token", "list"])).contains("aiconfig migrate"));
    out(&place.run(&["migrate"]));
    out(&place.run(&["migrate"]));
    assert!(out(&place.run(&["check"])).contains("ok       schema"));
    assert_eq!(out(&place.run(&["token", "list"])).lines().count(), 2);
}

#[tokio::test]
async fn a_stop_drains_and_ends_well() {
    let place = Place::sqlite();
    let server = Server::start(&place);
    let channel = server.channel().await;
    let mut backend = server.clients("backend").await;
    backend.configs.get_model_config(query(1)).await.unwrap();
    assert!(server.page("/readyz").starts_with("HTTP/1.1 200"));
    let page = server.page("/metrics");
    let counted =
        "aiconfig_rpc_answers_total{rpc=\"ModelConfigService/GetModelConfig\",code=\"OK\"} 1";
    assert!(page.contains(counted), "{page}");
    assert!(page.contains("\naiconfig_prompt_cache_bytes "), "{page}");
    let watching = tokio::spawn(async move {
        let mut last = 0;
        for _ in 0..200 {
            match aiconfig_tests::health(&channel, "").await {
                Ok(status) => last = status,
                Err(_) => break,
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        last
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let ended = tokio::task::spawn_blocking(move || server.stop());
    assert!(ended.await.unwrap());
    // The last that a watcher heard is NOT_SERVING.
    assert_eq!(watching.await.unwrap(), 2);
}
