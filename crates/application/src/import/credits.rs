//! Credit costs, and on request the default models that stand with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use aiconfig_domain::{
    Command, CreateCreditOperation, CreditOperation, CreditOperationField, CreditUnit, Function,
    FunctionField, OperationType, ResourceKey, UpdateCreditOperation, UpdateFunction,
};

use super::cells::{Fields, billionths, decimal, is_blank, shown, switch_or, text};
use super::dump::{Pk, Row};
use super::ledger::Cell;
use super::planner::{Planner, RowId};
use super::report::Consequence;

/// The ids of models by the primary keys of their rows.
#[derive(Default)]
pub(super) struct ModelNames(BTreeMap<Pk, String>);

impl ModelNames {
    pub(super) fn add(&mut self, row: &Row) {
        if let Some(name) = text(&row.fields, "model_name") {
            self.0.insert(row.pk.clone(), name.to_owned());
        }
    }

    /// The default model of a credit cost's row: its id, or nothing where the dump lacks it.
    pub(super) fn default_of(&self, fields: &Fields) -> Option<&str> {
        let pk = fields.get("default_model").and_then(Pk::of)?;
        self.0.get(&pk).map(String::as_str)
    }
}

/// Takes the credit costs.
pub(super) fn take(planner: &mut Planner<'_>, rows: Vec<(RowId, Fields)>, models: &ModelNames) {
    let name = |fields: &Fields| text(fields, "operation_type").map(str::to_owned);
    for (row, fields) in planner.newest(rows, name, "this operation_type") {
        one(planner, row, &fields, models);
    }
}

fn one(planner: &mut Planner<'_>, row: RowId, fields: &Fields, models: &ModelNames) {
    let name = text(fields, "operation_type").and_then(OperationType::parse);
    let Some(name) = name else {
        return planner.leave_out(row, "operation_type", "a type of operation is a slug");
    };
    let Some(unit) = text(fields, "unit").and_then(CreditUnit::parse) else {
        let units = CreditUnit::ALL.map(CreditUnit::as_str).join(", ");
        return planner.leave_out(row, "unit", format!("a unit is one of {units}"));
    };
    let cost = fields.get("credits_cost").and_then(decimal);
    let Some(cost) = cost.and_then(billionths).filter(|cost| *cost >= 0) else {
        let why = "a cost is a number of credits, 0 or more, with up to 9 decimals";
        return planner.leave_out(row, "credits_cost", why);
    };
    if !switch_or(fields, "is_active", true) {
        let why = "it is switched off there; the cost here stays as it is";
        return planner.leave_out(row, "is_active", why);
    }
    cost_of(planner, row, fields, &name, unit, cost);
    if !is_blank(fields.get("default_model")) {
        default_model(planner, row, &name, models.default_of(fields));
    }
}

fn cost_of(
    planner: &mut Planner<'_>,
    row: RowId,
    fields: &Fields,
    name: &OperationType,
    unit: CreditUnit,
    cost: i64,
) {
    let key = ResourceKey::CreditOperation(name.clone());
    let present = planner.after.credit_operation(name.as_str());
    let present = present.map(|stored| stored.value.clone());
    let command = if let Some(present) = present {
        let mut wanted = present.clone();
        let named = text(fields, "display_name");
        if named.is_some_and(|name| name != present.display_name) {
            let (done, why) = ("kept as it is here", "the dump gives it cost and unit");
            planner.tell(row, Consequence::KeptHere, "display_name", done, why);
        }
        let cell = Cell::part(key.clone(), "/unit");
        if planner.may_write(row, cell, "unit", present.unit == unit) {
            wanted.unit = unit;
        }
        let cell = Cell::part(key, "/nano_credits_cost");
        let same = present.nano_credits_cost == cost;
        if planner.may_write(row, cell, "credits_cost", same) {
            wanted.nano_credits_cost = cost;
        }
        if wanted == present {
            return;
        }
        Command::UpdateCreditOperation(UpdateCreditOperation {
            value: wanted,
            fields: vec![
                CreditOperationField::Unit,
                CreditOperationField::NanoCreditsCost,
            ],
            expected_etag: None,
        })
    } else {
        if !planner.may_write(row, Cell::whole(key), "", false) {
            return;
        }
        let display_name = text(fields, "display_name").unwrap_or(name.as_str());
        Command::CreateCreditOperation(CreateCreditOperation {
            value: CreditOperation {
                operation_type: name.clone(),
                display_name: display_name.to_owned(),
                unit,
                nano_credits_cost: cost,
                nano_credits_minimum: 0,
            },
        })
    };
    match planner.decide(&command) {
        Ok(_) => planner.draft.totals.credit_operations += 1,
        Err(rejection) => planner.leave_out(row, "", rejection.message),
    }
}

fn default_model(planner: &mut Planner<'_>, row: RowId, name: &OperationType, model: Option<&str>) {
    const FIELD: &str = "default_model";
    let Some(model) = model else {
        let why = "the dump does not have the model";
        return planner.tell(row, Consequence::DefaultModel, FIELD, "dropped", why);
    };
    let functions: Vec<Function> = planner
        .after
        .functions()
        .map(|stored| stored.value.clone())
        .filter(|function| function.operation_type.as_ref() == Some(name))
        .collect();
    let names: Vec<&str> = functions.iter().map(|f| f.name.as_str()).collect();
    let (names, shown) = (names.join(", "), shown(model));
    if !planner.given.options.operation_models {
        let why = format!(
            "{shown} would become the default of {names} for every account without a model of \
             its own; --operation-models does that"
        );
        return planner.tell(row, Consequence::DefaultModel, FIELD, "not applied", why);
    }
    for function in functions {
        let key = ResourceKey::Function(function.name.clone());
        let same = function.defaults.model.as_deref() == Some(model);
        if !planner.may_write(row, Cell::part(key, "/defaults/model"), FIELD, same) {
            continue;
        }
        let function_name = function.name.clone();
        let mut value = function;
        value.defaults.model = Some(Arc::from(model));
        let command = Command::UpdateFunction(UpdateFunction {
            value,
            fields: vec![FunctionField::DefaultsModel],
            expected_etag: None,
        });
        match planner.decide(&command) {
            Ok(_) => {
                planner.draft.totals.functions += 1;
                let done = format!("{shown} is the default of {function_name} now");
                let why = "--operation-models was given";
                planner.tell(row, Consequence::DefaultModel, FIELD, done, why);
            }
            Err(rejection) => {
                let done = format!("not applied to {function_name}");
                let why = rejection.message;
                planner.tell(row, Consequence::DefaultModel, FIELD, done, why);
            }
        }
    }
}
