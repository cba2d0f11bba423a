//! Author profiles and strategies: the library's, and those of accounts.

use std::collections::BTreeSet;

use aiconfig_application::ReportConsequence as C;
use aiconfig_domain::{AccountId, AuthorProfile, OwnItem, Strategy};
use serde_json::{Value, json};

use crate::bench::{Bench, account, dump, found, lines, row, with};

pub(crate) fn profile(pk: i64, account: i64, name: &str, fields: Value) -> Value {
    let base = json!({"account": account, "name": name, "description": "", "language": "en",
        "is_active": true, "updated_at": "2026-01-01T00:00:00Z"});
    with(row("system.authorprofile", pk, base), fields)
}

fn strategy(pk: i64, account: i64, name: &str, fields: Value) -> Value {
    let base = json!({"account": account, "name": name, "is_active": true});
    with(row("system.strategy", pk, base), fields)
}

fn profiles(bench: &Bench, account: i64) -> Vec<OwnItem<AuthorProfile>> {
    let live = bench.live();
    let entry = live.snapshot.account(AccountId::new(account).unwrap());
    let items = entry.map_or(&[][..], |entry| entry.profiles());
    items.iter().map(|stored| stored.value.clone()).collect()
}

fn strategies(bench: &Bench, account: i64) -> Vec<OwnItem<Strategy>> {
    let live = bench.live();
    let entry = live.snapshot.account(AccountId::new(account).unwrap());
    let items = entry.map_or(&[][..], |entry| entry.strategies());
    items.iter().map(|stored| stored.value.clone()).collect()
}

/// The numbers and names of an account's author profiles.
pub(crate) fn names(bench: &Bench, account: i64) -> Vec<(i64, String)> {
    let items = profiles(bench, account).into_iter();
    items
        .map(|item| (item.id.get(), item.content.name.clone()))
        .collect()
}

#[tokio::test]
async fn profiles_become_items_of_their_accounts() {
    let bench = Bench::new().await;
    let template = json!({"sections": ["intro"], "style": {"apiKey": "canary", "tone": "dry"}});
    let fields = json!({"tone": "casual", "language": "PT-br", "structure_template": template});
    let rows = [
        account(2, 2),
        account(3, 1),
        profile(1, 2, "House voice", fields),
        profile(2, 3, "Blog", json!({"is_active": false})),
        profile(3, 99, "Blog", json!({})),
        profile(4, 2, " ", json!({})),
    ];
    let report = bench.import(dump(rows)).await;
    let item = &profiles(&bench, 2)[0];
    let content = &item.content;
    assert!(item.active && item.origin.is_none());
    assert_eq!((&*content.name, &*content.tone), ("House voice", "casual"));
    assert_eq!(
        (&*content.language, content.category.as_str()),
        ("pt-BR", "blog")
    );
    let kept = json!({"sections": ["intro"], "style": {"tone": "dry"}});
    assert_eq!(Value::Object(content.structure_template.clone()), kept);
    let path = "structure_template.style.apiKey".to_owned();
    assert_eq!(
        lines(&report, "authorprofile", 1),
        [(C::CredentialDropped, path)]
    );
    assert_eq!(report.totals.credentials_dropped, 1);
    assert!(!serde_json::to_string(&report).unwrap().contains("canary"));
    assert!(!profiles(&bench, 3)[0].active);
    assert_eq!(
        lines(&report, "authorprofile", 2),
        [(C::Dormant, String::new())]
    );
    assert_eq!(
        lines(&report, "authorprofile", 3),
        [(C::LeftOut, "account".to_owned())]
    );
    assert_eq!(
        lines(&report, "authorprofile", 4),
        [(C::LeftOut, "name".to_owned())]
    );
    let plain: Vec<_> = report
        .lines
        .iter()
        .filter(|line| line.pk.is_empty())
        .collect();
    assert!(matches!(&*plain, [line] if line.done.starts_with("2 rows have the category")));
}

#[tokio::test]
async fn what_does_not_fit_is_told() {
    let bench = Bench::new().await;
    let long = "ä".repeat(300);
    let deep = (0..40).fold(json!(1), |inner, _| json!({"a": inner}));
    let cases = [
        (
            json!({"language": "english"}),
            vec![(C::ValueDropped, "language")],
        ),
        (json!({"language": 7}), vec![(C::ValueDropped, "language")]),
        (json!({"language": null}), vec![]),
        (json!({"category": "saas"}), vec![]),
        (
            json!({"category": "poetry"}),
            vec![(C::ValueDropped, "category")],
        ),
        (json!({"name": long}), vec![(C::Converted, "name")]),
        (json!({"tone": long}), vec![(C::Converted, "tone")]),
        (json!({"tone": ["dry"]}), vec![(C::ValueDropped, "tone")]),
        (
            json!({"description": "sk-test-0123456789abcdef"}),
            vec![(C::CredentialDropped, "description")],
        ),
        (
            json!({"structure_template": [1, 2]}),
            vec![(C::ValueDropped, "structure_template")],
        ),
        (
            json!({"structure_template": "no json"}),
            vec![(C::ValueDropped, "structure_template")],
        ),
        (json!({"structure_template": "{\"a\": 1}"}), vec![]),
        (
            json!({"structure_template": deep}),
            vec![(C::ValueDropped, "structure_template")],
        ),
        (
            json!({"structure_template": {"a": "x".repeat(65_536)}}),
            vec![(C::ValueDropped, "structure_template")],
        ),
        (
            json!({"cloned_from": 12}),
            vec![(C::ValueDropped, "cloned_from")],
        ),
    ];
    let rows = (1..)
        .zip(&cases)
        .map(|(pk, (fields, _))| profile(pk, 2, &format!("Profile {pk}"), fields.clone()));
    let report = bench
        .import(dump([account(2, 2)].into_iter().chain(rows)))
        .await;
    let stored = profiles(&bench, 2);
    assert_eq!(stored.len(), cases.len());
    for (pk, (fields, told)) in (1..).zip(cases) {
        let told: Vec<_> = told
            .into_iter()
            .map(|(class, field)| (class, field.to_owned()))
            .collect();
        assert_eq!(
            lines(&report, "authorprofile", pk),
            told,
            "{:.100}",
            fields.to_string()
        );
    }
    assert!(stored.iter().all(|item| item.content.language == "en"));
    assert!(
        stored
            .iter()
            .all(|item| item.content.name.chars().count() <= 255)
    );
    let read = |at: usize| Value::Object(stored[at].content.structure_template.clone());
    assert_eq!(
        read(11),
        json!({"a": 1}),
        "an object that was stored as a text"
    );
}

#[tokio::test]
async fn a_strategy_keeps_the_prompt_types_that_there_are() {
    let bench = Bench::new().await;
    let types = json!(["content_generation", "no_such_type", "ideas", "ideas", 7]);
    let fields = json!({"prompt_types": types, "section_logic": {"h2": 5}, "sector": 12});
    let text = json!({"prompt_types": "[\"ideas\"]", "sector": "Health"});
    let rows = [
        account(2, 2),
        strategy(1, 2, "SEO", fields),
        strategy(2, 2, "Text", text),
        strategy(3, 2, "Broken", json!({"prompt_types": {"ideas": true}})),
    ];
    let report = bench.import(dump(rows)).await;
    let stored = strategies(&bench, 2);
    let named = |at: usize| -> Vec<String> {
        stored[at]
            .content
            .prompt_types
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    assert_eq!(named(0), ["content_generation", "ideas"]);
    assert_eq!(
        Value::Object(stored[0].content.section_logic.clone()),
        json!({"h2": 5})
    );
    let field = |name: &str| (C::ValueDropped, name.to_owned());
    let told = [
        field("prompt_types"),
        field("prompt_types"),
        field("sector"),
    ];
    assert_eq!(lines(&report, "strategy", 1), told);
    let done = &found(&report, "strategy", 1)[0].done;
    assert_eq!(done, "no_such_type left out");
    assert_eq!(named(1), ["ideas"]);
    assert_eq!(stored[1].content.sector, "Health");
    assert_eq!(named(2), [] as [String; 0]);
    assert_eq!(lines(&report, "strategy", 3), [field("prompt_types")]);
}

#[tokio::test]
async fn copies_point_at_what_they_were_cloned_from() {
    let bench = Bench::new().await;
    let global = |pk: i64, name: &str| {
        let fields = json!({"name": name, "tone": "dry", "category": "news", "is_active": true});
        row("system.globalauthorprofile", pk, fields)
    };
    let copy = json!({"cloned_from": 5, "tone": "dry"});
    let rows = [
        account(2, 2),
        global(5, "Reporter"),
        global(6, "Critic"),
        profile(1, 2, "Reporter", copy.clone()),
        profile(2, 2, "Scratch", json!({"cloned_from": null})),
    ];
    let report = bench.import(dump(rows.clone())).await;
    assert_eq!(report.totals.author_profiles, 4);
    let live = bench.live();
    let mut library = live.snapshot.library_profiles().map(|stored| &stored.value);
    let reporter = library
        .find(|item| item.content.name == "Reporter")
        .unwrap();
    let stored = profiles(&bench, 2);
    let origin = stored[0].origin.unwrap();
    assert_eq!((origin.id, origin.version), (reporter.id, reporter.version));
    assert_eq!(stored[0].content.category.as_str(), "news", "of its origin");
    assert_eq!(stored[1].origin, None);
    // The library's item has another version then; the copy is of the former one.
    let newer = with(global(5, "Reporter"), json!({"tone": "warm"}));
    let later = with(
        profile(1, 2, "Reporter", copy),
        json!({"updated_at": "2026-03-01T00:00:00Z"}),
    );
    bench.import(dump([account(2, 2), newer, later])).await;
    let live = bench.live();
    let reporter = &live.snapshot.library_profile(reporter.id).unwrap().value;
    assert_eq!((reporter.version, &*reporter.content.tone), (2, "warm"));
    assert_eq!(profiles(&bench, 2)[0].origin.unwrap().version, 1);
}

#[tokio::test]
async fn names_are_unique_and_numbers_are_never_given_twice() {
    let bench = Bench::new().await;
    let many = (1..=1_500).map(|pk| profile(pk, 2, &format!("Profile {pk}"), json!({})));
    let twice = [
        profile(2_001, 2, "Twice", json!({"tone": "old"})),
        profile(
            2_002,
            2,
            "Twice",
            json!({"tone": "new", "updated_at": "2026-05-01T00:00:00Z"}),
        ),
    ];
    let rows = [account(2, 2), account(3, 2)]
        .into_iter()
        .chain(many)
        .chain(twice);
    let report = bench.import(dump(rows)).await;
    assert_eq!(
        lines(&report, "authorprofile", 2_001),
        [(C::LeftOut, String::new())]
    );
    let first = names(&bench, 2);
    assert_eq!(first.len(), 1_501);
    bench
        .import(dump([profile(9_001, 3, "Later", json!({}))]))
        .await;
    let ids: BTreeSet<i64> = first
        .into_iter()
        .chain(names(&bench, 3))
        .map(|(id, _)| id)
        .collect();
    assert_eq!(ids.len(), 1_502);
    // Numbers of other changes are their revision times 1 024 and a place below that.
    let revision = i64::try_from(bench.live().snapshot.revision()).unwrap();
    assert!(
        ids.iter()
            .all(|id| *id > (revision + 1_000_000_000) * 1_024)
    );
}

#[tokio::test]
async fn numbers_of_any_length_are_read_as_they_are_written() {
    let bench = Bench::new().await;
    // Read carelessly, one of some ten such numbers is another one than the one that was written.
    let list: Vec<f64> = (1..400_u32).map(|at| f64::from(at).exp() / 7.0).collect();
    let template = json!({"structure_template": {"numbers": list}});
    bench
        .import(dump([account(2, 2), profile(1, 2, "A", template)]))
        .await;
    let replayed = bench.app.replay_log().await.unwrap().1;
    assert_eq!(bench.live().snapshot.digest(), replayed);
}
