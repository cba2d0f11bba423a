//! The library of author profiles, and copies of it for accounts.

use serde_json::{Value, json};

use crate::admin::Admin;

pub(crate) fn walk(admin: &Admin) {
    let listed = admin.ask("list-profiles", &["--category", "blog", "--active", "true"]);
    let profile = &listed["globalAuthorProfiles"][0];
    assert_eq!(profile["name"], "Blog Conversational");
    let named = admin.ask("list-profiles", &["--name", "SaaS B2B Professional"]);
    assert_eq!(named["totalSize"], 1);
    let id = profile["authorProfileId"].as_str().unwrap();

    let checked = clone(admin, &[id, "7,8", "--dry-run"]);
    let copied = clone(admin, &[id, "7,8", "--reason", "for a test"]);
    assert_eq!(
        checked[0]["cloned"][0]["name"],
        copied[0]["cloned"][0]["name"]
    );
    let [first, last] = copied.as_slice() else {
        panic!("one transaction and the summary, not {copied:?}");
    };
    // Account 8 is on the plan FREE.
    assert_eq!(
        (&first["cloned"][0]["accountId"], &first["failed"]),
        (&json!("7"), &json!("1"))
    );
    let failure = &first["failures"][0];
    assert_eq!(failure["accountId"], "8");
    let told = failure["error"].to_string();
    assert!(told.contains("PLAN_FORBIDS_OVERRIDES"), "{told}");
    assert_eq!(
        (&last["finished"], &last["done"]),
        (&json!(true), &json!("2"))
    );
    let again = clone(admin, &[id, "7", "--suffix", " (copy)"]);
    assert_eq!(again[0]["cloned"][0]["name"], "Blog Conversational (copy)");
    let wrong = admin.run("clone-profiles", &[id, "7,7"], "");
    assert_eq!(wrong.code, 64 + 3, "{wrong:?}");
    assert!(wrong.stderr.contains("account_ids[1]"), "{wrong:?}");
}

/// The messages of a clone.
fn clone(admin: &Admin, arguments: &[&str]) -> Vec<Value> {
    let outcome = admin.run("clone-profiles", arguments, "");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let messages = serde_json::Deserializer::from_str(&outcome.stdout).into_iter();
    messages.map(Result::unwrap).collect()
}
