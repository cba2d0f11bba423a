//! What a model's state is, and what in the catalogue needs care (section 7).

use crate::{Model, Snapshot, Timestamp};

/// Whether a model can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ModelStatus {
    /// It is active.
    Usable,
    /// It is not, but its replacements end in one that is.
    Retired,
    /// Neither.
    Inactive,
}

/// How far ahead a date is announced, in seconds: 60 days.
const NEAR_SECONDS: i64 = 60 * 86_400;

/// What kind of care a finding asks for, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingKind {
    /// Settings or functions name a model that is unknown or inactive.
    DanglingModel,
    /// A date of deprecation or shutdown has passed.
    DatePassed,
    /// Such a date comes within 60 days.
    DateNear,
    /// Settings or functions name a retired model.
    RetiredModelUsed,
    /// A usable model has no price in effect.
    PriceMissing,
}

/// One thing that needs care.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind it is.
    pub kind: FindingKind,
    /// What it is about, such as `models/gpt-4`.
    pub resource: String,
    /// What is wrong, in a sentence.
    pub message: String,
    /// Sections, functions and models concerned.
    pub places: Vec<String>,
    /// Rows of accounts concerned.
    pub account_rows: i64,
}

/// What in the catalogue, the global settings and the functions needs care, the worst first.
#[must_use]
pub fn findings(snapshot: &Snapshot, now: Timestamp) -> Vec<Finding> {
    let mut found: Vec<Finding> = snapshot
        .models()
        .flat_map(|stored| of_model(snapshot, &stored.value, now))
        .collect();
    let sections = snapshot
        .globals()
        .into_iter()
        .flat_map(|globals| &globals.value.sections);
    let of_accounts = snapshot
        .named_by_accounts()
        .map(|(model, rows)| (model, *rows));
    let of_accounts: std::collections::BTreeMap<&str, i64> = of_accounts.collect();
    let named = sections
        .map(|(name, fields)| (format!("globalSettings/{name}"), fields.model.as_deref()))
        .chain(snapshot.functions().map(|stored| {
            (
                format!("functions/{}", stored.value.name),
                stored.value.defaults.model.as_deref(),
            )
        }));
    let mut by_model = std::collections::BTreeMap::<&str, Vec<String>>::new();
    for (place, model) in named {
        if let Some(model) = model {
            by_model.entry(model).or_default().push(place);
        }
    }
    for id in of_accounts.keys() {
        by_model.entry(id).or_default();
    }
    for (id, places) in by_model {
        let status = snapshot
            .model(id)
            .map(|model| snapshot.model_status(&model.value));
        let (kind, message) = match status {
            Some(ModelStatus::Usable) => continue,
            Some(ModelStatus::Retired) => (
                FindingKind::RetiredModelUsed,
                format!("{id} is retired; calls use its replacement"),
            ),
            Some(ModelStatus::Inactive) => (
                FindingKind::DanglingModel,
                format!("{id} is inactive; calls pass it over"),
            ),
            None => (
                FindingKind::DanglingModel,
                format!("{id} is unknown; calls pass it over"),
            ),
        };
        found.push(Finding {
            kind,
            resource: format!("models/{id}"),
            message,
            places,
            account_rows: of_accounts.get(id).copied().unwrap_or(0),
        });
    }
    found.sort_by(|a, b| (a.kind, &a.resource).cmp(&(b.kind, &b.resource)));
    found
}

fn of_model(snapshot: &Snapshot, model: &Model, now: Timestamp) -> Vec<Finding> {
    let mut found = Vec::new();
    // A model that is no longer usable has nothing left to be warned of.
    if snapshot.model_status(model) != ModelStatus::Usable {
        return found;
    }
    let id = &model.model_id;
    let uses = snapshot.uses_of(id);
    let places = |names: &[String], of: &str| {
        let full: Vec<String> = names.iter().map(|name| format!("{of}/{name}")).collect();
        full
    };
    let places = [
        places(&uses.functions, "functions"),
        places(&uses.sections, "globalSettings"),
        places(&uses.replacements, "models"),
    ]
    .concat();
    let mut add = |kind, message| {
        found.push(Finding {
            kind,
            resource: format!("models/{id}"),
            message,
            places: places.clone(),
            account_rows: uses.account_rows,
        });
    };
    for (what, at) in [
        ("deprecation", model.deprecated_at),
        ("shutdown", model.shutdown_at),
    ] {
        let Some(at) = at else { continue };
        if at <= now {
            add(
                FindingKind::DatePassed,
                format!("the {what} of {id} was at {}", at.to_rfc3339()),
            );
        } else if at <= now.plus_seconds(NEAR_SECONDS) {
            add(
                FindingKind::DateNear,
                format!("the {what} of {id} comes at {}", at.to_rfc3339()),
            );
        }
    }
    if !model.prices.iter().any(|price| price.effective_from <= now) {
        add(
            FindingKind::PriceMissing,
            format!("{id} has no price in effect"),
        );
    }
    found
}
