//! Rows with settings, read: whose they are, of which type, and what their config says.

use std::collections::BTreeMap;

use aiconfig_domain::{AccountId, IntegrationType, Timestamp};
use serde_json::Value;

use super::cells::{Fields, shown, shown_field, switch_or, text, time};
use super::config::{Split, split};
use super::dump::{Kind, Pk};
use super::planner::{Planner, RowId};
use super::report::Consequence;

/// The slugs of the accounts whose settings were everybody's, in the order of their weight.
const MAGIC: [&str; 3] = ["aws-admin", "default-account", "default"];

/// The magic accounts of a dump, by their weight.
#[derive(Default)]
pub(super) struct Magic(BTreeMap<i64, usize>);

impl Magic {
    /// Notes an account's row.
    pub(super) fn see(&mut self, pk: &Pk, fields: &Fields) {
        let slug = text(fields, "slug").unwrap_or_default();
        let weight = MAGIC.iter().position(|magic| *magic == slug);
        if let (Pk::Number(id), Some(weight)) = (pk, weight) {
            self.0.insert(*id, weight);
        }
    }

    /// The weight of an account, the least first; `None`: an ordinary one.
    pub(super) fn weight(&self, account: AccountId) -> Option<usize> {
        self.0.get(&account.get()).copied()
    }
}

/// A row with settings.
pub(super) struct Source {
    pub(super) row: RowId,
    /// The type that the row says it is of, if it is one of ours.
    pub(super) declared: Option<IntegrationType>,
    pub(super) split: Split,
    pub(super) enabled: bool,
    pub(super) updated: Option<Timestamp>,
    /// What stands before a name of the config in the report.
    pub(super) prefix: &'static str,
}

/// All rows with settings, by what becomes of them.
#[derive(Default)]
pub(super) struct Sources {
    /// Of the magic accounts, the weightiest first.
    pub(super) magic: Vec<(usize, Source)>,
    /// The newer global table.
    pub(super) global: Vec<Source>,
    /// Of ordinary accounts.
    pub(super) accounts: BTreeMap<AccountId, Vec<Source>>,
}

/// Columns of the flat tables that are no settings.
const COLUMNS: [&str; 8] = [
    "id",
    "account",
    "is_active",
    "use_own_keys",
    "created_at",
    "updated_at",
    "last_updated",
    "updated_by",
];

impl Sources {
    /// Takes the rows of a table; those that are orphans, duplicates or not about AI are left.
    pub(super) fn add(
        &mut self,
        planner: &mut Planner<'_>,
        kind: Kind,
        rows: Vec<(RowId, Fields)>,
        magic: &Magic,
    ) {
        let owner = |fields: &Fields| fields.get("account").and_then(Pk::of);
        let type_of = |fields: &Fields| {
            let name = text(fields, "integration_type").unwrap_or_default();
            name.to_ascii_lowercase()
        };
        let what = match kind {
            Kind::Settings => "this account and type",
            Kind::AccountOverride => "this account",
            _ => "the platform",
        };
        let rows = if kind == Kind::GlobalSettings {
            planner.newest(rows, |_| (), what)
        } else {
            let known = planner.owned(rows).into_iter();
            let known = known.map(|(row, (_, fields))| (row, fields)).collect();
            planner.newest(known, |fields| (owner(fields), type_of(fields)), what)
        };
        for (row, fields) in rows {
            let account = planner.owner(&fields);
            let weight = account.and_then(|account| magic.weight(account));
            let declared = type_of(&fields);
            let of_platform = kind == Kind::GlobalSettings || weight.is_some();
            let with_keys = of_platform && kind != Kind::AccountOverride;
            let Some(source) = source(planner, kind, row, fields, &declared, with_keys) else {
                continue;
            };
            match (account, weight) {
                (_, Some(_)) if kind == Kind::AccountOverride => {
                    let why = "its account's settings became the global ones; it has no rows";
                    planner.leave_out(row, "account", why);
                }
                (_, Some(weight)) => self.magic.push((weight, source)),
                (Some(account), None) => self.accounts.entry(account).or_default().push(source),
                (None, None) => self.global.push(source),
            }
        }
        self.magic.sort_by_key(|(weight, _)| *weight);
    }
}

fn source(
    planner: &mut Planner<'_>,
    kind: Kind,
    row: RowId,
    mut fields: Fields,
    declared_name: &str,
    with_keys: bool,
) -> Option<Source> {
    let updated = time(&fields, "updated_at");
    let active = switch_or(&fields, "is_active", true);
    let (config, prefix) = if kind == Kind::Settings {
        match fields.remove("config").map(object) {
            Some(Some(config)) => (config, "config."),
            None => (Fields::new(), "config."),
            Some(None) => {
                planner.leave_out(row, "config", "not an object of settings");
                return None;
            }
        }
    } else {
        fields.retain(|name, _| !COLUMNS.contains(&name.as_str()));
        (fields, "")
    };
    let declared = IntegrationType::parse(declared_name)
        .filter(|declared| declared.shape(&planner.after).is_some());
    let split = split(&planner.after, declared.as_ref(), config, with_keys);
    if !split.concerns_ai() && kind == Kind::Settings {
        planner.drop_credentials(row, split.stripped.len());
        let (name, secrets) = (shown(declared_name), split.stripped.len());
        let why = format!("integration {name} is not about AI; secrets left behind: {secrets}");
        planner.leave_out(row, "integration_type", why);
        return None;
    }
    for path in &split.stripped {
        let field = format!("{prefix}{path}");
        let why = "keys are platform-wide and lie in the vault; no row can hold one";
        planner.tell(row, Consequence::CredentialDropped, &field, "dropped", why);
    }
    planner.drop_credentials(row, split.stripped.len());
    for name in &split.unknown {
        let field = format!("{prefix}{}", shown_field(name));
        let why = "not a field of any type";
        planner.tell(row, Consequence::ValueDropped, &field, "dropped", why);
    }
    for (name, other) in &split.repeated {
        let (field, why) = (
            format!("{prefix}{name}"),
            format!("{other} says it already"),
        );
        planner.tell(row, Consequence::ValueDropped, &field, "dropped", why);
    }
    if active && split.switch == Some(false) {
        let field = format!("{prefix}enabled");
        let why = "is_active is on and enabled is off; both had to be on";
        planner.tell(row, Consequence::Converted, &field, "switched off", why);
    }
    Some(Source {
        row,
        declared,
        enabled: active && split.switch != Some(false),
        split,
        updated,
        prefix,
    })
}

/// The object of a config, also of one that was stored as a text.
fn object(config: Value) -> Option<Fields> {
    match config {
        Value::Object(members) => Some(members),
        Value::Null => Some(Fields::new()),
        Value::String(text) if text.trim().is_empty() => Some(Fields::new()),
        Value::String(text) => serde_json::from_str(&text).ok(),
        _ => None,
    }
}
