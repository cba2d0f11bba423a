//! A second run changes nothing, takes what is new, and leaves what was changed here since.

use aiconfig_application::{ImportOptions, ReportConsequence as C};
use aiconfig_domain::{
    AccountId, Command, CreditOperationField, Plan, ResetSettings, SaveSettings,
    UpdateCreditOperation,
};
use serde_json::{Value, json};

use crate::bench::{Bench, account, account_as, dump, lines, row, settings, with};

fn rows() -> Vec<Value> {
    vec![
        account_as(1, "aws-admin", 4),
        account(2, 2),
        account(3, 5),
        settings(
            1,
            1,
            "openai",
            json!({"model": "gpt-4o", "apiKey": "sk-test-first-key"}),
        ),
        settings(2, 2, "openai", json!({"temperature": 0.2})),
        settings(3, 2, "image_generation", json!({"model": "dall-e-3"})),
        row(
            "billing.creditcostconfig",
            1,
            json!({"operation_type": "clustering", "credits_cost": 3, "unit": "per_request"}),
        ),
    ]
}

/// The rows with other fields in the one of this model and primary key.
fn changed(model: &str, pk: i64, fields: &Value) -> Vec<Value> {
    rows()
        .into_iter()
        .map(|row| {
            if row["model"] == model && row["pk"] == pk {
                with(row, fields.clone())
            } else {
                row
            }
        })
        .collect()
}

fn save(account: i64, kind: &str, config: Value) -> Command {
    Command::SaveSettings(SaveSettings {
        account_id: AccountId::new(account).unwrap(),
        integration_type: kind.to_owned(),
        config,
        mask: None,
        enabled: None,
        expected_etag: None,
    })
}

const SETTINGS: &str = "system.integrationsettings";

#[tokio::test]
async fn it_changes_nothing() {
    let bench = Bench::new().await;
    let first = bench.import(dump(rows())).await;
    assert!(first.changed && first.revision == Some(bench.live().snapshot.revision()));
    let digest = bench.live().snapshot.digest();
    let second = bench.import(dump(rows())).await;
    assert!(
        !second.changed && second.lines.is_empty(),
        "{:?}",
        second.lines
    );
    assert_eq!(second.revision, None);
    assert_eq!(bench.live().snapshot.digest(), digest);
    assert_eq!(second.counts[SETTINGS].unchanged, 3);
    // In another order, too.
    let mut backwards = rows();
    backwards.reverse();
    assert!(!bench.import(dump(backwards)).await.changed);
}

#[tokio::test]
async fn it_takes_what_is_new_in_the_dump() {
    let bench = Bench::new().await;
    bench.import(dump(rows())).await;
    let config = json!({"temperature": 0.4, "max_tokens": 100});
    let next = changed(SETTINGS, 2, &json!({"config": config.clone()}));
    let next = next.into_iter().chain([account(9, 2)]);
    let report = bench.import(dump(next)).await;
    assert_eq!(bench.values(2, "openai"), config);
    assert_eq!((report.totals.overrides, report.totals.accounts), (1, 1));
    // What a row says no more goes, if it was not changed here.
    let report = bench
        .import(dump(changed(SETTINGS, 2, &json!({"config": {}}))))
        .await;
    assert!(bench.row(2, "openai").is_none() && report.lines.is_empty());
}

#[tokio::test]
async fn it_leaves_what_was_changed_here() {
    let bench = Bench::new().await;
    bench.import(dump(rows())).await;
    bench
        .run(save(2, "openai", json!({"temperature": 0.9})))
        .await;
    let reset = Command::ResetSettings(ResetSettings {
        account_id: AccountId::new(2).unwrap(),
        integration_type: "image_generation".to_owned(),
        expected_etag: None,
    });
    bench.run(reset).await;
    // Of an unchanged dump, and of one with other values.
    let other = changed(SETTINGS, 2, &json!({"config": {"temperature": 0.1}}));
    for next in [rows(), other.clone(), other] {
        let report = bench.import(dump(next)).await;
        assert!(!report.changed);
        assert_eq!(bench.values(2, "openai"), json!({"temperature": 0.9}));
        assert!(bench.row(2, "image_generation").is_none());
        for pk in [2, 3] {
            let left = [(C::ChangedHere, String::new())];
            assert_eq!(lines(&report, "integrationsettings", pk), left, "{pk}");
        }
    }
}

#[tokio::test]
async fn it_leaves_a_part_and_takes_the_rest() {
    let bench = Bench::new().await;
    bench.import(dump(rows())).await;
    let operation = bench.live();
    let operation = operation.snapshot.credit_operation("clustering").unwrap();
    let mut value = operation.value.clone();
    value.nano_credits_cost = 1;
    bench
        .run(Command::UpdateCreditOperation(UpdateCreditOperation {
            value,
            fields: vec![CreditOperationField::NanoCreditsCost],
            expected_etag: None,
        }))
        .await;
    let fields = json!({"credits_cost": 8, "unit": "per_image"});
    let next = changed("billing.creditcostconfig", 1, &fields);
    let report = bench.import(dump(next)).await;
    let live = bench.live();
    let operation = &live.snapshot.credit_operation("clustering").unwrap().value;
    let seen = (operation.nano_credits_cost, operation.unit.as_str());
    assert_eq!(seen, (1, "per_image"));
    let told = [(C::ChangedHere, "credits_cost".to_owned())];
    assert_eq!(lines(&report, "creditcostconfig", 1), told);
}

#[tokio::test]
async fn rows_made_here_before_the_first_import_stay() {
    let bench = Bench::new().await;
    bench.import(dump([account(2, 2)])).await;
    bench
        .run(save(2, "openai", json!({"temperature": 0.9})))
        .await;
    for _ in 0..2 {
        let report = bench.import(dump(rows())).await;
        assert_eq!(bench.values(2, "openai"), json!({"temperature": 0.9}));
        let left = [(C::ChangedHere, String::new())];
        assert_eq!(lines(&report, "integrationsettings", 2), left);
    }
}

#[tokio::test]
async fn a_plan_map_given_later_takes_effect() {
    let bench = Bench::new().await;
    bench.import(dump(rows())).await;
    let options = ImportOptions {
        plan_map: [("enterprise".to_owned(), Plan::Growth)].into(),
        ..ImportOptions::default()
    };
    let report = bench.import_with(dump(rows()), &options).await;
    assert_eq!(report.totals.accounts, 1);
    assert!(!bench.import_with(dump(rows()), &options).await.changed);
}

#[tokio::test]
async fn rows_that_were_left_out_are_looked_at_again() {
    let bench = Bench::new().await;
    let orphan = settings(1, 7, "openai", json!({"temperature": 0.3}));
    let left = bench.import(dump([orphan.clone()])).await;
    assert_eq!(left.counts[SETTINGS].left, 1);
    bench.import(dump([account(7, 2), orphan])).await;
    assert_eq!(bench.values(7, "openai"), json!({"temperature": 0.3}));
}
