//! A second run over prompts, items and modules: a dump that was imported before these were taken,
//! rows that were changed in the dump, and rows that were changed here.

use aiconfig_application::{ImportReport, ReportConsequence as C};
use aiconfig_domain::template::Strictness;
use aiconfig_domain::{
    AccountId, Command, CustomizePrompt, Module, PromptText, PromptType, ResetPrompts, ResetTarget,
    UpdateAccountModules, UpdateGlobalPrompt,
};
use serde_json::{Value, json};

use crate::bench::{Bench, account, account_as, dump, lines, prompt, row, with};
use crate::items::{names, profile};

const IDEAS: &str = "Ideas for {industry}.\n";

/// What an earlier version took of the dump.
fn accounts() -> Vec<Value> {
    vec![account_as(1, "aws-admin", 4), account(2, 2), account(3, 2)]
}

fn rows() -> Vec<Value> {
    let off = json!({"account": 2, "writer_enabled": false});
    let mut rows = accounts();
    rows.extend([
        prompt(1, 1, "ideas", IDEAS, IDEAS),
        prompt(2, 2, "ideas", "Mine", IDEAS),
        profile(1, 2, "Blog", json!({"tone": "dry"})),
        row("system.moduleenablesettings", 1, off),
    ]);
    rows
}

/// Gives one of the rows other fields.
fn edit(rows: &mut [Value], model: &str, pk: i64, fields: &Value) -> Value {
    for row in rows.iter_mut() {
        if row["model"] == format!("system.{model}") && row["pk"] == pk {
            *row = with(row.take(), fields.clone());
        }
    }
    dump(rows.to_vec())
}

fn changed(model: &str, pk: i64, fields: &Value) -> Value {
    edit(&mut rows(), model, pk, fields)
}

fn ideas() -> PromptType {
    PromptType::parse("ideas").unwrap()
}

fn text(text: &str) -> PromptText {
    PromptText::new(text).unwrap()
}

fn customise(text_of_account: &str) -> Command {
    Command::CustomizePrompt(CustomizePrompt {
        account_id: AccountId::new(2).unwrap(),
        prompt_type: ideas(),
        text: text(text_of_account),
        strictness: Strictness::Lenient,
        expected_etag: None,
    })
}

fn left(report: &ImportReport, model: &str, pk: i64) {
    let told = lines(report, model, pk);
    assert!(
        matches!(&*told, [(C::ChangedHere, _)]),
        "{model} {pk}: {told:?}"
    );
}

#[tokio::test]
async fn a_dump_that_was_imported_before_gives_just_these() {
    let bench = Bench::new().await;
    let first = bench.import(dump(accounts())).await;
    assert_eq!(first.totals.accounts, 3);
    let second = bench.import(dump(rows())).await;
    let totals = second.totals;
    assert_eq!((totals.accounts, totals.overrides), (0, 0));
    assert_eq!((totals.global_prompts, totals.account_prompts), (1, 1));
    assert_eq!((totals.author_profiles, totals.modules), (1, 1));
    assert_eq!(second.counts["igny8_core_auth.account"].unchanged, 3);
    let third = bench.import(dump(rows())).await;
    assert!(
        !third.changed && third.lines.is_empty(),
        "{:?}",
        third.lines
    );
    assert_eq!(third.counts["system.aiprompt"].unchanged, 2);
}

#[tokio::test]
async fn what_is_new_in_the_dump_is_taken() {
    let bench = Bench::new().await;
    let mut rows = rows();
    bench.import(dump(rows.clone())).await;
    let id = names(&bench, 2)[0].0;
    let next = edit(&mut rows, "aiprompt", 1, &json!({"prompt_value": "Newer"}));
    bench.import(next).await;
    let global = bench.library_prompt("ideas").await.unwrap();
    assert_eq!(global, ("Newer".to_owned(), 3));
    // The account's row was not touched: it is behind now.
    let mine = bench.own_prompt(2, "ideas").await;
    assert_eq!(mine, Some(("Mine".to_owned(), IDEAS.to_owned(), 2)));
    // A row that differs in nothing that counts here stays as it is.
    let later = json!({"updated_at": "2026-02-02T00:00:00Z"});
    assert!(
        !bench
            .import(edit(&mut rows, "aiprompt", 2, &later))
            .await
            .changed
    );
    assert_eq!(bench.own_prompt(2, "ideas").await, mine);

    let report = bench
        .import(edit(
            &mut rows,
            "aiprompt",
            2,
            &json!({"prompt_value": IDEAS}),
        ))
        .await;
    assert_eq!(bench.own_prompt(2, "ideas").await, None);
    assert_eq!(report.totals.account_prompts, 1);
    // What belongs to another account from now on goes from the former one.
    bench
        .import(edit(&mut rows, "authorprofile", 1, &json!({"account": 3})))
        .await;
    assert_eq!(names(&bench, 2), []);
    assert_eq!(names(&bench, 3).len(), 1);
    assert_ne!(names(&bench, 3)[0].0, id, "no number is given twice");
    let again = edit(&mut rows, "aiprompt", 2, &json!({"prompt_value": "Mine"}));
    bench.import(again).await;
    assert!(bench.own_prompt(2, "ideas").await.is_some());
    let moved = json!({"account": 3, "prompt_type": "clustering"});
    bench.import(edit(&mut rows, "aiprompt", 2, &moved)).await;
    assert!(bench.own_prompt(3, "clustering").await.is_some());
    assert!(bench.own_prompt(2, "ideas").await.is_none());
    let all_on = json!({"writer_enabled": true});
    bench
        .import(edit(&mut rows, "moduleenablesettings", 1, &all_on))
        .await;
    let live = bench.live();
    assert!(
        live.snapshot
            .account_modules(AccountId::new(2).unwrap())
            .is_none()
    );
}

#[tokio::test]
async fn a_renamed_item_is_the_same_item() {
    let bench = Bench::new().await;
    bench.import(dump(rows())).await;
    let before = names(&bench, 2);
    // Another row takes the name that the first one had.
    let mut next = rows();
    next.push(profile(7, 2, "Blog", json!({"tone": "new"})));
    let at = next
        .iter()
        .position(|row| row["model"] == "system.authorprofile");
    next[at.unwrap()]["fields"]["name"] = json!("Renamed");
    let report = bench.import(dump(next)).await;
    assert_eq!(report.totals.author_profiles, 2);
    let after = names(&bench, 2);
    assert_eq!(after[0], (before[0].0, "Renamed".to_owned()));
    assert_eq!(after[1].1, "Blog");
    // A row that was made anew under another primary key is the item of its name.
    let mut anew = accounts();
    anew.push(profile(8, 2, "Renamed", json!({"tone": "dry"})));
    bench.import(dump(anew)).await;
    assert_eq!(names(&bench, 2), after);
}

#[tokio::test]
async fn what_was_changed_here_stays() {
    let bench = Bench::new().await;
    bench.import(dump(rows())).await;
    bench.run(customise("Changed here")).await;
    let update = UpdateGlobalPrompt {
        prompt_type: ideas(),
        present: text(IDEAS),
        description: None,
        text: Some(text("Changed here")),
        variables: None,
        active: None,
        note: String::new(),
        strictness: Strictness::Lenient,
        expected_etag: None,
    };
    bench.run(Command::UpdateGlobalPrompt(update)).await;
    let switches = UpdateAccountModules {
        account_id: AccountId::new(2).unwrap(),
        switches: [(Module::Linker, false)].into(),
        expected_etag: None,
    };
    bench.run(Command::UpdateAccountModules(switches)).await;
    let digest = bench.live().snapshot.digest();
    let other = json!({"prompt_value": "Other"});
    let linker = json!({"linker_enabled": true, "writer_enabled": true});
    for next in [
        dump(rows()),
        changed("aiprompt", 1, &other),
        changed("aiprompt", 2, &other),
        changed("moduleenablesettings", 1, &linker),
    ] {
        for _ in 0..2 {
            let report = bench.import(next.clone()).await;
            assert!(!report.changed);
            assert_eq!(bench.live().snapshot.digest(), digest);
            left(&report, "aiprompt", 1);
            left(&report, "aiprompt", 2);
            left(&report, "moduleenablesettings", 1);
        }
    }
}

#[tokio::test]
async fn what_was_reset_or_made_here_stays() {
    let bench = Bench::new().await;
    bench.import(dump(rows())).await;
    let reset = ResetPrompts {
        rows: vec![Ok((AccountId::new(2).unwrap(), ideas()))],
        target: ResetTarget::FollowGlobal,
        partial: false,
        expected_etag: None,
    };
    bench.run(Command::ResetPrompts(reset)).await;
    let report = bench.import(dump(rows())).await;
    left(&report, "aiprompt", 2);
    assert_eq!(bench.own_prompt(2, "ideas").await, None);

    let bench = Bench::new().await;
    bench.import(dump(accounts())).await;
    bench.run(customise("Made here")).await;
    let report = bench.import(dump(rows())).await;
    left(&report, "aiprompt", 2);
    let (text, ..) = bench.own_prompt(2, "ideas").await.unwrap();
    assert_eq!(text, "Made here");
}
