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
    profiles(admin);
    strategies(admin);
}

fn profiles(admin: &Admin) {
    let form = json!({
        "name": "Plain \"words\"",
        "category": "PROFILE_CATEGORY_NEWS",
        "tone": "calm",
        "structureTemplate": {"parts": ["lead", "body"]},
    });
    let form = serde_json::to_string_pretty(&form).unwrap();
    let made = admin.fed("create-profile", &["--reason", "for a test"], &form);
    let made = &made["globalAuthorProfile"];
    assert_eq!(
        (&made["name"], &made["tone"]),
        (&json!("Plain \"words\""), &json!("calm"))
    );
    assert_eq!(made["structureTemplate"]["parts"][1], "body");
    let twice = admin.run("create-profile", &[], &form);
    assert_eq!(twice.code, 64 + 6, "{twice:?}");
    let id = made["authorProfileId"].as_str().unwrap();
    clone(admin, &[id, "7"]);
    let some = format!("{id},9");
    let off = admin.ask("deactivate-profiles", &[&some, "--partial"]);
    assert_eq!(off["results"][0]["changed"], json!(true));
    assert!(off["results"][1]["error"]["message"].is_string(), "{off}");
    let copies = admin.ask("list-account-profiles", &["7", "--name", "Plain \"words\""]);
    let copy = &copies["authorProfiles"][0];
    assert_eq!(copy["originState"], "ORIGIN_STATE_RETIRED");
    admin.ask("activate-profiles", &[id]);
    let own = admin.ask(
        "list-account-profiles",
        &["7", "--custom", "false", "--active", "true"],
    );
    assert_eq!(own["totalSize"], json!(3));
    admin.ask("delete-profile", &[id]);
    admin.refused("delete-profile", &[id], 5);
}

fn strategies(admin: &Admin) {
    let listed = admin.ask("list-strategies", &["--active", "true"]);
    assert!(listed["totalSize"].as_u64().unwrap() > 0);
    let form = json!({
        "name": "Poems",
        "category": "STRATEGY_CATEGORY_BLOG",
        "promptTypes": ["ideas", "content_generation"],
    });
    let made = admin.fed("create-strategy", &[], &form.to_string());
    let id = made["globalStrategy"]["strategyId"].as_str().unwrap();
    let wrong = json!({
        "name": "None", "category": "STRATEGY_CATEGORY_BLOG", "promptTypes": ["haiku"]
    });
    let wrong = admin.run("create-strategy", &[], &wrong.to_string());
    assert_eq!(wrong.code, 64 + 3, "{wrong:?}");
    assert!(
        wrong.stderr.contains("global_strategy.prompt_types[0]"),
        "{wrong:?}"
    );
    let cloned = cloned_by(admin, "clone-strategies", &[id, "7,8"]);
    let copy = cloned[0]["cloned"][0]["id"].as_str().unwrap().to_owned();
    let shown = admin.ask("show-strategy", &["7", &copy]);
    assert_eq!(shown["strategy"]["name"], "Poems");
    let types: Vec<&Value> = (0..2)
        .map(|at| &shown["prompts"][at]["promptType"])
        .collect();
    assert_eq!(types, ["ideas", "content_generation"]);
    let text = &shown["prompts"][0]["effectivePrompt"]["promptValue"];
    assert!(!text.as_str().unwrap().is_empty());
    admin.ask("deactivate-strategies", &[id]);
    let refused = cloned_by(admin, "clone-strategies", &[id, "7", "--suffix", " 2"]);
    let told = refused[0]["failures"][0]["error"].to_string();
    assert!(told.contains("LIBRARY_ITEM_INACTIVE"), "{told}");
    admin.ask("activate-strategies", &[id, "--dry-run"]);
    let own = admin.ask("list-account-strategies", &["7", "--category", "blog"]);
    assert_eq!(own["strategies"][0]["originState"], "ORIGIN_STATE_RETIRED");
    admin.ask("delete-strategy", &[id]);
    let own = admin.ask("list-account-strategies", &["7"]);
    assert_eq!(
        (&own["strategies"][0]["custom"], &own["totalSize"]),
        (&json!(false), &json!(1))
    );
}

/// The messages of a clone.
fn clone(admin: &Admin, arguments: &[&str]) -> Vec<Value> {
    cloned_by(admin, "clone-profiles", arguments)
}

fn cloned_by(admin: &Admin, script: &str, arguments: &[&str]) -> Vec<Value> {
    let outcome = admin.run(script, arguments, "");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let messages = serde_json::Deserializer::from_str(&outcome.stdout).into_iter();
    messages.map(Result::unwrap).collect()
}
