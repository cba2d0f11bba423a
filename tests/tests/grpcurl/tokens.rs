//! Tokens, the audit log and the digest.

use serde_json::{Value, json};

use crate::admin::Admin;

const PERMISSION_DENIED: i32 = 7;
const UNAUTHENTICATED: i32 = 16;

pub(crate) fn walk(admin: &Admin) {
    tokens(admin);
    audit(admin);
    chain_and_digest(admin);
}

fn create(admin: &Admin, arguments: &[&str]) -> (Value, Admin) {
    let created = admin.ask("create-token", arguments);
    let holder = admin
        .but("AICONFIG_TOKEN", created["secret"].as_str().unwrap())
        .but("AICONFIG_ACTOR", "");
    (created["token"].clone(), holder)
}

fn tokens(admin: &Admin) {
    let (token, auditor) = create(
        admin,
        &[
            "a \"reader\"",
            "auditor",
            "--accounts",
            "7,8",
            "--expires",
            "2100-01-01T00:00:00Z",
        ],
    );
    assert_eq!(token["label"], "a \"reader\"");
    assert_eq!(token["accountIds"], json!(["7", "8"]));
    assert_eq!(token["expireTime"], "2100-01-01T00:00:00Z");
    auditor.ask("show-globals", &[]);
    let refused = auditor.refused("upsert-account", &["8", "scale", "9"], PERMISSION_DENIED);
    assert!(refused.contains("ROLE_FORBIDDEN"), "{refused}");

    let (_, resolver) = create(admin, &["jobs", "ROLE_RESOLVER"]);
    resolver.ask("get-config", &["7", "generate_content"]);
    let (_, monitor) = create(admin, &["probe", "monitor"]);
    monitor.refused("get-config", &["7", "generate_content"], PERMISSION_DENIED);
    let backend = admin.run("create-token", &["keys", "backend"], "");
    assert!(
        backend.code > 64 && backend.stderr.contains("command line"),
        "{backend:?}"
    );

    let listed = admin.ask("list-tokens", &["--page-size", "1"]);
    assert_eq!(listed["tokens"][0]["label"], "probe", "the newest first");
    let listed = admin.ask("list-tokens", &["--role", "auditor"]);
    assert_eq!(listed["totalSize"], 1);
    let id = token["tokenId"].as_str().unwrap();
    assert_eq!(listed["tokens"][0]["tokenId"], id);
    let revoked = admin.ask("revoke-token", &[id, "--reason", "left the team"]);
    assert_ne!(revoked["token"]["revokeTime"], Value::Null);
    auditor.refused("show-globals", &[], UNAUTHENTICATED);
    let listed = admin.ask("list-tokens", &["--revoked", "true"]);
    assert_eq!(listed["tokens"][0]["tokenId"], id);
}

fn records(admin: &Admin, arguments: &[&str]) -> Vec<Value> {
    let answer = admin.ask("who-changed", arguments);
    answer["auditRecords"].as_array().unwrap().clone()
}

fn audit(admin: &Admin) {
    admin.ask(
        "upsert-account",
        &["70", "starter", "1", "--reason", "a \"new\" tenant"],
    );
    let newest = records(admin, &["--actor", "jo@example.org", "--page-size", "1"]);
    let [record] = newest.as_slice() else {
        panic!("{newest:?}");
    };
    assert_eq!(
        (&record["actor"], &record["role"]),
        (&json!("jo@example.org"), &json!("ROLE_ADMIN"))
    );
    assert_eq!(record["reason"], "a \"new\" tenant");
    assert_eq!(record["after"]["plan"], "starter");
    let text = |name: &str| record[name].as_str().unwrap();
    assert!(text("rpc").ends_with("AccountService/UpsertAccount"));
    let same = [
        "--resource",
        text("resource"),
        "--rpc",
        text("rpc"),
        "--token",
        text("tokenId"),
    ];
    assert_eq!(records(admin, &same), newest);
    let time = text("time");
    assert_eq!(records(admin, &["--since", time]), newest);
    assert!(!records(admin, &["--until", time, "--page-size=2"]).contains(record));
    assert!(records(admin, &["--until", "2001-01-01T00:00:00Z"]).is_empty());
    assert!(
        records(
            admin,
            &["--actor", "jo@example.org\" AND outcome = \"refused"]
        )
        .is_empty()
    );

    let refused = records(
        admin,
        &[
            "--outcome",
            "refused",
            "--role",
            "admin",
            "--page-size",
            "1000",
        ],
    );
    assert!(
        refused
            .iter()
            .any(|one| one["errorReason"] == "PLAN_FORBIDS_OVERRIDES")
    );
    assert!(
        refused
            .iter()
            .all(|one| one["outcome"] == "AUDIT_OUTCOME_REFUSED")
    );

    let oldest = admin.ask("who-changed", &["--oldest-first", "--page-size", "2"]);
    let token = oldest["nextPageToken"].as_str().unwrap();
    let next = records(
        admin,
        &["--oldest-first", "--page-size", "2", "--page-token", token],
    );
    assert_eq!(
        (&oldest["auditRecords"][0]["sequence"], &next[0]["sequence"]),
        (&json!("1"), &json!("3"))
    );
}

fn chain_and_digest(admin: &Admin) {
    let chain = admin.ask("verify-audit", &[]);
    assert_eq!(chain["valid"], json!(true));
    assert_eq!(chain["recordsChecked"], chain["headSequence"]);
    let first = admin.ask("state-digest", &[]);
    let revision = first["revision"].as_str().unwrap();
    assert_eq!(
        admin.ask("state-digest", &["--min-revision", revision]),
        first
    );
    let pushed = admin.ask("upsert-account", &["71", "free", "1"]);
    let revision = pushed["revision"].as_str().unwrap();
    let second = admin.ask("state-digest", &["--min-revision", revision]);
    assert_ne!(second["digest"], first["digest"]);
}
