//! Accounts, their overrides, the global settings and the catalogue.

use serde_json::{Value, json};

use crate::admin::Admin;

const FAILED_PRECONDITION: i32 = 9;
const ABORTED: i32 = 10;
const INVALID_ARGUMENT: i32 = 3;

/// A name with all that JSON must escape, a line end at the end, and more than ASCII.
const NAME: &str = "Ac\"me\\ \\\"Söhne\" \t&\r\n$(id) `id` ${HOME} %s '漢字' \u{1}\u{7f}\n";

pub(crate) fn walk(admin: &Admin) {
    accounts(admin);
    overrides(admin);
    globals(admin);
    catalogue(admin);
    explanation(admin);
    quotes(admin);
}

fn accounts(admin: &Admin) {
    let pushed = admin.ask("upsert-account", &["7", "growth", "2", "--name", NAME]);
    assert_eq!(pushed["account"]["displayName"], NAME);
    assert_eq!(pushed["account"]["plan"], "PLAN_GROWTH");
    assert_eq!(pushed["account"]["active"], json!(true));
    let older = admin.ask("upsert-account", &["7", "FREE", "1"]);
    assert_eq!(
        (&older["applied"], &older["changed"]),
        (&json!(false), &json!(false))
    );
    admin.ask("upsert-account", &["8", "PLAN_FREE", "1"]);
    let off = admin.ask("upsert-account", &["9", "scale", "1", "--inactive"]);
    assert_eq!(off["account"]["active"], json!(false));
    let refused = admin.refused(
        "get-config",
        &["9", "generate_content"],
        FAILED_PRECONDITION,
    );
    assert!(refused.contains("ACCOUNT_INACTIVE"), "{refused}");
    let plan = admin.run("upsert-account", &["10", "enterprise", "1"], "");
    assert!(
        plan.code == 1 && plan.stderr.contains("PLAN_ENTERPRISE"),
        "{plan:?}"
    );
}

fn view(admin: &Admin, account: &str) -> Value {
    admin.ask("show-settings", &[account, "openai"])["integrationSettings"].clone()
}

fn overrides(admin: &Admin) {
    let before = view(admin, "7");
    assert_eq!(before["usingGlobal"], json!(true));
    assert_eq!(before["values"]["model"], "gpt-4o-mini");
    let change = [
        "7",
        "openai",
        "model=gpt-4o",
        "temperature=0.8",
        "max_tokens=4000",
    ];
    let dry = admin.ask("save-override", &[&change[..], &["--dry-run"]].concat());
    assert_eq!(dry["changed"], json!(true));
    assert_eq!(view(admin, "7"), before, "a dry run changes nothing");
    let saved = admin.ask("save-override", &change);
    assert_eq!(
        saved["integrationSettings"]["overrides"],
        json!({"model": "gpt-4o", "temperature": 0.8, "maxTokens": 4000})
    );
    let etag = before["etag"].as_str().unwrap();
    let stale = ["7", "openai", "temperature=0.1", "--etag", etag];
    let stale = admin.refused("save-override", &stale, ABORTED);
    assert!(stale.contains("ETAG_MISMATCH"), "{stale}");
    let cleared = admin.ask(
        "save-override",
        &["7", "openai", "temperature=", "enabled=true"],
    );
    let cleared = &cleared["integrationSettings"];
    assert_eq!(
        cleared["overrides"],
        json!({"model": "gpt-4o", "maxTokens": 4000})
    );
    assert_eq!(cleared["values"]["temperature"], 0.7);
    assert_eq!(cleared["sources"]["temperature"], "FIELD_SOURCE_GLOBAL");
    let all = admin.ask("show-settings", &["7"]);
    let own = all["integrationSettings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["usingGlobal"] == json!(false))
        .map(|one| one["id"].clone())
        .collect::<Vec<_>>();
    assert_eq!(own, ["openai"]);

    let free = admin.refused(
        "save-override",
        &["8", "openai", "model=gpt-4o"],
        FAILED_PRECONDITION,
    );
    assert!(free.contains("PLAN_FORBIDS_OVERRIDES"), "{free}");
    let bad = admin.refused(
        "save-override",
        &["7", "openai", "model=a \"model\"", "temperature=9"],
        INVALID_ARGUMENT,
    );
    assert!(
        bad.contains("config.model") && bad.contains("config.temperature"),
        "{bad}"
    );
}

fn model(admin: &Admin, account: &str) -> Value {
    admin.ask("get-config", &[account, "generate_content"])["modelConfig"]["model"].clone()
}

fn globals(admin: &Admin) {
    let updated = admin.ask(
        "update-globals",
        &["openai", "model=gpt-4.1", "temperature=0.5"],
    );
    assert_eq!(
        updated["globalSettings"]["sections"]["openai"],
        json!({"model": "gpt-4.1", "temperature": 0.5, "maxTokens": 8192})
    );
    assert_eq!(
        (model(admin, "7"), model(admin, "8")),
        (json!("gpt-4o"), json!("gpt-4.1"))
    );
    let reset = admin.ask("reset-override", &["7", "openai"]);
    assert_eq!(reset["integrationSettings"]["usingGlobal"], json!(true));
    assert_eq!(model(admin, "7"), "gpt-4.1");
    let images = [
        "image_generation",
        "max_in_article_images=",
        "image_format=png",
    ];
    admin.ask("update-globals", &images);
    admin.ask("update-globals", &["image_generation", "image_size="]);
    let shown = admin.ask("show-globals", &[]);
    assert_eq!(
        shown["globalSettings"]["sections"]["image_generation"],
        json!({"service": "openai", "imageFormat": "png"})
    );
    let service = admin.run("update-globals", &["text_generation", "service="], "");
    assert_eq!(service.code, 64 + INVALID_ARGUMENT, "{service:?}");
}

fn catalogue(admin: &Admin) {
    let listed = admin.ask(
        "list-models",
        &["--provider", "openai", "--default", "true"],
    );
    assert_eq!(listed["models"][0]["modelId"], "gpt-4o-mini");
    let changed = admin.ask("set-default-model", &["gpt-4o", "--provider", "openai"]);
    assert_eq!(changed["formerDefault"], "gpt-4o-mini");
    let listed = admin.ask(
        "list-models",
        &["--provider", "openai", "--default", "true"],
    );
    assert_eq!(listed["models"][0]["modelId"], "gpt-4o");
    let retired = admin.refused("set-default-model", &["gpt-4"], FAILED_PRECONDITION);
    assert!(retired.contains("MODEL_NOT_USABLE"), "{retired}");
    let runware = admin.ask(
        "list-models",
        &["--modality=image", "--provider=runware", "--status=usable"],
    );
    let ids: Vec<&Value> = runware["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| &model["modelId"])
        .collect();
    assert_eq!(ids, ["runware:100@1", "runware:97@1"]);
    let findings = admin.ask(
        "list-findings",
        &["--kind", "price-missing", "--severity", "warning"],
    );
    let found = findings["findings"].as_array().unwrap();
    assert!(
        found
            .iter()
            .any(|one| one["resource"] == "models/runware:97@1"),
        "{found:?}"
    );
}

fn explanation(admin: &Admin) {
    admin.ask("save-override", &["7", "openai", "model=gpt-4o"]);
    let plain = admin.ask("get-config", &["7", "auto_cluster", "max_tokens=100"]);
    let config = &plain["modelConfig"];
    assert_eq!(
        (&config["maxTokens"], &config["apiKey"]),
        (&json!(100), &json!(""))
    );
    assert_eq!(config["sources"]["max_tokens"], "FIELD_SOURCE_REQUEST");
    let explained = admin.ask("explain-config", &["7", "auto_cluster"]);
    let fields = explained["modelConfig"]["explanation"]["fields"]
        .as_array()
        .unwrap();
    let model = fields
        .iter()
        .find(|field| field["field"] == "model")
        .unwrap();
    assert_eq!(model["winner"], "FIELD_SOURCE_ACCOUNT");
    let level = |source: &str| {
        let levels = model["levels"].as_array().unwrap();
        let level = levels
            .iter()
            .find(|level| level["source"] == source)
            .unwrap();
        (level["value"].clone(), level["outcome"].clone())
    };
    assert_eq!(
        level("FIELD_SOURCE_ACCOUNT"),
        (json!("gpt-4o"), json!("OUTCOME_WON"))
    );
    assert_eq!(
        level("FIELD_SOURCE_GLOBAL"),
        (json!("gpt-4.1"), json!("OUTCOME_OUTRANKED"))
    );
    assert_eq!(level("FIELD_SOURCE_FUNCTION").1, "OUTCOME_UNSET");
}

/// The check values of the specification.
fn quotes(admin: &Admin) {
    let tokens = [
        "7",
        "--function",
        "generate_content",
        "--model",
        "gpt-4o-mini",
        "--words",
        "1234",
        "--input-tokens",
        "1034",
        "--cached-input-tokens",
        "200",
        "--output-tokens",
        "567",
    ];
    let quote = admin.ask("quote-credits", &tokens);
    assert_eq!(quote["costNanoUsd"], "510300");
    assert_eq!(quote["nanoCredits"], "12340000000");
    let missing = ["7", "--operation", "content_generation"];
    let missing = admin.refused("quote-credits", &missing, INVALID_ARGUMENT);
    assert!(missing.contains("words"), "{missing}");
}
