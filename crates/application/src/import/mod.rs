//! Import of the old Django tables: a pure plan from a dump and the present state, then one write.
//!
//! The order of the steps is that of their dependence: the catalogue gives the limits, the global
//! settings what accounts inherit, the accounts the owners of rows, and the library's prompts what
//! their own are based on.

mod account_prompts;
mod accounts;
mod cells;
mod conclude;
mod config;
mod credits;
mod dump;
mod duplicates;
mod globals;
mod images;
mod items;
mod keys;
mod ledger;
mod magic;
mod models;
mod modules;
mod new_models;
mod numbers;
mod overrides;
mod owners;
mod planner;
mod prices;
mod profiles;
mod prompts;
mod reading;
mod report;
mod run;
mod sources;
mod strategies;
mod structure;

use std::collections::BTreeMap;

use aiconfig_domain::{AuthorProfile, KeyFingerprint, ProviderName, Strategy};
use secrecy::SecretString;

use crate::AppError;
use accounts::Plans;
use cells::{Fields, shown_field};
use conclude::Plan;
use credits::ModelNames;
use dump::Kind;
use duplicates::distinct;
use ledger::Ledger;
use planner::{Given, Planner, RowId};
use report::Consequence;
use sources::{Magic, Sources};

pub use dump::{Dump, DumpError};
pub use report::{Consequence as ReportConsequence, ImportReport, KindCounts, ReportLine, Totals};

/// How a dump is taken.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// Plans for slugs that are none of the four, such as `enterprise`; slugs in lower case.
    pub plan_map: BTreeMap<String, aiconfig_domain::Plan>,
    /// Whether the default model of a credit cost becomes the default of its functions.
    pub operation_models: bool,
}

/// What only the keyring can tell of a row.
trait Seal {
    /// The mask and the fingerprint of a key.
    fn describe_key(
        &self,
        provider: &ProviderName,
        key: &SecretString,
    ) -> Result<(String, KeyFingerprint), AppError>;

    /// A keyed hash, so that the ledger lets no one try out what a row held.
    fn content_hash(&self, content: &[u8]) -> Result<Vec<u8>, AppError>;
}

/// Plans the import of a dump: what changes, which keys are to be sealed, and the report.
///
/// # Errors
/// Only what keeps the keyring from working; odd rows are told of in the report.
fn plan(dump: Dump, given: &Given<'_>, ledger: Ledger) -> Result<Plan, AppError> {
    let mut planner = Planner::new(given, ledger);
    for (label, rows) in &dump.foreign {
        let label = shown_field(label);
        planner.draft.count_foreign(label, *rows);
        let done = format!("{rows} rows left out");
        let why = "this model is none of this service's";
        planner.draft.remark(Consequence::Foreign, label, done, why);
    }
    for (place, why) in &dump.broken {
        let done = format!("element {place} of the dump left out");
        planner.draft.remark(Consequence::LeftOut, "", done, why);
    }
    let (mut plans, mut names, mut magic) =
        (Plans::default(), ModelNames::default(), Magic::default());
    let rows = distinct(&mut planner, dump.rows)?;
    for row in &rows {
        match row.kind {
            Kind::Plan => plans.add(row),
            Kind::Model => names.add(row),
            Kind::Account => magic.see(&row.pk, &row.fields),
            _ => {}
        }
    }
    let mut tables: BTreeMap<Kind, Vec<(RowId, Fields)>> = BTreeMap::new();
    for row in rows {
        let rests_on = match row.kind {
            Kind::Account => format!("{:?}", plans.of(&row.fields, given.options).ok()),
            Kind::CreditCost if given.options.operation_models => {
                names.default_of(&row.fields).unwrap_or_default().to_owned()
            }
            _ => String::new(),
        };
        let id = planner.admit(&row, &rests_on)?;
        tables.entry(row.kind).or_default().push((id, row.fields));
    }
    let mut table = |kind| tables.remove(&kind).unwrap_or_default();
    models::take(&mut planner, table(Kind::Model));
    credits::take(&mut planner, table(Kind::CreditCost), &names);
    let demoted = accounts::take(&mut planner, table(Kind::Account), &plans);
    let mut sources = Sources::default();
    // Of two rows as new as each other the later one counts: that of the table that stayed.
    for kind in [Kind::AccountOverride, Kind::Settings, Kind::GlobalSettings] {
        sources.add(&mut planner, kind, table(kind), &magic);
    }
    let platform = magic::platform(&mut planner, sources.magic, sources.global);
    keys::take(&mut planner, platform.keys)?;
    globals::take(&mut planner, platform.values);
    overrides::take(&mut planner, sources.accounts);
    let global = table(Kind::GlobalPrompt);
    let own = prompts::take(&mut planner, global, table(Kind::Prompt), &magic);
    account_prompts::take(&mut planner, own);
    items::take::<AuthorProfile>(&mut planner, &mut table);
    items::take::<Strategy>(&mut planner, &mut table);
    modules::take(
        &mut planner,
        table(Kind::GlobalModules),
        table(Kind::Modules),
    );
    accounts::tell_demoted(&mut planner, demoted);
    Ok(planner.finish())
}
