//! Prompts from their first text to their deletion, and what accounts make of them meanwhile.

use serde_json::{Value, json};

use crate::admin::Admin;

const INVALID_ARGUMENT: i32 = 3;
const NOT_FOUND: i32 = 5;
const FAILED_PRECONDITION: i32 = 9;
const ABORTED: i32 = 10;

const FIRST: &str = "Write about {topic}.\nBe brief.\n\nEnd.\n";

pub(crate) fn walk(admin: &Admin) {
    created(admin);
    switched(admin);
    merged(admin);
    deleted(admin);
}

fn shown(admin: &Admin) -> Value {
    admin.ask("show-prompt", &["91", "poem"])["effectivePrompt"].clone()
}

fn created(admin: &Admin) {
    let create = ["poem", "--variables", "topic,tone", "--note", "new"];
    let strict = admin.run(
        "create-prompt",
        &[&create[..], &["--strict"]].concat(),
        FIRST,
    );
    assert_eq!(strict.code, 64 + INVALID_ARGUMENT, "{strict:?}");
    assert!(
        strict.stderr.contains("variable tone is declared"),
        "{strict:?}"
    );
    let create = [
        "poem",
        "--variables=topic",
        "--description",
        "For \"poems\"",
        "--inactive",
    ];
    let made = admin.fed("create-prompt", &create, FIRST)["globalPrompt"].clone();
    assert_eq!(made["promptValue"], FIRST);
    assert_eq!(made["description"], "For \"poems\"");
    assert_eq!(
        (
            &made["variables"][0]["name"],
            &made["variables"][0]["required"]
        ),
        (&json!("topic"), &json!(true))
    );
    assert_eq!(made["active"], json!(false));
    let empty = admin.run("create-prompt", &["sonnet"], "");
    assert_eq!((empty.code, empty.stdout.as_str()), (2, ""));
    let blank = admin.run("create-prompt", &["sonnet"], " \n");
    assert_eq!(blank.code, 64 + INVALID_ARGUMENT, "{blank:?}");
}

fn switched(admin: &Admin) {
    let off = admin.ask(
        "list-library-prompts",
        &["--active", "false", "--with-texts"],
    );
    assert_eq!(off["globalPrompts"][0]["promptValue"], FIRST);
    assert_eq!(off["totalSize"], json!(1));
    admin.refused("show-prompt", &["91", "poem"], NOT_FOUND);
    admin.refused("activate-prompts", &["poem,haiku"], NOT_FOUND);
    let on = admin.ask("activate-prompts", &["poem"]);
    assert_eq!(
        (&on["changed"], &on["globalPrompts"][0]["active"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(shown(admin)["promptValue"], FIRST);
    admin.ask("deactivate-prompts", &["poem,ideas", "--dry-run"]);
    admin.ask("deactivate-prompts", &["poem"]);
    admin.refused("show-prompt", &["91", "poem"], NOT_FOUND);
    admin.ask("activate-prompts", &["poem"]);

    // Line ends and tabs between the parts of JSON are nothing; those in texts are.
    let values = "{\n\t\"topic\":\r\n\t\"the \\t{sea}\"\n}\n";
    let rendered = admin.fed("render-prompt", &["91", "poem"], values);
    let text = rendered["renderedPrompt"].as_str().unwrap();
    assert!(text.starts_with("Write about the \t{sea}.\n"), "{text}");
    let none = admin.run("render-prompt", &["91", "poem"], "{}");
    assert_eq!(none.code, 64 + INVALID_ARGUMENT, "{none:?}");
    assert!(none.stderr.contains("values.topic"), "{none:?}");
    let blank = admin.run("render-prompt", &["91", "poem"], " \n");
    assert_eq!((blank.code, blank.stdout.as_str()), (2, ""));
    let broken = admin.run("render-prompt", &["91", "poem"], "{");
    assert_eq!((broken.code, broken.stdout.as_str()), (1, ""), "{broken:?}");
}

fn merged(admin: &Admin) {
    admin.ask("upsert-account", &["91", "scale", "1"]);
    let ours = FIRST
        .replace("brief", "very brief")
        .replace("End", "Our end");
    let own = admin.fed("customize-prompt", &["91", "poem"], &ours)["effectivePrompt"].clone();
    assert_eq!(
        (&own["promptValue"], &own["customized"]),
        (&json!(ours), &json!(true))
    );
    let etag = own["etag"].as_str().unwrap();
    let theirs = FIRST
        .replace("brief", "long")
        .replace("about", "a poem about");
    admin.fed("update-prompt", &["poem"], &theirs);

    let preview = admin.ask("preview-merge", &["91", "poem"]);
    assert_eq!(preview["conflicts"].as_array().unwrap().len(), 1);
    let version = preview["globalVersion"].to_string();
    let open = admin.refused("merge-prompt", &["91", "poem"], FAILED_PRECONDITION);
    assert!(open.contains("MERGE_CONFLICT"), "{open}");
    let wrong = admin.run("merge-prompt", &["91", "poem", "--take", "mine"], "");
    assert_eq!((wrong.code, wrong.stdout.as_str()), (2, ""));
    let take = [
        "91",
        "poem",
        "--take",
        "theirs",
        "--etag",
        etag,
        "--global-version",
    ];
    let tried = admin.ask(
        "merge-prompt",
        &[&take[..], &[&version, "--dry-run"]].concat(),
    );
    assert_eq!(tried["changed"], json!(true));
    admin.ask("increment-prompts", &["poem", "--note", "counted"]);
    let late = admin.refused("merge-prompt", &[&take[..], &["9"]].concat(), ABORTED);
    assert!(late.contains("ETAG_MISMATCH"), "{late}");
    let done = admin.ask("merge-prompt", &[&take[..], &[&version]].concat());
    let expect = theirs.replace("End", "Our end");
    assert_eq!(done["effectivePrompt"]["promptValue"], json!(expect));

    admin.fed("update-prompt", &["poem"], "Something else.");
    assert_eq!(shown(admin)["behindBy"], json!(1));
    let kept = admin.ask("keep-prompt", &["91", "poem", "--reason", "mine is better"]);
    assert_eq!(kept["effectivePrompt"]["promptValue"], json!(expect));
    assert_eq!(shown(admin)["behindBy"], json!(0));
}

fn deleted(admin: &Admin) {
    let used = admin.refused("delete-prompt", &["clustering"], FAILED_PRECONDITION);
    assert!(used.contains("auto_cluster"), "{used}");
    admin.ask("delete-prompt", &["poem", "--reason", "nobody rhymes"]);
    assert_eq!(
        shown(admin)["upstreamState"],
        "UPSTREAM_STATE_UPSTREAM_RETIRED"
    );
    admin.refused("delete-prompt", &["poem"], NOT_FOUND);
}
