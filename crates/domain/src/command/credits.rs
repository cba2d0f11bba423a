//! Adding, changing and deleting credit operations.

use super::providers::{check_etag, delete, exists, put, put_changed, refuse_any};
use super::{CommandContext, Decision};
use crate::{
    CreditOperation, CreditOperationField, OperationType, Reason, Rejection, Resource, ResourceKey,
    Snapshot, Violation,
};

/// Adds a credit operation.
#[derive(Clone, Debug)]
pub struct CreateCreditOperation {
    /// The operation.
    pub value: CreditOperation,
}

/// Changes the named fields of a credit operation.
#[derive(Clone, Debug)]
pub struct UpdateCreditOperation {
    /// New values; the type says which operation.
    pub value: CreditOperation,
    /// The fields to take over.
    pub fields: Vec<CreditOperationField>,
    /// The etag that the caller last saw; absent skips the check.
    pub expected_etag: Option<String>,
}

/// Deletes a credit operation that no function uses.
#[derive(Clone, Debug)]
pub struct DeleteCreditOperation {
    /// The operation.
    pub operation_type: OperationType,
    /// The etag that the caller last saw; absent skips the check.
    pub expected_etag: Option<String>,
}

impl CreateCreditOperation {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        refuse_any(check(&command.value))?;
        if snapshot
            .credit_operation(command.value.operation_type.as_str())
            .is_some()
        {
            return Err(exists(
                "CreditOperation",
                command.value.operation_type.as_str(),
            ));
        }
        Ok(put(Resource::CreditOperation(command.value.clone())))
    }
}

impl UpdateCreditOperation {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let former = find(snapshot, &command.value.operation_type)?;
        let key = ResourceKey::CreditOperation(former.operation_type.clone());
        check_etag(snapshot, &key, command.expected_etag.as_deref())?;
        let mut value = former.clone();
        for field in &command.fields {
            field.take(&mut value, &command.value);
        }
        refuse_any(check(&value))?;
        Ok(put_changed(former, &value, key, Resource::CreditOperation))
    }
}

impl DeleteCreditOperation {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let operation = find(snapshot, &command.operation_type)?;
        let key = ResourceKey::CreditOperation(operation.operation_type.clone());
        check_etag(snapshot, &key, command.expected_etag.as_deref())?;
        let name = &operation.operation_type;
        let used = snapshot
            .functions()
            .filter(|f| f.value.operation_type.as_ref() == Some(name))
            .count();
        if used > 0 {
            let message = format!("{used} functions are charged as {name}");
            return Err(Rejection::new(Reason::ResourceInUse, message)
                .with("functions", used.to_string())
                .about("CreditOperation", name.as_str()));
        }
        Ok(delete(key))
    }
}

fn find<'a>(
    snapshot: &'a Snapshot,
    name: &OperationType,
) -> Result<&'a CreditOperation, Rejection> {
    snapshot
        .credit_operation(name.as_str())
        .map(|stored| &stored.value)
        .ok_or_else(|| {
            Rejection::new(
                Reason::CreditOperationNotFound,
                format!("there is no credit operation {name}"),
            )
            .about("CreditOperation", name.as_str())
        })
}

fn check(value: &CreditOperation) -> Vec<Violation> {
    let named = value.display_name.chars().count() <= 255 && !value.display_name.contains('\0');
    [
        ("display_name", named, "up to 255 characters, no NUL"),
        (
            "nano_credits_cost",
            value.nano_credits_cost >= 0,
            "must be 0 or more",
        ),
        (
            "nano_credits_minimum",
            value.nano_credits_minimum >= 0,
            "must be 0 or more",
        ),
    ]
    .into_iter()
    .filter(|(_, fits, _)| !fits)
    .map(|(field, _, rule)| Violation::new(format!("credit_operation.{field}"), rule))
    .collect()
}
