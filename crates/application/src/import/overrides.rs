//! Accounts' rows: each type's values, checked field by field.

use std::collections::BTreeMap;

use aiconfig_domain::{
    AccountId, Change, Field, IntegrationType, Modality, Override, ProviderName, Resource,
    ResourceKey, fit_settings,
};

use super::globals::reason;
use super::images::merge;
use super::ledger::Cell;
use super::planner::{Planner, RowId};
use super::reading::{Reading, read};
use super::report::Consequence;
use super::sources::Source;

/// A part of a row, read, in the order of its weight.
struct Part {
    row: RowId,
    reading: Reading,
    enabled: bool,
}

/// Takes the rows of every account.
pub(super) fn take(planner: &mut Planner<'_>, accounts: BTreeMap<AccountId, Vec<Source>>) {
    for (account, sources) in accounts {
        one_account(planner, account, sources);
    }
}

fn one_account(planner: &mut Planner<'_>, account: AccountId, mut sources: Vec<Source>) {
    let rows: Vec<RowId> = sources.iter().map(|source| source.row).collect();
    // The newest last; where two say the same thing it is the later one that counts.
    sources.sort_by_key(|source| source.updated);
    let mut parts: BTreeMap<IntegrationType, Part> = BTreeMap::new();
    let mut owned: BTreeMap<IntegrationType, bool> = BTreeMap::new();
    for source in sources {
        for (kind, entries) in source.split.parts {
            let class = Consequence::ValueDropped;
            let reading = read(planner, source.row, &kind, entries, source.prefix, class);
            let part = Part {
                row: source.row,
                reading,
                enabled: source.enabled,
            };
            // A row of the type itself counts before prefixed names in another one.
            let own = source.declared.as_ref().is_none_or(|own| *own == kind);
            let (winner, loser) = match parts.remove(&kind) {
                Some(former) if owned.get(&kind) == Some(&true) && !own => (former, Some(part)),
                former => {
                    owned.insert(kind.clone(), own);
                    (part, former)
                }
            };
            if let Some(loser) = loser {
                leave(planner, &loser, &winner);
            }
            parts.insert(kind, winner);
        }
    }
    let mut images = BTreeMap::new();
    let mut general = None;
    for (kind, part) in parts {
        let modality = kind.shape(&planner.after).map(|(modality, _)| modality);
        match (kind, modality) {
            (IntegrationType::ImageGeneration, _) => general = Some(part),
            (IntegrationType::Provider(name), Some(Modality::Image)) => {
                images.insert(name, part);
            }
            (kind, _) => {
                let Part {
                    row,
                    reading,
                    enabled,
                } = part;
                store(planner, account, &kind, &[row], &reading, enabled);
            }
        }
    }
    if general.is_some() || !images.is_empty() {
        image_row(planner, account, general.as_ref(), images);
    }
    clear_abandoned(planner, account, &rows);
}

fn leave(planner: &mut Planner<'_>, loser: &Part, winner: &Part) {
    let why = format!("{} says otherwise, and counts", planner.name(winner.row));
    for field in loser.reading.fields.set_fields() {
        if winner.reading.fields.get(field) != loser.reading.fields.get(field) {
            let name = loser.reading.name(field);
            let class = Consequence::ValueDropped;
            planner.tell(loser.row, class, &name, "left out", why.clone());
        }
    }
}

/// The image row out of the general part and those of providers.
fn image_row(
    planner: &mut Planner<'_>,
    account: AccountId,
    general: Option<&Part>,
    mut parts: BTreeMap<ProviderName, Part>,
) {
    if general.is_some() {
        parts.retain(|name, part| {
            if !part.enabled && !part.reading.fields.is_empty() {
                let why = "it is switched off, and the account has a row for images";
                let class = Consequence::ValueDropped;
                planner.tell(part.row, class, name.as_str(), "left out", why);
            }
            part.enabled
        });
    }
    let readings = parts
        .iter()
        .map(|(name, part)| (name.clone(), part.reading.clone()))
        .collect();
    let of_row = general.map_or_else(Reading::default, |part| part.reading.clone());
    let images = merge(&planner.after, of_row, &readings);
    for (row, name, why) in images.left {
        planner.tell(row, Consequence::ValueDropped, &name, "dropped", why);
    }
    let used = images.part.and_then(|name| parts.remove(&name));
    let sources: Vec<&Part> = general.into_iter().chain(used.as_ref()).collect();
    // A switch of a provider's row that says nothing of images is none of the row for images.
    let says = general.is_some() || !images.values.fields.is_empty();
    let enabled = !says || sources.first().is_none_or(|part| part.enabled);
    let mut rows: Vec<RowId> = sources.iter().map(|part| part.row).collect();
    rows.dedup();
    let kind = IntegrationType::ImageGeneration;
    store(planner, account, &kind, &rows, &images.values, enabled);
}

/// Stores a row of an account: what fits of it. Without values it is none, unless it is off.
fn store(
    planner: &mut Planner<'_>,
    account: AccountId,
    kind: &IntegrationType,
    rows: &[RowId],
    reading: &Reading,
    enabled: bool,
) {
    let given: Vec<Field> = reading.fields.set_fields().collect();
    let fitted = fit_settings(&planner.after, kind, reading.fields.clone(), &given);
    for (field, why) in fitted.left_out {
        let why = reason(&reading.fields, field, &why);
        let (row, name) = reading.origin(field);
        let class = Consequence::ValueDropped;
        planner.tell(row, class, &name, "dropped; it inherits", why);
    }
    for (field, warning) in fitted.warnings {
        let (row, name) = reading.origin(field);
        planner.tell(row, Consequence::WithoutEffect, &name, "kept", warning);
    }
    let wanted = (!fitted.fields.is_empty() || !enabled).then(|| Override {
        account_id: account,
        integration_type: kind.clone(),
        enabled,
        fields: fitted.fields,
    });
    put(planner, account, kind, rows, wanted);
}

fn put(
    planner: &mut Planner<'_>,
    account: AccountId,
    kind: &IntegrationType,
    rows: &[RowId],
    wanted: Option<Override>,
) {
    let entry = planner.after.account(account);
    let present = entry.and_then(|entry| entry.override_of(kind));
    let present = present.map(|stored| stored.value.clone());
    if present.is_none() && wanted.is_none() {
        return;
    }
    let key = ResourceKey::Override(account, kind.clone());
    let same = present == wanted;
    let fresh: Vec<RowId> = rows
        .iter()
        .copied()
        .filter(|row| planner.is_fresh(*row))
        .collect();
    let mut write = false;
    for row in &fresh {
        write = planner.may_write(*row, Cell::whole(key.clone()), "", same);
    }
    // A row of which the dump has nothing new is part of what is written all the same.
    let stays = write || same;
    if let (Some(row), true, Some(_)) = (fresh.first(), stays, &wanted) {
        planner.tell_dormant(*row, account, kind.as_str());
    }
    if write {
        planner.draft.totals.overrides += 1;
        planner.change(match wanted {
            Some(row) => Change::Put(Resource::Override(row)),
            None => Change::Delete(key),
        });
    }
}

/// Takes away what rows wrote at an earlier import and say no more.
fn clear_abandoned(planner: &mut Planner<'_>, account: AccountId, rows: &[RowId]) {
    for row in rows {
        for cell in planner.abandoned(*row) {
            if let ResourceKey::Override(owner, kind) = &cell.key
                && *owner == account
            {
                put(planner, account, kind, &[*row], None);
            }
        }
    }
}
