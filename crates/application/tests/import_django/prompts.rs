//! Prompts: the library's from the magic account or the newer table, and those of accounts.

use aiconfig_application::{ImportReport, ReportConsequence as C};
use aiconfig_domain::PromptType;
use serde_json::{Value, json};

use crate::bench::{Bench, account, account_as, dump, found, lines, prompt, row, with};

const IDEAS: &str = "Ideas for {industry} from {keywords}.\n";

fn global(pk: i64, kind: &str, text: &str) -> Value {
    let fields = json!({"prompt_type": kind, "prompt_value": text, "description": "of the table",
        "variables": ["keywords"], "version": 7, "is_active": true});
    row("system.globalaiprompt", pk, fields)
}

/// The magic account with a text for ideas, and accounts 2 (STARTER) and 3 (FREE).
fn base() -> Vec<Value> {
    vec![
        account_as(1, "aws-admin", 4),
        account(2, 2),
        account(3, 1),
        prompt(1, 1, "ideas", IDEAS, IDEAS),
    ]
}

fn and(rows: impl IntoIterator<Item = Value>) -> Value {
    dump(base().into_iter().chain(rows))
}

/// The text, base and version of an account's prompt.
type Own = (String, String, u32);
/// A row, what is stored of it, and what is told of it.
type Case = (Value, Option<Own>, Vec<(C, &'static str)>);

fn own(text: &str, base: &str) -> Own {
    (text.to_owned(), base.to_owned(), 2)
}

/// Imports the rows, each for an account of its own.
async fn check(mut cases: Vec<Case>) -> ImportReport {
    let bench = Bench::new().await;
    let mut rows = base();
    for (at, (case, ..)) in (100..).zip(&mut cases) {
        case["pk"] = json!(at);
        case["fields"]["account"] = json!(at);
        rows.extend([account(at, 2), case.clone()]);
    }
    let report = bench.import(dump(rows)).await;
    for (at, (case, stored, told)) in (100..).zip(cases) {
        let kind = case["fields"]["prompt_type"].as_str().unwrap();
        let about = format!("{:.200}", case["fields"].to_string());
        assert_eq!(bench.own_prompt(at, kind).await, stored, "{about}");
        let told: Vec<_> = told
            .into_iter()
            .map(|(class, field)| (class, field.to_owned()))
            .collect();
        assert_eq!(lines(&report, "aiprompt", at), told, "{about}");
    }
    report
}

#[tokio::test]
async fn the_magic_account_gives_the_library_new_versions() {
    let bench = Bench::new().await;
    let (shipped, _) = bench.library_prompt("ideas").await.unwrap();
    let report = bench.import(dump(base())).await;
    assert_eq!(report.lines, [], "nothing was taken otherwise than it was");
    assert_eq!(report.totals.global_prompts, 1);
    let present = bench.library_prompt("ideas").await.unwrap();
    assert_eq!(present, (IDEAS.to_owned(), 2));
    assert_eq!(bench.library_prompt("clustering").await.unwrap().1, 1);
    let live = bench.live();
    let kind = PromptType::parse("ideas").unwrap();
    let version = &live.snapshot.prompt_version(&kind, 2).unwrap().value;
    assert_eq!(version.note, "imported from Django");
    assert_eq!(version.bytes as usize, IDEAS.len());
    let former = live.snapshot.prompt_version(&kind, 1).unwrap().value.text;
    assert_eq!(bench.text(former).await, shipped);
    let stored = &live.snapshot.global_prompt("ideas").unwrap().value;
    let names: Vec<_> = stored
        .variables
        .iter()
        .map(|v| (&*v.name, v.required))
        .collect();
    assert_eq!(names, [("industry", true), ("keywords", true)]);
    assert!(stored.active && stored.version == 2 && !stored.description.is_empty());
    // The account itself has no row of its own.
    assert_eq!(bench.own_prompt(1, "ideas").await, None);
}

#[tokio::test]
async fn the_weightiest_magic_account_with_a_text_counts() {
    let bench = Bench::new().await;
    let off = json!({"is_active": false});
    let rows = [
        account_as(8, "default", 4),
        account_as(9, "default-account", 4),
        prompt(20, 8, "ideas", "of default", ""),
        prompt(21, 8, "clustering", "of default", ""),
        prompt(22, 9, "clustering", "of default-account", ""),
        prompt(23, 8, "negative_prompt", "of default", ""),
        with(prompt(24, 1, "negative_prompt", "switched off", ""), off),
        prompt(25, 9, "negative_prompt", " ", ""),
    ];
    let report = bench.import(and(rows)).await;
    for (kind, text) in [
        ("ideas", IDEAS),
        ("clustering", "of default-account"),
        ("negative_prompt", "of default"),
    ] {
        assert_eq!(bench.library_prompt(kind).await.unwrap().0, text, "{kind}");
    }
    for (pk, field) in [
        (20, "prompt_value"),
        (21, "prompt_value"),
        (24, "is_active"),
        (25, "prompt_value"),
    ] {
        let left = [(C::LeftOut, field.to_owned())];
        assert_eq!(lines(&report, "aiprompt", pk), left, "{pk}");
    }
}

#[tokio::test]
async fn the_newer_table_wins() {
    let bench = Bench::new().await;
    let rows = [
        global(1, "ideas", "Newer {x}"),
        global(2, "brand_new", "Text"),
        global(3, "Bad Type", "Text"),
        with(global(4, "clustering", "off"), json!({"is_active": false})),
    ];
    let report = bench.import(and(rows)).await;
    let ideas = bench.library_prompt("ideas").await.unwrap();
    assert_eq!(ideas, ("Newer {x}".to_owned(), 2));
    let live = bench.live();
    let stored = &live.snapshot.global_prompt("ideas").unwrap().value;
    assert_eq!(stored.description, "of the table");
    assert_eq!(bench.library_prompt("brand_new").await.unwrap().1, 1);
    assert_eq!(
        bench.library_prompt("clustering").await.unwrap().1,
        1,
        "counts as none"
    );
    assert_eq!(
        lines(&report, "aiprompt", 1),
        [(C::LeftOut, "prompt_value".to_owned())]
    );
    assert_eq!(
        lines(&report, "globalaiprompt", 3),
        [(C::LeftOut, "prompt_type".to_owned())]
    );
    assert_eq!(
        lines(&report, "globalaiprompt", 4),
        [(C::LeftOut, "is_active".to_owned())]
    );
}

#[tokio::test]
async fn what_is_customised_is_kept_byte_for_byte() {
    let windows = IDEAS.replace('\n', "\r\n");
    let mine = "Mine, with {keywords}\r\nand tabs\t";
    let ideas = |text: &str, base: &str| prompt(0, 0, "ideas", text, base);
    let follows = || vec![(C::PromptReplaced, "default_prompt")];
    check(vec![
        (ideas(IDEAS, IDEAS), None, vec![]),
        (ideas(&windows, IDEAS), None, vec![]),
        (ideas(&windows, ""), None, vec![]),
        (ideas(mine, IDEAS), Some(own(mine, IDEAS)), vec![]),
        (ideas(mine, ""), Some(own(mine, IDEAS)), vec![]),
        // Based on an old default: that stays its base, and it is not behind.
        (ideas(mine, "Old"), Some(own(mine, "Old")), vec![]),
        // An old default that is not the library's, and was not touched.
        (ideas("Old\r\n", "Old\n"), None, follows()),
        // The same of a type that no import touched.
        (prompt(0, 0, "clustering", "Old", "Old"), None, follows()),
    ])
    .await;
}

#[tokio::test]
async fn the_newer_shape_of_rows_says_whether_they_are_customised() {
    let ideas = |text: &str, base: &str, on: bool| {
        let row = prompt(0, 0, "ideas", text, base);
        with(row, json!({"is_customized": on}))
    };
    let dropped = vec![(C::ValueDropped, "prompt_value")];
    check(vec![
        (ideas("Mine", IDEAS, false), None, dropped),
        (ideas("Mine", "", true), Some(own("Mine", IDEAS)), vec![]),
        (ideas(IDEAS, "", true), None, vec![]),
        (ideas("", "", false), None, vec![]),
    ])
    .await;
}

#[tokio::test]
async fn what_cannot_be_a_prompt_is_told() {
    let ideas = |text: &str, base: &str| prompt(0, 0, "ideas", text, base);
    let left = |field| vec![(C::LeftOut, field)];
    let off = with(ideas("Mine", IDEAS), json!({"is_active": false}));
    let number = with(ideas("Mine", IDEAS), json!({"prompt_value": 7}));
    let key = "sk-test-0123456789abcdef";
    let report = check(vec![
        (
            ideas("Mine", "a\0b"),
            Some(own("Mine", IDEAS)),
            vec![(C::ValueDropped, "default_prompt")],
        ),
        (
            ideas("Mine", key),
            Some(own("Mine", IDEAS)),
            vec![(C::CredentialDropped, "default_prompt")],
        ),
        (
            ideas("", IDEAS),
            None,
            vec![(C::ValueDropped, "prompt_value")],
        ),
        (ideas("a\0b", IDEAS), None, left("prompt_value")),
        (
            ideas(&"x".repeat(256 * 1024 + 1), IDEAS),
            None,
            left("prompt_value"),
        ),
        (
            ideas(key, IDEAS),
            None,
            vec![
                (C::CredentialDropped, "prompt_value"),
                (C::LeftOut, "prompt_value"),
            ],
        ),
        (
            prompt(0, 0, "no_such_type", "Mine", IDEAS),
            None,
            left("prompt_type"),
        ),
        (off, None, left("is_active")),
        (number, None, left("prompt_value")),
    ])
    .await;
    assert_eq!(report.totals.credentials_dropped, 2);
    assert!(!serde_json::to_string(&report).unwrap().contains("sk-test"));
}

#[tokio::test]
async fn rows_of_free_accounts_are_dormant_and_orphans_left() {
    let bench = Bench::new().await;
    let rows = [
        prompt(10, 3, "ideas", "Mine", IDEAS),
        prompt(11, 99, "ideas", "Mine", IDEAS),
        with(
            prompt(12, 2, "ideas", "Older", IDEAS),
            json!({"updated_at": "2025-01-01T00:00:00Z"}),
        ),
        prompt(9, 2, "ideas", "Newer", IDEAS),
    ];
    let report = bench.import(and(rows)).await;
    assert_eq!(bench.own_prompt(3, "ideas").await, Some(own("Mine", IDEAS)));
    assert_eq!(
        lines(&report, "aiprompt", 10),
        [(C::Dormant, String::new())]
    );
    assert_eq!(
        lines(&report, "aiprompt", 11),
        [(C::LeftOut, "account".to_owned())]
    );
    assert_eq!(
        bench.own_prompt(2, "ideas").await,
        Some(own("Newer", IDEAS))
    );
    assert_eq!(
        lines(&report, "aiprompt", 12),
        [(C::LeftOut, String::new())]
    );
}

#[tokio::test]
async fn more_names_than_a_prompt_declares_are_told() {
    let bench = Bench::new().await;
    let names: Vec<String> = (0..120).map(|at| format!("{{v{at}}}")).collect();
    let text = names.join(" ");
    let report = bench.import(and([global(5, "ideas", &text)])).await;
    let live = bench.live();
    let stored = &live.snapshot.global_prompt("ideas").unwrap().value;
    assert_eq!(stored.variables.iter().count(), 100);
    assert_eq!(
        found(&report, "globalaiprompt", 5)[0].consequence,
        C::PlatformValue
    );
}
