//! Adding, changing and deleting functions of the product.

use super::providers::{check_etag, delete, exists, put, put_changed, refuse_any};
use super::{CommandContext, Decision};
use crate::check::{FieldScope, check_fields};
use crate::effective::model_of_function;
use crate::{
    Field, Function, FunctionField, FunctionName, ModelFields, Module, Reason, Rejection, Resource,
    ResourceKey, Snapshot, Violation, is_slug,
};

/// Adds a function.
#[derive(Clone, Debug)]
pub struct CreateFunction {
    /// The function.
    pub value: Function,
}

/// Changes the named fields of a function.
#[derive(Clone, Debug)]
pub struct UpdateFunction {
    /// New values; the name says which function.
    pub value: Function,
    /// The fields to take over.
    pub fields: Vec<FunctionField>,
    /// The etag that the caller last saw; absent skips the check.
    pub expected_etag: Option<String>,
}

/// Deletes a function.
#[derive(Clone, Debug)]
pub struct DeleteFunction {
    /// The function.
    pub name: FunctionName,
    /// The etag that the caller last saw; absent skips the check.
    pub expected_etag: Option<String>,
}

impl CreateFunction {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let mut value = command.value.clone();
        value.defaults.name_service(value.modality);
        let given: Vec<Field> = value.defaults.set_fields().collect();
        let mut warnings = check(snapshot, &value, &given)?;
        if snapshot.function(value.name.as_str()).is_some() {
            return Err(exists("Function", value.name.as_str()));
        }
        warnings.extend(missing_prompts(snapshot, &value));
        Ok(Decision {
            warnings,
            ..put(Resource::Function(value))
        })
    }
}

impl UpdateFunction {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let former = find(snapshot, &command.value.name)?;
        let key = ResourceKey::Function(former.name.clone());
        check_etag(snapshot, &key, command.expected_etag.as_deref())?;
        let mut value = former.clone();
        for field in &command.fields {
            field.take(&mut value, &command.value);
        }
        value.defaults.name_service(value.modality);
        // Only what this update changes is checked; a default may have become unusable since.
        let given: Vec<Field> = Field::ALL
            .into_iter()
            .filter(|field| value.defaults.get(*field) != former.defaults.get(*field))
            .collect();
        let mut warnings = check(snapshot, &value, &given)?;
        if value.prompt_types != former.prompt_types {
            warnings.extend(missing_prompts(snapshot, &value));
        }
        Ok(Decision {
            warnings,
            ..put_changed(former, &value, key, Resource::Function)
        })
    }
}

impl DeleteFunction {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let key = ResourceKey::Function(find(snapshot, &command.name)?.name.clone());
        check_etag(snapshot, &key, command.expected_etag.as_deref())?;
        Ok(delete(key))
    }
}

fn find<'a>(snapshot: &'a Snapshot, name: &FunctionName) -> Result<&'a Function, Rejection> {
    snapshot
        .function(name.as_str())
        .map(|stored| &stored.value)
        .ok_or_else(|| {
            Rejection::new(
                Reason::FunctionNotFound,
                format!("there is no function {name}"),
            )
            .about("Function", name.as_str())
        })
}

/// The prompts that a function names and the library does not have yet.
fn missing_prompts(snapshot: &Snapshot, value: &Function) -> impl Iterator<Item = String> {
    let missing = |name: &&String| snapshot.global_prompt(name).is_none();
    value.prompt_types.iter().filter(missing).map(|name| {
        format!("the library has no prompt {name}; create it, or accounts that ask for it get none")
    })
}

/// Refuses what is wrong and yields warnings; of the defaults only the given ones are checked.
fn check(snapshot: &Snapshot, value: &Function, given: &[Field]) -> Result<Vec<String>, Rejection> {
    let mut violations = Vec::new();
    let mut refuse = |field: &str, rule: &str| {
        violations.push(Violation::new(format!("function.{field}"), rule));
    };
    if value.display_name.chars().count() > 255 || value.display_name.contains('\0') {
        refuse("display_name", "up to 255 characters, no NUL");
    }
    if !value.module.is_empty() && Module::parse(&value.module).is_none() {
        let known: Vec<&str> = Module::ALL.iter().map(|module| module.as_str()).collect();
        refuse("module", &format!("empty, or one of {}", known.join(", ")));
    }
    if value.prompt_types.len() > 20 || !value.prompt_types.iter().all(|name| is_slug(name)) {
        refuse("prompt_types", "up to 20 slugs");
    }
    if value
        .operation_type
        .as_ref()
        .is_some_and(|name| snapshot.credit_operation(name.as_str()).is_none())
    {
        refuse("operation_type", "must be a credit operation that exists");
    }
    let mut defaults = value.defaults.clone();
    for field in value.defaults.set_fields() {
        if !value.modality.fields().contains(&field) {
            defaults.take(field, &ModelFields::default());
            if given.contains(&field) {
                let rule = format!(
                    "not a field of a function that makes {}",
                    value.modality.as_str()
                );
                refuse(&format!("defaults.{}", field.as_str()), &rule);
            }
        }
    }
    let scope = FieldScope {
        modality: value.modality,
        provider: None,
        fallback_model: model_of_function(snapshot, value),
        prefix: "function.defaults.",
    };
    match check_fields(snapshot, &scope, &defaults, given) {
        Ok(warnings) => refuse_any(violations).map(|()| warnings),
        Err(wrong) => {
            violations.extend(wrong);
            Err(Rejection::invalid(violations))
        }
    }
}
