//! Modules: the platform's switches, and those of an account.

use serde_json::json;

use crate::admin::Admin;

pub(crate) fn walk(admin: &Admin) {
    admin.ask("upsert-account", &["81", "free", "1"]);
    let all = admin.ask("show-modules", &[])["platformModules"].clone();
    assert_eq!(all["modules"].as_object().unwrap().len(), 8);
    let off = admin.ask("switch-module", &["writer", "false", "81"]);
    assert_eq!(off["accountModules"]["modules"]["writer"], json!(false));
    let config = ["81", "generate_content"];
    let refused = admin.refused("get-config", &config, 9);
    assert!(refused.contains("MODULE_DISABLED"), "{refused}");
    admin.ask("switch-module", &["writer", "true", "81"]);
    admin.ask("get-config", &config);

    let tried = admin.ask("switch-module", &["writer", "false", "--dry-run"]);
    assert_eq!(tried["changed"], json!(true));
    admin.ask("get-config", &config);
    let etag = all["etag"].as_str().unwrap();
    admin.ask("switch-module", &["writer", "false", "--etag", etag]);
    let shown = admin.ask("show-modules", &["81"])["accountModules"].clone();
    assert_eq!(shown["effective"]["writer"], json!(false));
    assert_eq!(shown["offReasons"]["writer"], "MODULE_OFF_REASON_PLATFORM");
    assert_eq!(shown["modules"]["writer"], json!(true));
    let stale = ["writer", "true", "--etag", etag];
    let stale = admin.refused("switch-module", &stale, 10);
    assert!(stale.contains("ETAG_MISMATCH"), "{stale}");
    admin.ask("switch-module", &["writer", "true", "--reason", "back"]);
    admin.ask("get-config", &config);
    for wrong in [&["gardener", "true"][..], &["writer", "true", "82"]] {
        let outcome = admin.run("switch-module", wrong, "");
        assert!(outcome.code > 64, "{outcome:?}");
    }
    for wrong in [
        &["writer"][..],
        &["writer,linker", "true"],
        &["writer", "on"],
    ] {
        let outcome = admin.run("switch-module", wrong, "");
        assert_eq!(
            (outcome.code, outcome.stdout.as_str()),
            (2, ""),
            "{wrong:?}"
        );
    }
}
