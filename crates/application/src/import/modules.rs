//! Switches of modules, of the platform and of accounts.

use aiconfig_domain::{AccountModules, Change, Module, ModuleSwitches, Resource, ResourceKey};

use super::cells::{Fields, is_blank, shown_field, switch};
use super::ledger::Cell;
use super::planner::{Planner, RowId};
use super::report::Consequence;

/// What a column's name ends with behind the name of its module.
const SUFFIX: &str = "_enabled";

/// Takes the platform's switches and those of accounts.
pub(super) fn take(
    planner: &mut Planner<'_>,
    platform: Vec<(RowId, Fields)>,
    rows: Vec<(RowId, Fields)>,
) {
    for (row, fields) in planner.newest(platform, |_| (), "the platform") {
        let class = Consequence::PlatformValue;
        let switches = read(planner, row, &fields, class);
        let key = ResourceKey::PlatformModules;
        let present = planner.after.platform_modules().cloned();
        let wanted = (present.is_some() || !switches.off.is_empty())
            .then_some(Resource::PlatformModules(switches));
        put(planner, row, key, wanted);
    }
    let all: Vec<RowId> = rows.iter().map(|(row, _)| *row).collect();
    let owned = planner.owned(rows);
    for (row, (account_id, fields)) in
        planner.newest(owned, |(account, _)| *account, "this account")
    {
        let class = Consequence::ValueDropped;
        let switches = read(planner, row, &fields, class);
        // An account whose modules are all on has no row.
        let wanted = (!switches.off.is_empty()).then_some(AccountModules {
            account_id,
            switches,
        });
        let key = ResourceKey::AccountModules(account_id);
        put(planner, row, key, wanted.map(Resource::AccountModules));
    }
    planner.clear_abandoned(&all, |totals| &mut totals.modules);
}

/// Reads the switches of a row; what says nothing stays on.
fn read(
    planner: &mut Planner<'_>,
    row: RowId,
    fields: &Fields,
    dropped: Consequence,
) -> ModuleSwitches {
    let mut switches = ModuleSwitches::default();
    for (name, value) in fields {
        let Some(module) = name.strip_suffix(SUFFIX) else {
            continue;
        };
        let Some(module) = Module::parse(module) else {
            let why = "not a module";
            planner.tell(row, dropped, shown_field(name), "dropped", why);
            continue;
        };
        match switch(value) {
            Some(on) => switches.set(module, on),
            None if is_blank(Some(value)) => {}
            None => {
                let done = "dropped; the module stays on";
                planner.tell(row, dropped, name, done, "neither on nor off");
            }
        }
    }
    switches
}

fn put(planner: &mut Planner<'_>, row: RowId, key: ResourceKey, wanted: Option<Resource>) {
    let present = planner.after.resource(&key);
    if present.is_none() && wanted.is_none() {
        return;
    }
    let same = present == wanted;
    if planner.may_write(row, Cell::whole(key.clone()), "", same) {
        planner.draft.totals.modules += 1;
        planner.change(wanted.map_or(Change::Delete(key), Change::Put));
    }
}
