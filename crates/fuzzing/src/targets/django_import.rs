//! Dumps of the old tables: any is taken once, in whole, and no credential of it is told or kept.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use aiconfig_application::{Application, Dump, ImportOptions, ImportReport};
use aiconfig_domain::{Plan, looks_like_key, names_credential};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::world;

/// What stands in the place of every credential of a table of settings.
const CANARY: &str = "sk-fuzzing-canary-of-settings-x1";
/// What stands in the place of every other text that has the shape of a key.
const STRAY: &str = "sk-fuzzing-canary-elsewhere-zz2";

/// Looks at a dump as it is, and with known credentials in the place of its own.
pub(crate) fn check(data: &[u8]) {
    if let Err(error) = Dump::read(data) {
        assert!(error.to_string().len() < 200, "{error}");
    }
    let Ok(mut rows) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    for row in rows.as_array_mut().into_iter().flatten() {
        put_canaries(row);
    }
    let text = rows.to_string();
    let options = ImportOptions {
        plan_map: [("enterprise".to_owned(), Plan::Scale)].into(),
        operation_models: data.len().is_multiple_of(2),
    };
    let mut world = WORLD.lock().unwrap_or_else(PoisonError::into_inner);
    world.takes(&text, &options);
}

/// Replaces credentials by the canaries.
fn put_canaries(row: &mut Value) {
    let model = row.get("model").and_then(Value::as_str).unwrap_or_default();
    let of_settings = matches!(
        model.trim().to_ascii_lowercase().as_str(),
        "system.integrationsettings"
            | "system.globalintegrationsettings"
            | "system.accountintegrationoverride"
    );
    let mark = if of_settings { CANARY } else { STRAY };
    let Some(fields) = row.get_mut("fields") else {
        return;
    };
    replace(fields, of_settings, mark);
    // A config that was stored as a text.
    if let Some(Value::String(config)) = fields.get_mut("config")
        && let Ok(mut inner) = serde_json::from_str::<Value>(config)
    {
        replace(&mut inner, of_settings, mark);
        *config = inner.to_string();
    }
}

fn replace(value: &mut Value, by_name: bool, mark: &str) {
    match value {
        Value::String(text) if looks_like_key(text) => mark.clone_into(text),
        Value::Array(items) => {
            for item in items {
                replace(item, by_name, mark);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                if by_name && names_credential(name) && member.is_string() {
                    *member = mark.into();
                } else {
                    replace(member, by_name, mark);
                }
            }
        }
        _ => {}
    }
}

/// An application that is made anew once something was imported into it.
struct World {
    runtime: Runtime,
    app: Option<Arc<Application>>,
}

static WORLD: LazyLock<Mutex<World>> = LazyLock::new(|| {
    Mutex::new(World {
        runtime: world::runtime(),
        app: None,
    })
});

impl World {
    fn takes(&mut self, text: &str, options: &ImportOptions) {
        let Ok(dump) = Dump::read(text.as_bytes()) else {
            return;
        };
        let app = self.app.take();
        let app = app.unwrap_or_else(|| self.runtime.block_on(world::open()));
        let digest = app.live().snapshot.digest();
        let import = |dump, validate_only| {
            let call = world::call("import django", validate_only);
            let imported = app.import_django(&call, dump, options);
            self.runtime.block_on(imported).unwrap()
        };
        let planned = import(dump, true);
        assert_eq!(
            app.live().snapshot.digest(),
            digest,
            "a dry run changed something"
        );
        tells_no_secret(&planned);
        adds_up(&planned);
        if planned.counts.values().all(|counts| counts.taken == 0) {
            self.app = Some(app);
            return;
        }
        let read = || Dump::read(text.as_bytes()).unwrap();
        let made = import(read(), false);
        assert_eq!(made.lines, planned.lines, "a dry run tells something else");
        assert_eq!(
            (made.changed, &made.counts),
            (planned.changed, &planned.counts)
        );
        let digest = app.live().snapshot.digest();
        let again = import(read(), false);
        assert!(!again.changed, "a second run changes something");
        assert_eq!(app.live().snapshot.digest(), digest);
        tells_no_secret(&again);
        self.runtime.block_on(is_sound(&app));
        self.runtime.block_on(world::close(app));
    }
}

fn tells_no_secret(report: &ImportReport) {
    let told = serde_json::to_string(report).unwrap();
    for canary in [CANARY, STRAY] {
        assert!(
            !told.contains(canary),
            "the report tells a credential: {told}"
        );
    }
}

/// Every row that was read is counted once.
fn adds_up(report: &ImportReport) {
    for (model, counts) in &report.counts {
        let sum = counts.taken + counts.unchanged + counts.left;
        assert_eq!(counts.read, sum, "{model}: {counts:?}");
        assert!(counts.adjusted <= counts.taken, "{model}: {counts:?}");
    }
}

/// The log leads to the state, which holds no credential of the settings.
async fn is_sound(app: &Application) {
    let digest = app.live().snapshot.digest();
    let replayed = app.replay_log().await.unwrap().1;
    assert_eq!(replayed, digest, "the log leads elsewhere");
    let mut exported = String::new();
    let written = app.export(|line| {
        exported.push_str(&line.to_string());
    });
    written.await.unwrap();
    assert!(
        !exported.contains(CANARY),
        "a credential is stored in the clear"
    );
    assert_eq!(app.verify_audit().await.unwrap().fault, None);
}
