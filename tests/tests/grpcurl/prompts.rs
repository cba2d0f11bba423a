//! Prompts: what holds for an account, the library from files, versions, bulk resets.

use serde_json::{Value, json};

use crate::admin::Admin;

const INVALID_ARGUMENT: i32 = 3;
const NOT_FOUND: i32 = 5;
const FAILED_PRECONDITION: i32 = 9;
const ABORTED: i32 = 10;

/// All that a file may have and a shell may lose.
const TEXT: &str = "\u{feff}Group {keywords}.\r\n\t\"{{x}}\" \\n $(id) `id` ${HOME} %s\n\
                    漢字 \u{1f600} \u{200f}שלום\u{1}\u{7f}\n\n";

pub(crate) fn walk(admin: &Admin) {
    library(admin);
    accounts(admin);
    files(admin);
}

fn prompt(admin: &Admin, account: &str) -> Value {
    admin.ask("show-prompt", &[account, "clustering"])["effectivePrompt"].clone()
}

fn library(admin: &Admin) {
    let first = prompt(admin, "77");
    assert_eq!(first["source"], "PROMPT_SOURCE_GLOBAL");
    let dry = admin.fed("update-prompt", &["clustering", "--dry-run"], TEXT);
    assert_eq!(dry["changed"], json!(true));
    assert_eq!(prompt(admin, "77")["promptValue"], first["promptValue"]);
    let noted = ["clustering", "--note", "from a \"file\""];
    let updated = admin.fed("update-prompt", &noted, TEXT);
    assert_eq!(updated["globalPrompt"]["promptValue"], TEXT);
    assert_eq!(updated["globalPrompt"]["version"], json!(2));
    assert!(!updated["warnings"].as_array().unwrap().is_empty());
    assert_eq!(prompt(admin, "77")["promptValue"], TEXT);
    let again = admin.fed("update-prompt", &noted, TEXT);
    assert_eq!(
        again["changed"],
        json!(false),
        "the same text is no version"
    );

    let diff = admin.ask("diff-prompt", &["clustering", "1", "2", "--context", "0"]);
    let unified = diff["unifiedDiff"].as_str().unwrap();
    assert!(unified.starts_with("--- clustering@1\n+++ clustering@2\n"));
    assert!(
        unified.contains("+\u{feff}Group {keywords}.\r\n"),
        "{unified}"
    );
    let missing = admin.refused("diff-prompt", &["clustering", "1", "9"], NOT_FOUND);
    assert!(missing.contains("PROMPT_VERSION_NOT_FOUND"), "{missing}");

    let restored = admin.ask("restore-prompt", &["clustering", "1"]);
    assert_eq!(
        restored["globalPrompt"]["promptValue"],
        first["promptValue"]
    );
    let etag = updated["globalPrompt"]["etag"].as_str().unwrap();
    let stale = ["clustering", "2", "--etag", etag];
    let stale = admin.refused("restore-prompt", &stale, ABORTED);
    assert!(stale.contains("ETAG_MISMATCH"), "{stale}");
    let listed = admin.ask("list-prompt-versions", &["clustering", "--with-texts"]);
    let versions = listed["globalPromptVersions"].as_array().unwrap();
    let told: Vec<_> = versions
        .iter()
        .map(|one| (one["version"].clone(), one["note"].clone()))
        .collect();
    assert_eq!(
        told,
        [
            (json!(3), json!("restored from version 1")),
            (json!(2), json!("from a \"file\"")),
            (json!(1), versions[2]["note"].clone()),
        ]
    );
    assert_eq!(versions[1]["promptValue"], TEXT);
}

/// No script customises: that is the accounts' own business. The row comes from a plain call.
fn accounts(admin: &Admin) {
    admin.ask("upsert-account", &["61", "growth", "1"]);
    admin.ask("upsert-account", &["62", "growth", "1"]);
    for account in [61, 62] {
        let own = json!({"accountId": account, "promptType": "clustering", "promptValue": "Own"});
        admin.call("PromptService/CustomizePrompt", &own);
    }
    assert_eq!(prompt(admin, "61")["promptValue"], "Own");
    let based = admin.ask("show-prompt", &["61", "clustering", "--with-default"]);
    let based = based["effectivePrompt"]["defaultPrompt"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(based.contains("{keywords}"));
    let none = admin.ask("list-prompts", &["61", "--behind"]);
    assert_eq!(none["effectivePrompts"], json!([]));
    admin.fed(
        "update-prompt",
        &["clustering", "--strict"],
        &format!("{based}\n"),
    );
    for filter in [
        &["--behind"][..],
        &["--state", "custom-behind", "--customized=true"],
    ] {
        let behind = admin.ask("list-prompts", &[&["61"], filter].concat());
        let found = &behind["effectivePrompts"];
        assert_eq!(
            (found[0]["promptType"].as_str(), &found[1]),
            (Some("clustering"), &Value::Null)
        );
        assert_eq!(found[0]["behindBy"], json!(1));
    }
    let own = admin.ask(
        "list-prompts",
        &["61", "--source", "account-custom", "--with-texts"],
    );
    assert_eq!(own["effectivePrompts"][0]["promptValue"], "Own");

    let all = ["61,62,63", "clustering,ideas", "--to", "current-global"];
    let whole = admin.refused("reset-prompts", &all, NOT_FOUND);
    assert!(whole.contains("ACCOUNT_NOT_FOUND"), "{whole}");
    let dry = admin.ask(
        "reset-prompts",
        &[&all[..], &["--partial", "--dry-run"]].concat(),
    );
    assert_eq!(dry["results"].as_array().unwrap().len(), 6);
    assert_eq!(prompt(admin, "61")["promptValue"], "Own");
    let done = admin.ask("reset-prompts", &[&all[..], &["--partial"]].concat());
    let changed: Vec<_> = done["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["changed"] == json!(true))
        .map(|row| row["accountId"].clone())
        .collect();
    assert_eq!(changed, ["61", "62"]);
    let now = prompt(admin, "61");
    assert_eq!(now["source"], "PROMPT_SOURCE_ACCOUNT_DEFAULT");
    assert_eq!(now["promptValue"], json!(format!("{based}\n")));
    admin.ask(
        "reset-prompts",
        &["61", "clustering", "--to", "follow-global"],
    );
    assert_eq!(prompt(admin, "61")["source"], "PROMPT_SOURCE_GLOBAL");
    admin.ask("upsert-account", &["63", "growth", "1", "--inactive"]);
    let inactive = ["63", "clustering"];
    let inactive = admin.refused("show-prompt", &inactive, FAILED_PRECONDITION);
    assert!(inactive.contains("ACCOUNT_INACTIVE"), "{inactive}");
}

/// What standard input may be: large, and not empty, not cut off at a NUL, not other than UTF-8.
fn files(admin: &Admin) {
    let most = "é".repeat(128 << 10);
    let updated = admin.fed("update-prompt", &["ideas"], &most);
    assert_eq!(updated["globalPrompt"]["promptValue"], json!(most));
    for (input, told) in [
        (format!("{most}x"), "262144 bytes"),
        ("a\0b".to_owned(), "without NUL"),
    ] {
        let outcome = admin.run("update-prompt", &["ideas"], &input);
        assert_eq!(outcome.code, 64 + INVALID_ARGUMENT, "{outcome:?}");
        assert!(outcome.stderr.contains(told), "{outcome:?}");
    }
    let empty = admin.run("update-prompt", &["ideas"], "");
    assert_eq!((empty.code, empty.stdout.as_str()), (2, ""));
    assert!(
        empty.stderr.contains("is missing on standard input"),
        "{empty:?}"
    );
    for bytes in [
        &b"a\xc3("[..],
        b"a\xc3",
        b"\xed\xa0\x80",
        b"\xc0\x80",
        b"\xf4\x90\x80\x80",
        b"\x80",
    ] {
        let outcome = admin.run_with("update-prompt", &["ideas"], bytes);
        assert_eq!(
            (outcome.code, outcome.stdout.as_str()),
            (2, ""),
            "{bytes:?}"
        );
        assert!(outcome.stderr.contains("is not UTF-8"), "{outcome:?}");
    }
    assert_eq!(
        admin.ask("list-prompt-versions", &["ideas"])["totalSize"],
        json!(2)
    );
}
