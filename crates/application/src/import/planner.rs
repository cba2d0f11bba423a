//! The plan in the making: the state as it will be, which row wrote what, and the report.

use std::collections::{BTreeMap, BTreeSet};

use aiconfig_domain::{
    Change, Command, CommandContext, Decision, KeyFingerprint, PromptText, ProviderName, Record,
    Rejection, Resource, ResourceKey, Snapshot, TextHash, Timestamp, decide,
};
use secrecy::SecretString;

use super::dump::{Kind, Pk, Row};
use super::ledger::{Cell, Ledger, digest};
use super::report::{Consequence, Draft, Subject};
use super::{ImportOptions, Seal};
use crate::AppError;
use crate::texts::Texts;

/// What a plan is made from, beside the rows.
pub(super) struct Given<'a> {
    pub(super) before: &'a Snapshot,
    /// What an empty database starts with.
    pub(super) shipped: &'a Snapshot,
    /// The texts of the library, as far as they are in memory.
    pub(super) texts: &'a Texts,
    pub(super) options: &'a ImportOptions,
    pub(super) seal: &'a dyn Seal,
    pub(super) context: CommandContext,
}

/// A row by its number in the plan.
pub(super) type RowId = usize;

/// What is known of a row beside its fields.
pub(super) struct Head {
    pub(super) kind: Kind,
    pub(super) pk: Pk,
    pub(super) content_hash: Vec<u8>,
    /// New, or with other content than at the last import.
    pub(super) fresh: bool,
    pub(super) left: bool,
    /// Not to be put into the ledger: the next run looks at it again.
    pub(super) withheld: bool,
    /// The cells that it decides on; with the digest to remember where it was not let to write.
    pub(super) cells: Vec<(Cell, Option<String>)>,
}

impl Head {
    pub(super) fn subject(&self) -> Subject<'_> {
        Subject {
            kind: self.kind,
            pk: &self.pk,
        }
    }
}

/// The plan in the making.
pub(super) struct Planner<'a> {
    pub(super) given: &'a Given<'a>,
    pub(super) after: Snapshot,
    pub(super) draft: Draft,
    pub(super) secrets: BTreeMap<(ProviderName, u32), SecretString>,
    /// The texts that the changes name.
    pub(super) texts: BTreeMap<TextHash, PromptText>,
    /// How many items were made.
    pub(super) items: u64,
    pub(super) ledger: Ledger,
    pub(super) heads: Vec<Head>,
    /// The resources that were changed, in the order of their first change.
    pub(super) touched: Vec<ResourceKey>,
    known: BTreeSet<ResourceKey>,
}

impl<'a> Planner<'a> {
    pub(super) fn new(given: &'a Given<'a>, ledger: Ledger) -> Self {
        Self {
            given,
            after: given.before.clone(),
            draft: Draft::default(),
            secrets: BTreeMap::new(),
            texts: BTreeMap::new(),
            items: 0,
            ledger,
            heads: Vec::new(),
            touched: Vec::new(),
            known: BTreeSet::new(),
        }
    }

    /// Takes a row in. What else than its fields its meaning rests on is part of its content.
    pub(super) fn admit(&mut self, row: &Row, rests_on: &str) -> Result<RowId, AppError> {
        let fields = serde_json::to_vec(&row.fields).unwrap_or_default();
        let label = row.kind.label().as_bytes();
        let pk = row.pk.to_string();
        let content = [label, pk.as_bytes(), &fields, rests_on.as_bytes()].join(&0);
        let content_hash = self.given.seal.content_hash(&content)?;
        self.heads.push(Head {
            kind: row.kind,
            pk: row.pk.clone(),
            fresh: !self.ledger.has(row.kind, &row.pk, &content_hash),
            content_hash,
            left: false,
            withheld: false,
            cells: Vec::new(),
        });
        Ok(self.heads.len() - 1)
    }

    /// The primary key of a row.
    pub(super) fn pk(&self, row: RowId) -> &Pk {
        &self.heads[row].pk
    }

    /// `model pk` of a row, for the reasons of others.
    pub(super) fn name(&self, row: RowId) -> String {
        let head = &self.heads[row];
        format!("{} {}", head.kind.label(), head.pk)
    }

    /// Whether a row is new or was changed in the dump since the last import.
    pub(super) fn is_fresh(&self, row: RowId) -> bool {
        self.heads[row].fresh
    }

    /// Tells of a row; rows that an earlier import took are told of no more.
    pub(super) fn tell(
        &mut self,
        row: RowId,
        consequence: Consequence,
        field: &str,
        done: impl Into<String>,
        why: impl Into<String>,
    ) {
        if self.heads[row].fresh {
            self.tell_always(row, consequence, field, done, why);
        }
    }

    /// Tells of a row whether it was taken earlier or not.
    pub(super) fn tell_always(
        &mut self,
        row: RowId,
        consequence: Consequence,
        field: &str,
        done: impl Into<String>,
        why: impl Into<String>,
    ) {
        let subject = self.heads[row].subject();
        self.draft.line(subject, consequence, field, done, why);
    }

    /// Leaves a row out as a whole.
    pub(super) fn leave_out(&mut self, row: RowId, field: &str, why: impl Into<String>) {
        self.tell_always(row, Consequence::LeftOut, field, "left out", why);
        self.heads[row].left = true;
    }

    /// Counts credentials that are not kept; those of rows taken earlier were counted then.
    pub(super) fn drop_credentials(&mut self, row: RowId, count: usize) {
        if self.heads[row].fresh {
            self.draft.totals.credentials_dropped += count as u64;
        }
    }

    /// Whether what stands in a cell was put there by somebody here: since the last import, or,
    /// where no import wrote it, since the first start.
    pub(super) fn is_held(&self, cell: &Cell) -> bool {
        let before = self.given.before;
        let present = digest(before, cell);
        if let Some(mark) = self.ledger.mark(cell) {
            return mark != present;
        }
        let seeded = before.meta(&cell.key).is_none_or(|meta| meta.revision == 1);
        !seeded && present != digest(self.given.shipped, cell)
    }

    /// Whether a row may write a cell. If not, that is told, unless nothing is new or `same`, the
    /// cell has the wanted value already.
    pub(super) fn may_write(&mut self, row: RowId, cell: Cell, field: &str, same: bool) -> bool {
        if !self.heads[row].fresh {
            return false;
        }
        if !same && self.is_held(&cell) {
            let why = self.changed_since(&cell);
            self.tell(
                row,
                Consequence::ChangedHere,
                field,
                "left as it is here",
                why,
            );
            match self.ledger.mark(&cell).map(str::to_owned) {
                Some(mark) => self.heads[row].cells.push((cell, Some(mark))),
                None => self.heads[row].withheld = true,
            }
            return false;
        }
        self.heads[row].cells.push((cell, None));
        !same
    }

    /// Who changed a cell here, as far as is known.
    pub(super) fn changed_since(&self, cell: &Cell) -> String {
        let (kind, key) = (cell.key.kind().as_str(), cell.key.to_string());
        let parts = [kind, &key, &cell.at].into_iter();
        let what: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
        let what = what.join(" ");
        match &self.after.resource(&cell.key) {
            Some(Resource::Account(state)) if state.source_version() > 0 => format!(
                "account {key} was pushed here with source_version {}, imports have 0",
                state.source_version()
            ),
            _ if self.ledger.mark(cell).is_some() => {
                format!("{what} was changed here since the import")
            }
            _ => format!("{what} was set here before the import"),
        }
    }

    /// The cells that a row wrote at its last import and does not decide on now.
    pub(super) fn abandoned(&self, row: RowId) -> Vec<Cell> {
        let head = &self.heads[row];
        let now: BTreeSet<&Cell> = head.cells.iter().map(|(cell, _)| cell).collect();
        self.ledger
            .cells(head.kind, &head.pk)
            .iter()
            .filter(|cell| head.fresh && !now.contains(cell))
            .cloned()
            .collect()
    }

    /// Puts a change into the state.
    pub(super) fn change(&mut self, change: Change) {
        let key = change.key();
        if self.known.insert(key.clone()) {
            self.touched.push(key);
        }
        self.after.apply(&Record {
            change,
            revision: self.given.before.revision() + 1,
            time: self.given.context.now,
            actor: self.given.context.actor.clone(),
        });
    }

    /// Decides a command on the state as it is so far.
    pub(super) fn decide(&mut self, command: &Command) -> Result<Decision, Rejection> {
        let decision = decide(&self.after, command, &self.given.context)?;
        for change in &decision.changes {
            self.change(change.clone());
        }
        Ok(decision)
    }

    /// A new key as it is shown and recognised; `Err` if it cannot be one.
    pub(super) fn describe_key(
        &self,
        provider: &ProviderName,
        key: &SecretString,
    ) -> Result<Result<(String, KeyFingerprint), Rejection>, AppError> {
        match self.given.seal.describe_key(provider, key) {
            Ok(found) => Ok(Ok(found)),
            Err(AppError::Rejected(rejection)) => Ok(Err(rejection)),
            Err(error) => Err(error),
        }
    }

    /// The time of the import.
    pub(super) const fn now(&self) -> Timestamp {
        self.given.context.now
    }
}
