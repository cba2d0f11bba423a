//! Switches of modules, of the platform and of accounts.

use aiconfig_application::ReportConsequence as C;
use aiconfig_domain::{AccountId, Module, ModuleOff};
use serde_json::{Value, json};

use crate::bench::{Bench, account, dump, lines, row};

fn modules(pk: i64, account: i64, fields: Value) -> Value {
    let mut fields = fields;
    fields["account"] = json!(account);
    row("system.moduleenablesettings", pk, fields)
}

#[tokio::test]
async fn they_map_one_to_one() {
    let bench = Bench::new().await;
    let all: Value = Module::ALL
        .iter()
        .map(|module| (format!("{}_enabled", module.as_str()), json!(true)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let odd = json!({"writer_enabled": 0, "planner_enabled": "maybe", "linker_enabled": null,
        "billing_enabled": false});
    let rows = [
        account(1, 1),
        account(2, 2),
        account(3, 2),
        modules(
            1,
            1,
            json!({"writer_enabled": false, "site_builder_enabled": false}),
        ),
        modules(2, 2, all),
        modules(3, 3, odd),
        modules(4, 99, json!({})),
        row(
            "system.globalmodulesettings",
            1,
            json!({"publisher_enabled": false}),
        ),
    ];
    let report = bench.import(dump(rows)).await;
    let live = bench.live();
    let off = |account: i64, module| {
        live.snapshot
            .module_off(AccountId::new(account).unwrap(), module)
    };
    // Any plan may switch them: nothing of it is dormant.
    assert_eq!(off(1, Module::Writer), Some(ModuleOff::Account));
    assert_eq!(off(1, Module::SiteBuilder), Some(ModuleOff::Account));
    assert_eq!(off(1, Module::Planner), None);
    assert_eq!(off(2, Module::Publisher), Some(ModuleOff::Platform));
    assert_eq!(off(3, Module::Writer), Some(ModuleOff::Account));
    assert_eq!(
        (off(3, Module::Planner), off(3, Module::Linker)),
        (None, None)
    );
    assert!(
        live.snapshot
            .account_modules(AccountId::new(2).unwrap())
            .is_none()
    );
    let dropped = |field: &str| (C::ValueDropped, field.to_owned());
    let told = [dropped("billing_enabled"), dropped("planner_enabled")];
    assert_eq!(lines(&report, "moduleenablesettings", 3), told);
    assert_eq!(lines(&report, "moduleenablesettings", 1), []);
    let orphan = [(C::LeftOut, "account".to_owned())];
    assert_eq!(lines(&report, "moduleenablesettings", 4), orphan);
    assert_eq!(report.totals.modules, 3);
}
