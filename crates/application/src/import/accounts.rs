//! Accounts and their plans.

use std::collections::BTreeMap;

use aiconfig_domain::{
    Account, AccountEntry, AccountId, AccountState, Change, Plan, Resource, ResourceKey,
};

use super::ImportOptions;
use super::cells::{Fields, shown, switch_or, text};
use super::dump::{Pk, Row};
use super::ledger::Cell;
use super::planner::{Planner, RowId};
use super::report::Consequence;

/// Characters of a name.
const NAME: usize = 255;

/// The slugs of the old plans by their primary keys.
#[derive(Default)]
pub(super) struct Plans(BTreeMap<Pk, String>);

impl Plans {
    pub(super) fn add(&mut self, row: &Row) {
        if let Some(slug) = text(&row.fields, "slug") {
            self.0.insert(row.pk.clone(), slug.to_ascii_lowercase());
        }
    }

    /// The plan of an account's row, or why it is none.
    pub(super) fn of(&self, fields: &Fields, options: &ImportOptions) -> Result<Plan, String> {
        let Some(pk) = fields.get("plan").and_then(Pk::of) else {
            return Err("it has no plan".to_owned());
        };
        let Some(slug) = self.0.get(&pk) else {
            return Err("its plan is not in the dump".to_owned());
        };
        let mapped = options.plan_map.get(slug).copied();
        mapped.or_else(|| Plan::parse(slug)).ok_or_else(|| {
            let slug = shown(slug);
            format!(
                "plan {slug} is none of FREE, STARTER, GROWTH and SCALE; \
                 --plan-map {slug}=<plan> gives it another one"
            )
        })
    }
}

/// An account whose plan is not valid.
pub(super) struct Demoted {
    row: RowId,
    account: AccountId,
    why: String,
}

/// Takes the accounts; those whose plan is not valid are told of once their overrides are there.
pub(super) fn take(
    planner: &mut Planner<'_>,
    rows: Vec<(RowId, Fields)>,
    plans: &Plans,
) -> Vec<Demoted> {
    let mut demoted = Vec::new();
    for (row, fields) in rows {
        let id = match planner.pk(row) {
            Pk::Number(number) => AccountId::new(*number),
            Pk::Text(_) => None,
        };
        let Some(id) = id else {
            planner.leave_out(row, "pk", "an account's key is a whole number above 0");
            continue;
        };
        let plan = plans.of(&fields, planner.given.options);
        let (active, inactive) = standing(&fields);
        let account = Account {
            account_id: id,
            plan: *plan.as_ref().unwrap_or(&Plan::Free),
            display_name: name(planner, row, &fields),
            active,
            source_version: 0,
        };
        let resource = Resource::Account(AccountState::Live(account));
        let cell = Cell::whole(ResourceKey::Account(id));
        let same = planner.after.resource(&cell.key).as_ref() == Some(&resource);
        let held = !same && planner.is_held(&cell);
        if planner.may_write(row, cell, "", same) {
            planner.change(Change::Put(resource));
            planner.draft.totals.accounts += 1;
        }
        if held {
            continue;
        }
        if let Some((field, why)) = inactive {
            let done = "the account is inactive: its calls are refused";
            planner.tell(row, Consequence::AccountInactive, field, done, why);
        }
        if let Err(why) = plan {
            demoted.push(Demoted {
                row,
                account: id,
                why,
            });
        }
    }
    demoted
}

/// Tells which plans became FREE, and which rows that puts to rest.
pub(super) fn tell_demoted(planner: &mut Planner<'_>, demoted: Vec<Demoted>) {
    for Demoted { row, account, why } in demoted {
        let dormant = planner.after.account(account).map(dormant);
        let done = match dormant.as_deref() {
            None | Some("") => "the plan became FREE".to_owned(),
            Some(rows) => format!("the plan became FREE; dormant: {rows}"),
        };
        planner.tell(row, Consequence::PlanBecameFree, "plan", done, why);
    }
}

/// The rows of an account that FREE puts to rest, by kind.
fn dormant(entry: &AccountEntry) -> String {
    let counts = [
        (entry.overrides.len(), "override", "overrides"),
        (entry.prompts().len(), "prompt", "prompts"),
        (entry.profiles().len(), "author profile", "author profiles"),
        (entry.strategies().len(), "strategy", "strategies"),
    ];
    let told = counts
        .into_iter()
        .filter_map(|(count, one, many)| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            _ => Some(format!("{count} {many}")),
        });
    told.collect::<Vec<_>>().join(", ")
}

/// Whether an account is active, and if not, which field says so.
fn standing(fields: &Fields) -> (bool, Option<(&'static str, &'static str)>) {
    let status = text(fields, "status").unwrap_or_default();
    if switch_or(fields, "is_deleted", false) {
        (false, Some(("is_deleted", "it was deleted")))
    } else if status.eq_ignore_ascii_case("suspended") {
        (false, Some(("status", "it was suspended")))
    } else if status.eq_ignore_ascii_case("deleted") {
        (false, Some(("status", "it was deleted")))
    } else {
        (true, None)
    }
}

fn name(planner: &mut Planner<'_>, row: RowId, fields: &Fields) -> String {
    let given = text(fields, "name").unwrap_or_default();
    let name: String = given.chars().filter(|c| *c != '\0').take(NAME).collect();
    if name != given {
        let why = "a name has up to 255 characters and no NUL";
        planner.tell(row, Consequence::Converted, "name", "cut", why);
    }
    name
}
