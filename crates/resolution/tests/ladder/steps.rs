//! Steps that bring the platform into the state of a case.

use aiconfig_domain::{Change, GlobalSettings, Override, Plan, Resource};
use serde_json::Value;

use crate::platform::{
    Platform, account, account_id, fields, function_defaults, globals, push, save, update_model,
};

/// One step.
pub(crate) type Step = Box<dyn Fn(&mut Platform)>;

/// The state after some steps.
pub(crate) fn after(steps: &[Step]) -> Platform {
    let mut platform = Platform::new();
    for step in steps {
        step(&mut platform);
    }
    platform
}

/// A save of an account.
pub(crate) fn row(id: i64, kind: &'static str, config: Value) -> Step {
    Box::new(move |platform| {
        platform.run(&save(id, kind, config.clone()));
    })
}

/// A row as an import or an older catalogue can have left it: nothing is checked.
pub(crate) fn old_row(id: i64, kind: &'static str, values: Value) -> Step {
    Box::new(move |platform| {
        platform.apply(&[Change::Put(Resource::Override(Override {
            account_id: account_id(id),
            integration_type: aiconfig_domain::IntegrationType::parse(kind).unwrap(),
            enabled: true,
            fields: fields(values.clone()),
        }))]);
    })
}

/// Values of a section; a null clears one.
pub(crate) fn section(name: &'static str, values: Value) -> Step {
    Box::new(move |platform| {
        platform.run(&globals(name, values.clone()));
    })
}

/// A whole section as an older state can have left it: nothing is checked. An empty one goes.
pub(crate) fn old_section(name: &'static str, values: Value) -> Step {
    Box::new(move |platform| {
        let mut sections = platform.snapshot.globals().unwrap().value.sections.clone();
        sections.insert(name.into(), fields(values.clone()));
        sections.retain(|_, fields| !fields.is_empty());
        let settings = Resource::GlobalSettings(GlobalSettings { sections });
        platform.apply(&[Change::Put(settings)]);
    })
}

/// A function's defaults.
pub(crate) fn function(name: &'static str, defaults: Value) -> Step {
    Box::new(move |platform| {
        let command = function_defaults(&platform.snapshot, name, defaults.clone());
        platform.run(&command);
    })
}

/// A function's defaults as an older catalogue can have left them: nothing is checked.
pub(crate) fn old_function(name: &'static str, defaults: Value) -> Step {
    Box::new(move |platform| {
        let mut function = platform.snapshot.function(name).unwrap().value.clone();
        function.defaults = fields(defaults.clone());
        platform.apply(&[Change::Put(Resource::Function(function))]);
    })
}

/// Fields of a model.
pub(crate) fn model(id: &'static str, changes: Value) -> Step {
    Box::new(move |platform| {
        let command = update_model(&platform.snapshot, id, changes.clone());
        platform.run(&command);
    })
}

/// A change of an account's plan.
pub(crate) fn plan(id: i64, plan: Plan) -> Step {
    Box::new(move |platform| {
        let version = platform.snapshot.account(account_id(id)).unwrap();
        let version = version.state.value.source_version();
        platform.run(&push(account(id, plan, version + 1)));
    })
}
