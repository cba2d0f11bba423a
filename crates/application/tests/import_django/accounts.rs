//! Accounts: plans, states, what is pushed here already, and rows without an account.

use aiconfig_application::{ImportOptions, ReportConsequence as C};
use aiconfig_domain::{
    Account, AccountId, AccountState, Command, DeleteAccount, Plan, UpsertAccounts,
};
use serde_json::{Value, json};

use crate::bench::{Bench, account, account_as, dump, found, lines, row, settings, with};

fn stored(bench: &Bench, id: i64) -> Option<Account> {
    let live = bench.live();
    let entry = live.snapshot.account(AccountId::new(id)?)?;
    entry.live().cloned()
}

fn plan(bench: &Bench, id: i64) -> Plan {
    stored(bench, id).unwrap().plan
}

fn push(id: i64, plan: Plan, source_version: i64) -> Command {
    Command::UpsertAccounts(UpsertAccounts {
        pushes: vec![Ok(Account {
            account_id: AccountId::new(id).unwrap(),
            plan,
            display_name: "pushed".to_owned(),
            active: true,
            source_version,
        })],
        partial: false,
        expected_etag: None,
    })
}

#[tokio::test]
async fn plans_are_mapped_by_slug() {
    let bench = Bench::new().await;
    let rows = [
        account(1, 1),
        account(2, 2),
        account(3, 3),
        account(4, "4"),
        account(5, 5),
        account(6, Value::Null),
        account(7, 99),
        settings(1, 5, "openai", json!({"temperature": 0.2})),
    ];
    let report = bench.import(dump(rows)).await;
    let plans = [1, 2, 3, 4, 5, 6, 7].map(|id| plan(&bench, id));
    assert_eq!(
        plans,
        [
            Plan::Free,
            Plan::Starter,
            Plan::Growth,
            Plan::Scale,
            Plan::Free,
            Plan::Free,
            Plan::Free
        ]
    );
    // First of all, and with what it does to the account's rows.
    let first: Vec<_> = report.lines.iter().take(3).collect();
    let pks: Vec<&str> = first.iter().map(|line| line.pk.as_str()).collect();
    assert_eq!(pks, ["5", "6", "7"]);
    assert!(
        first
            .iter()
            .all(|line| line.consequence == C::PlanBecameFree && line.field == "plan")
    );
    assert!(first[0].done.contains("dormant: 1 override"));
    assert!(first[0].why.contains("--plan-map enterprise="));
    assert_eq!(stored(&bench, 1).unwrap().source_version, 0);
    assert!(lines(&report, "account", 1).is_empty());
}

#[tokio::test]
async fn a_plan_map_gives_other_plans() {
    let bench = Bench::new().await;
    let options = ImportOptions {
        plan_map: [("enterprise".to_owned(), Plan::Scale)].into(),
        ..ImportOptions::default()
    };
    let config = json!({"temperature": 0.2});
    let rows = [account(5, 5), settings(1, 5, "openai", config)];
    let report = bench.import_with(dump(rows), &options).await;
    assert_eq!(plan(&bench, 5), Plan::Scale);
    assert!(report.lines.is_empty(), "{:?}", report.lines);
}

#[tokio::test]
async fn suspended_and_deleted_accounts_are_inactive() {
    let bench = Bench::new().await;
    let rows = [
        with(account(1, 2), json!({"status": "suspended"})),
        with(account(2, 2), json!({"is_deleted": true})),
        with(account(3, 2), json!({"status": "trial"})),
        with(account(4, 2), json!({"status": "pending_payment"})),
        with(account(5, 2), json!({"status": "deleted"})),
    ];
    let report = bench.import(dump(rows)).await;
    let active = [1, 2, 3, 4, 5].map(|id| stored(&bench, id).unwrap().active);
    assert_eq!(active, [false, false, true, true, false]);
    let inactive =
        |line: &&aiconfig_application::ReportLine| line.consequence == C::AccountInactive;
    let told: Vec<&str> = report
        .lines
        .iter()
        .filter(inactive)
        .map(|line| line.pk.as_str())
        .collect();
    assert_eq!(told, ["1", "2", "5"]);
}

#[tokio::test]
async fn newer_pushes_stay() {
    let bench = Bench::new().await;
    bench.run(push(1, Plan::Scale, 3)).await;
    bench.run(push(2, Plan::Scale, 1)).await;
    let gone = Command::DeleteAccount(DeleteAccount {
        account_id: AccountId::new(2).unwrap(),
        source_version: 2,
        expected_etag: None,
    });
    bench.run(gone).await;
    let config = json!({"temperature": 0.2});
    let rows = [
        account(1, 5),
        account(2, 2),
        settings(1, 1, "openai", config.clone()),
        settings(2, 2, "openai", config),
    ];
    let report = bench.import(dump(rows)).await;
    assert_eq!(stored(&bench, 1).unwrap().display_name, "pushed");
    assert_eq!(
        lines(&report, "account", 1),
        [(C::ChangedHere, String::new())]
    );
    assert!(
        found(&report, "account", 1)[0]
            .why
            .contains("source_version 3")
    );
    // Its rows come all the same; those of an account that was deleted here have no place.
    assert_eq!(bench.values(1, "openai"), json!({"temperature": 0.2}));
    assert_eq!(stored(&bench, 2), None);
    let entry = bench.live();
    let entry = entry.snapshot.account(AccountId::new(2).unwrap()).unwrap();
    assert!(matches!(entry.state.value, AccountState::Deleted { .. }));
    assert!(entry.overrides.is_empty());
    let orphan = [(C::LeftOut, "account".to_owned())];
    assert_eq!(lines(&report, "integrationsettings", 2), orphan);
}

#[tokio::test]
async fn odd_rows_are_left_out() {
    let bench = Bench::new().await;
    let rows = [
        account(-1, 2),
        row(
            "igny8_core_auth.account",
            "abc",
            json!({"name": "x", "plan": 2}),
        ),
        settings(1, 99, "openai", json!({"temperature": 0.2})),
        with(
            settings(2, 1, "openai", json!({})),
            json!({"account": null}),
        ),
        json!(17),
        row("sessions.session", "x", json!({})),
        account(1, 2),
    ];
    let report = bench.import(dump(rows)).await;
    for (model, pk) in [
        ("account", -1),
        ("integrationsettings", 1),
        ("integrationsettings", 2),
    ] {
        assert_eq!(
            found(&report, model, pk)[0].consequence,
            C::LeftOut,
            "{model} {pk}"
        );
    }
    let about = |text: &str| report.lines.iter().any(|line| line.done.contains(text));
    assert!(about("element 10 of the dump left out"));
    assert!(about("1 rows left out"));
    assert_eq!(report.counts["igny8_core_auth.account"].left, 2);
    assert_eq!(report.counts["sessions.session"].left, 1);
    assert!(bench.row(1, "openai").is_none());
}

#[tokio::test]
async fn of_duplicates_the_newest_counts() {
    let bench = Bench::new().await;
    let setting = |pk, temperature: f64, updated: &str| {
        let row = settings(pk, 1, "openai", json!({"temperature": temperature}));
        with(row, json!({"updated_at": updated}))
    };
    let other = |pk, account: i64, temperature: f64| {
        let row = settings(pk, account, "openai", json!({"temperature": temperature}));
        with(row, json!({"updated_at": null}))
    };
    let rows = [
        account(1, 2),
        account(2, 2),
        setting(5, 0.5, "2026-03-01T00:00:00Z"),
        setting(9, 0.9, "2026-02-01T00:00:00Z"),
        other(20, 2, 0.3),
        other(3, 2, 0.4),
        // The same row twice, the newer one first.
        with(
            account(3, 2),
            json!({"name": "new", "updated_at": "2026-02-01T00:00:00Z"}),
        ),
        with(
            account(3, 3),
            json!({"name": "old", "updated_at": "2026-01-01T00:00:00Z"}),
        ),
        account_as(4, "one", 2),
        account_as(4, "two", 3),
    ];
    let report = bench.import(dump(rows)).await;
    assert_eq!(bench.values(1, "openai"), json!({"temperature": 0.5}));
    assert_eq!(bench.values(2, "openai"), json!({"temperature": 0.3}));
    for (model, pk) in [
        ("integrationsettings", 9),
        ("integrationsettings", 3),
        ("account", 3),
    ] {
        assert_eq!(
            found(&report, model, pk)[0].consequence,
            C::LeftOut,
            "{model} {pk}"
        );
    }
    assert_eq!(stored(&bench, 3).unwrap().display_name, "new");
    assert_eq!(stored(&bench, 4).unwrap().display_name, "two");
}
