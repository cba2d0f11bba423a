//! The life of a provider's key, and where the key itself must not appear.

use std::path::Path;

use aiconfig_tests::{Place, Server};
use serde_json::{Value, json};

use crate::admin::Admin;

const FIRST: &str = "sk-test-canary-FIRST-0123456789ab";
const SECOND: &str = "sk-test-canary-SECOND-0123456789\\\"";
const NOT_FOUND: i32 = 5;
const ALREADY_EXISTS: i32 = 6;
const FAILED_PRECONDITION: i32 = 9;
const ABORTED: i32 = 10;

fn key_available(admin: &Admin) -> Value {
    admin.ask("get-config", &["7", "generate_content"])["modelConfig"]["keyAvailable"].clone()
}

/// Versions with their states, the newest first.
fn states(admin: &Admin) -> Vec<(i64, String)> {
    let answer = admin.ask("list-keys", &["openai"]);
    let keys = answer["providerKeys"].as_array().unwrap();
    keys.iter()
        .map(|key| {
            let state = key["state"].as_str().unwrap().replace("KEY_STATE_", "");
            (key["version"].as_i64().unwrap(), state)
        })
        .collect()
}

fn expect_states(admin: &Admin, expected: &[(i64, &str)]) {
    let expected: Vec<(i64, String)> = expected
        .iter()
        .map(|(version, state)| (*version, (*state).to_owned()))
        .collect();
    assert_eq!(states(admin), expected);
}

pub(crate) fn walk(admin: &Admin, place: &Place, server: &Server) {
    expect_states(admin, &[]);
    first_key(admin);
    rotation(admin);
    freeze(admin);
    end_of_life(admin);
    nothing_shows_a_key(admin, place, server);
}

fn first_key(admin: &Admin) {
    // As `printf` and as `echo` would feed it.
    admin.fed("set-key", &["openai", "--dry-run"], FIRST);
    expect_states(admin, &[]);
    let added = admin.fed("set-key", &["openai"], &format!("{FIRST}\n"));
    assert_eq!(added["providerKey"]["state"], "KEY_STATE_STANDBY");
    assert!(
        added["providerKey"]["mask"]
            .as_str()
            .unwrap()
            .ends_with("89ab")
    );
    assert_eq!(key_available(admin), json!(false));
    let promoted = admin.ask("promote-key", &["openai", "1", "--expect-primary", "0"]);
    assert_eq!(promoted["providerKey"]["state"], "KEY_STATE_PRIMARY");
    assert_eq!(key_available(admin), json!(true));
    let again = admin.run("set-key", &["openai"], FIRST);
    assert_eq!(again.code, 64 + ALREADY_EXISTS, "{again:?}");
    assert!(again.stderr.contains("DUPLICATE_KEY"), "{again:?}");
    let unknown = admin.run("set-key", &["mistral"], FIRST);
    assert_eq!(unknown.code, 64 + NOT_FOUND, "{unknown:?}");
}

fn rotation(admin: &Admin) {
    let rotated = admin.fed("rotate-key", &["openai", "--reason", "half a year"], SECOND);
    assert_eq!(rotated["providerKey"]["version"], 2);
    assert_eq!(rotated["formerPrimaryVersion"], 1);
    expect_states(admin, &[(2, "PRIMARY"), (1, "RETIRED")]);
    let back = admin.ask("rollback-key", &["openai", "--expect-primary=2"]);
    assert_eq!(back["providerKey"]["version"], 1);
    expect_states(admin, &[(2, "STANDBY"), (1, "PRIMARY")]);
    let stale = admin.refused(
        "rollback-key",
        &["openai", "--expect-primary", "2"],
        ABORTED,
    );
    assert!(stale.contains("EXPECTED_PRIMARY_MISMATCH"), "{stale}");
    let none = admin.refused("rollback-key", &["openai"], FAILED_PRECONDITION);
    assert!(none.contains("NO_RETIRED_KEY"), "{none}");
}

fn freeze(admin: &Admin) {
    let frozen = admin.ask("freeze-keys", &["openai", "--reason", "a leak?"]);
    assert_eq!(frozen["provider"]["keyFrozen"], json!(true));
    assert_eq!(key_available(admin), json!(false));
    let all = admin.ask("freeze-keys", &["--all"]);
    assert_eq!(all["allKeysFrozen"], json!(true));
    let one = admin.ask("unfreeze-keys", &["openai"]);
    assert_eq!(one["provider"]["keyFrozen"], json!(false));
    assert_eq!(key_available(admin), json!(false), "all are still frozen");
    let all = admin.ask("unfreeze-keys", &["--all"]);
    assert_eq!(all["allKeysFrozen"], json!(false));
    assert_eq!(key_available(admin), json!(true));
}

fn end_of_life(admin: &Admin) {
    let keys = admin.ask("list-keys", &["openai"]);
    let fingerprint = |at: usize| keys["providerKeys"][at]["fingerprint"].as_str().unwrap();
    let used = admin.refused(
        "destroy-key",
        &["openai", "1", fingerprint(1)],
        FAILED_PRECONDITION,
    );
    assert!(used.contains("KEY_IN_USE"), "{used}");
    let wrong = admin.run("destroy-key", &["openai", "2", fingerprint(1)], "");
    assert!(
        wrong.code > 64 && wrong.stderr.contains("FINGERPRINT_MISMATCH"),
        "{wrong:?}"
    );
    let destroyed = admin.ask("destroy-key", &["openai", "2", fingerprint(0)]);
    assert_eq!(destroyed["providerKey"]["state"], "KEY_STATE_DESTROYED");
    let revoked = admin.ask("revoke-key", &["openai", "1", "--reason", "it leaked"]);
    assert_eq!(revoked["providerKey"]["state"], "KEY_STATE_REVOKED");
    assert_eq!(key_available(admin), json!(false));
    let listed = admin.ask("list-keys", &["openai", "--state", "revoked"]);
    assert_eq!(listed["totalSize"], 1);
    assert_eq!(listed["providerKeys"][0]["version"], 1);
    let missing = admin.refused("revoke-key", &["openai", "9"], NOT_FOUND);
    assert!(missing.contains("PROVIDER_KEY_NOT_FOUND"), "{missing}");
}

fn nothing_shows_a_key(admin: &Admin, place: &Place, server: &Server) {
    let places = [
        ("an output", admin.said().into_bytes()),
        ("the log", server.log().into_bytes()),
    ];
    for (place, bytes) in places.into_iter().chain(files(&place.data())) {
        for key in [FIRST, SECOND] {
            // The part that no escaping changes.
            let canary = &key.as_bytes()[..30];
            let found = bytes.windows(canary.len()).any(|window| window == canary);
            assert!(!found, "{place} shows a key");
        }
    }
}

/// With PostgreSQL there is none: the database is elsewhere.
fn files(folder: &Path) -> Vec<(&'static str, Vec<u8>)> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| ("a file of the server", std::fs::read(path).unwrap()))
        .collect()
}
