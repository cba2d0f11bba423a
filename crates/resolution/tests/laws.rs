//! The laws of states and of resolution, over random sequences of commands.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::too_many_lines,
    reason = "a test fails by panicking; its state is one list"
)]

mod support;

use aiconfig_domain::{
    Account, AccountState, CODEC_VERSION, Change, Command, Field, FieldSource, Function,
    FunctionField, FunctionName, GlobalPatch, GlobalPath, GlobalSettings, IntegrationType,
    Modality, Model, ModelField, ModelFields, ModelStatus, Module, Plan, Record, ResetSettings,
    Resource, SaveSettings, Snapshot, UpdateAccountModules, UpdateFunction, UpdateGlobals,
    UpdateModel, UpsertAccounts, decode, encode,
};
use aiconfig_resolution::{Outcome, Query, Resolved, resolve, settings_view};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use support::{NOW, account, run, state};

const TYPES: [&str; 5] = [
    "text_generation",
    "openai",
    "anthropic",
    "image_generation",
    "embedding_generation",
];
const MODELS: [&str; 11] = [
    "alpha", "beta", "old", "dead", "claude", "paint", "sketch", "oldpaint", "run", "embed", "none",
];
const FUNCTIONS: [&str; 4] = ["write", "plan", "draw", "embed_text"];

/// A member of a settings object: mostly one that may be valid.
fn member() -> impl Strategy<Value = (&'static str, Value)> {
    let text = |name, values: &'static [&'static str]| {
        select(values).prop_map(move |value| (name, json!(value)))
    };
    prop_oneof![
        text(
            "service",
            &["openai", "anthropic", "dalle", "runware", "none"]
        ),
        text("model", &MODELS),
        (0..30_i32).prop_map(|tenths| ("temperature", json!(f64::from(tenths) / 10.0))),
        (0..1_200_i32).prop_map(|tokens| ("max_tokens", json!(tokens))),
        text("image_size", &["1024x1024", "512x512", "1280x768", "9x9"]),
        text("image_quality", &["medium", "high", "hd", "none"]),
        text("image_format", &["webp", "png", "jpg"]),
        (0..40_i32).prop_map(|steps| ("steps", json!(steps))),
        select(
            &[
                "service",
                "model",
                "temperature",
                "max_tokens",
                "image_size"
            ][..]
        )
        .prop_map(|name| (name, Value::Null)),
    ]
}

fn object() -> impl Strategy<Value = Value> {
    prop::collection::vec(member(), 0..3).prop_map(|members| {
        Value::Object(
            members
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v))
                .collect(),
        )
    })
}

/// Values of a section or a function.
fn fields() -> impl Strategy<Value = ModelFields> {
    let model = prop::option::of(select(&MODELS[..]));
    let temperature = prop::option::of(0..30_i32);
    let tokens = prop::option::of(1..2_000_i32);
    (model, temperature, tokens).prop_map(|(model, temperature, max_tokens)| ModelFields {
        model: model.map(Into::into),
        temperature: temperature.map(|tenths| f64::from(tenths) / 10.0),
        max_tokens,
        ..ModelFields::default()
    })
}

fn save(id: i64, kind: &str, config: Value, enabled: Option<bool>) -> Command {
    Command::SaveSettings(SaveSettings {
        account_id: account(id),
        integration_type: kind.to_owned(),
        config,
        mask: None,
        enabled,
        expected_etag: None,
    })
}

fn reset(id: i64, kind: &str) -> Command {
    Command::ResetSettings(ResetSettings {
        account_id: account(id),
        integration_type: kind.to_owned(),
        expected_etag: None,
    })
}

fn push(id: i64, plan: Plan, active: bool, version: i64) -> Command {
    let account = Account {
        account_id: account(id),
        plan,
        display_name: String::new(),
        active,
        source_version: version,
    };
    Command::UpsertAccounts(UpsertAccounts {
        pushes: vec![Ok(account)],
        partial: false,
        expected_etag: None,
    })
}

fn section(name: &str, fields: ModelFields) -> Command {
    let paths = fields
        .set_fields()
        .map(|field| GlobalPath::Field(name.into(), field))
        .collect();
    Command::UpdateGlobals(UpdateGlobals {
        patch: GlobalPatch {
            values: GlobalSettings {
                sections: [(name.into(), fields)].into(),
            },
            mask: Some(paths),
        },
        expected_etag: None,
    })
}

fn defaults_of(name: &str, defaults: ModelFields) -> Command {
    let modality = if name == "draw" {
        Modality::Image
    } else {
        Modality::Text
    };
    Command::UpdateFunction(UpdateFunction {
        value: Function {
            name: FunctionName::parse(name).unwrap(),
            display_name: String::new(),
            modality,
            module: String::new(),
            prompt_types: Vec::new(),
            operation_type: None,
            defaults,
        },
        fields: vec![FunctionField::Defaults],
        expected_etag: None,
    })
}

/// A model switched on or off.
#[derive(Clone, Debug)]
enum Step {
    Do(Box<Command>),
    Switch(&'static str, bool),
}

fn act(command: Command) -> Step {
    Step::Do(Box::new(command))
}

fn step() -> impl Strategy<Value = Step> {
    let id = || 1..=4_i64;
    let plans = select(&Plan::ALL[..]);
    prop_oneof![
        6 => (id(), select(&TYPES[..]), object(), prop::option::weighted(0.2, any::<bool>()))
            .prop_map(|(id, kind, config, on)| act(save(id, kind, config, on))),
        1 => (id(), select(&TYPES[..])).prop_map(|(id, kind)| act(reset(id, kind))),
        2 => (id(), plans, prop::bool::weighted(0.9), 1..50_i64)
            .prop_map(|(id, plan, active, version)| act(push(id, plan, active, version))),
        2 => (select(&["openai", "anthropic", "runware"][..]), fields())
            .prop_map(|(name, fields)| act(section(name, fields))),
        1 => (select(&["write", "draw"][..]), fields())
            .prop_map(|(name, fields)| act(defaults_of(name, fields))),
        1 => (select(&MODELS[..10]), any::<bool>()).prop_map(|(id, on)| Step::Switch(id, on)),
        1 => (id(), select(Module::ALL), any::<bool>()).prop_map(|(id, module, on)| {
            act(Command::UpdateAccountModules(UpdateAccountModules {
                account_id: account(id),
                switches: [(module, on)].into(),
                expected_etag: None,
            }))
        }),
    ]
}

/// Runs steps; refused ones change nothing. The records of all that was accepted.
fn walk(snapshot: &mut Snapshot, steps: &[Step]) -> Vec<Record> {
    let mut all = Vec::new();
    for step in steps {
        let command = match step {
            Step::Do(command) => command.as_ref().clone(),
            Step::Switch(id, active) => {
                let model = snapshot.model(id).unwrap().value.clone();
                Command::UpdateModel(UpdateModel {
                    value: Model {
                        active: *active,
                        ..model
                    },
                    fields: vec![ModelField::Active],
                    expected_etag: None,
                })
            }
        };
        let before = snapshot.digest();
        match run(snapshot, &command) {
            Ok((_, records)) => all.extend(records),
            Err(_) => assert_eq!(snapshot.digest(), before, "a refusal changed something"),
        }
    }
    all
}

fn asked(id: i64, function: &str, overrides: ModelFields) -> Query {
    Query {
        function: FunctionName::parse(function).unwrap(),
        account: account(id),
        overrides,
        explain: true,
    }
}

fn value_of(resolved: &Resolved<'_>, field: Field) -> Option<String> {
    match field {
        Field::Service => Some(resolved.service.to_string()),
        Field::Model => Some(resolved.model.to_string()),
        other => resolved.fields.get(other).map(|value| value.to_string()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn replicas_replays_and_restores_come_to_one_digest(steps in prop::collection::vec(step(), 1..30)) {
        let mut first = state();
        let mut second = state();
        let records = walk(&mut first, &steps);
        for record in &records {
            second.apply(record);
        }
        prop_assert_eq!(first.digest(), second.digest());
        prop_assert_eq!(first.resource_count(), second.resource_count());
        // From the stored texts of every resource, in the order of their kinds.
        let mut restored = Snapshot::new();
        let mut accounts = Vec::new();
        for entry in first.accounts_after(None) {
            accounts.push(Resource::Account(entry.state.value.clone()));
            for row in entry.overrides.iter() {
                accounts.push(Resource::Override(row.value));
            }
            if let Some(row) = entry.modules() {
                accounts.push(Resource::AccountModules(row.value.clone()));
            }
        }
        accounts.sort_by_key(Resource::kind);
        let others = first.models().map(|s| Resource::Model(s.value.clone()))
            .chain(first.functions().map(|s| Resource::Function(s.value.clone())))
            .chain(first.providers().map(|s| Resource::Provider(s.value.clone())))
            .chain(first.globals().map(|s| Resource::GlobalSettings(s.value.clone())));
        let meta = &first.globals().unwrap().meta;
        for resource in accounts.into_iter().chain(others.collect::<Vec<_>>()) {
            let key = resource.key();
            let text = encode(&resource);
            let read = decode(key.kind(), &key.to_string(), CODEC_VERSION, &text).unwrap();
            prop_assert_eq!(&read, &resource);
            prop_assert_eq!(encode(&read), text);
            restored.restore(read, meta.clone());
        }
        prop_assert_eq!(first.digest(), restored.digest());
        prop_assert_eq!(first.resource_count(), restored.resource_count());
    }

    #[test]
    fn free_differs_from_no_rows_only_in_dormant_overrides(
        steps in prop::collection::vec(step(), 1..25),
        id in 1..=4_i64,
        function in select(&FUNCTIONS[..]),
    ) {
        let mut snapshot = state();
        walk(&mut snapshot, &steps);
        run(&mut snapshot, &push(id, Plan::Free, true, 1_000)).unwrap();
        run(&mut snapshot, &push(99, Plan::Free, true, 1)).unwrap();
        for module in Module::ALL {
            let on = Command::UpdateAccountModules(UpdateAccountModules {
                account_id: account(id),
                switches: [(*module, true)].into(),
                expected_etag: None,
            });
            run(&mut snapshot, &on).unwrap();
        }
        let query = |id| Query { explain: false, ..asked(id, function, ModelFields::default()) };
        let free = resolve(&snapshot, &query(id), NOW);
        let bare = resolve(&snapshot, &query(99), NOW);
        match (free, bare) {
            (Ok(free), Ok(bare)) => {
                let free = Resolved { dormant_overrides: false, ..free };
                prop_assert_eq!(format!("{free:?}"), format!("{bare:?}"));
            }
            (free, bare) => prop_assert_eq!(free.unwrap_err().reason, bare.unwrap_err().reason),
        }
    }

    #[test]
    fn answers_are_usable_within_limits_and_explained(
        steps in prop::collection::vec(step(), 1..25),
        id in 1..=5_i64,
        function in select(&FUNCTIONS[..]),
        overrides in fields(),
    ) {
        let mut snapshot = state();
        walk(&mut snapshot, &steps);
        let Ok(resolved) = resolve(&snapshot, &asked(id, function, overrides.clone()), NOW) else {
            return Ok(());
        };
        let model = &snapshot.model(resolved.model.as_str()).unwrap().value;
        prop_assert_eq!(snapshot.model_status(model), ModelStatus::Usable);
        prop_assert_eq!(&model.provider, resolved.provider);
        prop_assert_eq!(model.modality, resolved.modality);
        if let Some(temperature) = resolved.fields.temperature {
            prop_assert!(model.capabilities.temperature);
            prop_assert!((0.0..=model.capabilities.max_temperature).contains(&temperature));
        }
        if let (Some(tokens), Some(limit)) = (resolved.fields.max_tokens, model.max_output_tokens) {
            prop_assert!(tokens <= limit);
        }
        for field in [Field::ImageSize, Field::ImageQuality, Field::ImageStyle, Field::ImageFormat] {
            if let Some(value) = resolved.fields.get(field) {
                let value = value.to_string();
                prop_assert!(model.list_of(field).iter().any(|listed| **listed == *value));
            }
        }
        // What the call gave is what it got.
        for field in overrides.set_fields().filter(|field| *field != Field::Model) {
            prop_assert_eq!(resolved.fields.get(field), overrides.get(field));
            prop_assert_eq!(resolved.sources[field.index()], Some(FieldSource::Request));
        }
        let explanation = resolved.explanation.as_ref().unwrap();
        for field in Field::ALL {
            let source = resolved.sources[field.index()];
            prop_assert_eq!(source.is_some(), value_of(&resolved, field).is_some(), "{:?}", field);
            let explained = explanation.iter().find(|explained| explained.field == field);
            prop_assert_eq!(explained.and_then(|explained| explained.winner), source);
            let won = explained.map_or(0, |explained| {
                explained.levels.iter().filter(|level| level.outcome == Outcome::Won).count()
            });
            prop_assert_eq!(won, usize::from(source.is_some()));
        }
        let used = |source: &Option<FieldSource>| {
            matches!(source, Some(FieldSource::Account | FieldSource::Request))
        };
        prop_assert_eq!(resolved.using_global, !resolved.sources.iter().any(used));
    }

    #[test]
    fn a_clear_equals_never_set_and_a_reset_gives_the_default(
        steps in prop::collection::vec(step(), 0..20),
        edits in prop::collection::vec(object(), 1..6),
        kind in select(&TYPES[..]),
    ) {
        let mut snapshot = state();
        walk(&mut snapshot, &steps);
        run(&mut snapshot, &push(3, Plan::Growth, true, 1_000)).unwrap();
        run(&mut snapshot, &reset(3, kind)).unwrap();
        let untouched = snapshot.digest();
        for edit in &edits {
            let _ = run(&mut snapshot, &save(3, kind, edit.clone(), None));
        }
        // Every field that is there is cleared with a null.
        let mut cleared = snapshot.clone();
        let row = IntegrationType::parse(kind).and_then(|kind| {
            Some(cleared.account(account(3))?.override_of(&kind)?.value.fields.clone())
        });
        let nulls = row.iter().flat_map(ModelFields::set_fields);
        let nulls = nulls.map(|field| (field.as_str().to_owned(), Value::Null)).collect();
        run(&mut cleared, &save(3, kind, Value::Object(nulls), None)).unwrap();
        prop_assert_eq!(cleared.digest(), untouched);
        run(&mut snapshot, &reset(3, kind)).unwrap();
        prop_assert_eq!(snapshot.digest(), untouched);
        let view = settings_view(&snapshot, account(3), &IntegrationType::parse(kind).unwrap());
        let view = view.unwrap();
        prop_assert!(view.using_global);
        prop_assert_eq!(view.values, view.defaults);
    }

    #[test]
    fn a_save_of_nothing_changes_nothing(
        steps in prop::collection::vec(step(), 0..20),
        id in 1..=4_i64,
        kind in select(&TYPES[..]),
    ) {
        let mut snapshot = state();
        walk(&mut snapshot, &steps);
        let before = snapshot.digest();
        let (decision, _) = run(&mut snapshot, &save(id, kind, json!({}), None)).unwrap();
        prop_assert!(decision.changes.is_empty());
        prop_assert_eq!(snapshot.digest(), before);
    }

    #[test]
    fn a_downgrade_and_an_upgrade_wake_the_same_rows(
        steps in prop::collection::vec(step(), 1..20),
        id in 1..=4_i64,
    ) {
        let mut snapshot = state();
        walk(&mut snapshot, &steps);
        run(&mut snapshot, &push(id, Plan::Scale, true, 1_000)).unwrap();
        let rows = |snapshot: &Snapshot| snapshot.account(account(id)).unwrap().overrides.clone();
        let before = rows(&snapshot);
        run(&mut snapshot, &push(id, Plan::Free, true, 1_001)).unwrap();
        run(&mut snapshot, &push(id, Plan::Scale, true, 1_002)).unwrap();
        prop_assert_eq!(before, rows(&snapshot));
    }

    #[test]
    fn equal_states_answer_equally(steps in prop::collection::vec(step(), 1..20), id in 1..=5_i64) {
        let mut snapshot = state();
        let records = walk(&mut snapshot, &steps);
        let mut other = state();
        for record in &records {
            other.apply(record);
        }
        for function in FUNCTIONS {
            let query = asked(id, function, ModelFields::default());
            let answers = (resolve(&snapshot, &query, NOW), resolve(&other, &query, NOW));
            prop_assert_eq!(format!("{:?}", answers.0), format!("{:?}", answers.1));
        }
    }
}

#[test]
fn deleted_accounts_leave_a_tombstone_alone() {
    let mut snapshot = state();
    run(
        &mut snapshot,
        &save(3, "openai", json!({"temperature": 0.1}), None),
    )
    .unwrap();
    let delete = Command::DeleteAccount(aiconfig_domain::DeleteAccount {
        account_id: account(3),
        source_version: 2,
        expected_etag: None,
    });
    let (_, records) = run(&mut snapshot, &delete).unwrap();
    assert!(
        records
            .iter()
            .any(|record| matches!(record.change, Change::Delete(_)))
    );
    let entry = snapshot.account(account(3)).unwrap();
    assert!(matches!(
        entry.state.value,
        AccountState::Deleted {
            source_version: 2,
            ..
        }
    ));
    assert!(entry.overrides.is_empty());
    run(&mut snapshot, &push(3, Plan::Growth, true, 2)).unwrap();
    assert!(
        snapshot.account(account(3)).unwrap().live().is_none(),
        "an older push"
    );
    run(&mut snapshot, &push(3, Plan::Growth, true, 3)).unwrap();
    let entry = snapshot.account(account(3)).unwrap();
    assert!(entry.live().is_some() && entry.overrides.is_empty());
}
