//! The end of a plan: its changes, its rows of the ledger, and the counts of its report.

use std::collections::BTreeMap;

use aiconfig_domain::{Change, PromptText, ProviderName};
use aiconfig_persistence::LedgerRow;
use secrecy::SecretString;

use super::dump::Kind;
use super::ledger::{digest, resources};
use super::planner::{Planner, RowId};
use super::report::{Consequence, ImportReport, Outcome};

/// What is to be written, all at once.
pub(super) struct Plan {
    pub(super) changes: Vec<Change>,
    pub(super) secrets: BTreeMap<(ProviderName, u32), SecretString>,
    pub(super) texts: Vec<PromptText>,
    pub(super) ledger: Vec<LedgerRow>,
    pub(super) report: ImportReport,
}

impl Planner<'_> {
    /// The whole plan.
    pub(super) fn finish(mut self) -> Plan {
        for row in 0..self.heads.len() {
            self.conclude(row);
        }
        let mut changes = Vec::new();
        for key in &self.touched {
            match (self.given.before.resource(key), self.after.resource(key)) {
                (before, Some(after)) if before.as_ref() != Some(&after) => {
                    changes.push(Change::Put(after));
                }
                (Some(_), None) => changes.push(Change::Delete(key.clone())),
                _ => {}
            }
        }
        let revision = self.given.before.revision() + u64::from(!changes.is_empty());
        let taken = self
            .heads
            .iter()
            .filter(|head| head.fresh && !head.left && !head.withheld);
        let ledger = taken
            .filter(|head| head.kind != Kind::Plan)
            .map(|head| LedgerRow {
                model: head.kind.label().to_owned(),
                pk: head.pk.to_string(),
                content_hash: head.content_hash.clone(),
                resources: resources(head.cells.iter().map(|(cell, mark)| {
                    let digest = mark.clone().unwrap_or_else(|| digest(&self.after, cell));
                    (cell.clone(), digest)
                })),
                revision,
                time_us: self.given.context.now.as_micros(),
            })
            .collect();
        let mut report = self.draft.finish();
        report.changed = !changes.is_empty();
        Plan {
            changes,
            secrets: self.secrets,
            texts: self.texts.into_values().collect(),
            ledger,
            report,
        }
    }

    /// Counts a row, and tells what of an unchanged one was changed here.
    fn conclude(&mut self, row: RowId) {
        let head = &self.heads[row];
        if !head.fresh && !head.left {
            for cell in self.ledger.cells(head.kind, &head.pk).to_vec() {
                if self.is_held(&cell) {
                    let why = self.changed_since(&cell);
                    let done = "left as it is here";
                    self.tell_always(row, Consequence::ChangedHere, "", done, why);
                }
            }
        }
        let head = &self.heads[row];
        let outcome = match (head.left, head.fresh) {
            (true, _) => Outcome::Left,
            (_, true) => Outcome::Taken,
            (_, false) => Outcome::Unchanged,
        };
        self.draft.count(head.subject(), outcome);
    }
}
