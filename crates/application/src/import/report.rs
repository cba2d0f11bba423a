//! What an import tells: a line for each row that was not taken as it was, and counts.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use super::dump::{Kind, Pk};

macro_rules! classes {
    ($($(#[$doc:meta])* $class:ident $title:literal;)*) => {
        /// What a line is about, the most consequential first.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Consequence { $($(#[$doc])* $class,)* }

        impl Consequence {
            /// A heading for its lines.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$class => $title,)* }
            }
        }
    };
}

classes! {
    /// A plan is none of the four, so the account may override nothing.
    PlanBecameFree "Plans that became FREE";
    /// A provider key that is not simply the primary one now.
    ProviderKey "Provider keys";
    /// A credential in a place where none is kept.
    CredentialDropped "Credentials dropped";
    /// A value of the whole platform that was not taken as it was.
    PlatformValue "Global settings, libraries, catalogue and credits";
    /// Something was changed here and stays as it is here.
    ChangedHere "Changed here, and left";
    /// A row that was left out as a whole.
    LeftOut "Rows left out";
    /// A value of an account that now inherits.
    ValueDropped "Values dropped: these inherit, or have their usual value";
    /// A prompt whose text is another one for its account from now on.
    PromptReplaced "Prompts that follow the library's present text";
    /// An account whose calls are refused from now on.
    AccountInactive "Accounts that became inactive";
    /// A row that has no effect while its account is on FREE.
    Dormant "Overrides that are dormant on FREE";
    /// The default model of a credit cost.
    DefaultModel "Default models of credit costs";
    /// A value that is kept but has no effect of its own, such as a retired model.
    WithoutEffect "Kept, but calls replace or pass it over";
    /// Something that the dump says too, where this service's own value stays.
    KeptHere "Kept as they are here";
    /// A value that was only written in another way.
    Converted "Values converted";
    /// Rows of other applications' models.
    Foreign "Not part of this import";
}

/// One thing that was not taken as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportLine {
    /// What it is about.
    pub consequence: Consequence,
    /// The model of the row.
    pub model: String,
    /// Its primary key; empty if the line is about many rows.
    pub pk: String,
    /// The field; empty if the line is about the row.
    pub field: String,
    /// What was done.
    pub done: String,
    /// Why.
    pub why: String,
}

/// What became of the rows of one model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct KindCounts {
    /// Rows in the dump.
    pub read: u64,
    /// Rows taken, those with a line too.
    pub taken: u64,
    /// Of these, rows with a line.
    pub adjusted: u64,
    /// Rows of an earlier import, unchanged in the dump.
    pub unchanged: u64,
    /// Rows left out.
    pub left: u64,
}

/// What an import changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Accounts.
    pub accounts: u64,
    /// Rows of accounts' overrides.
    pub overrides: u64,
    /// Fields of the global settings.
    pub global_fields: u64,
    /// Models of the catalogue.
    pub models: u64,
    /// Credit operations.
    pub credit_operations: u64,
    /// Functions that got a default model.
    pub functions: u64,
    /// Prompts of the library.
    pub global_prompts: u64,
    /// Prompts of accounts.
    pub account_prompts: u64,
    /// Author profiles, of the library and of accounts.
    pub author_profiles: u64,
    /// Strategies, of the library and of accounts.
    pub strategies: u64,
    /// Accounts whose modules were switched, and the platform.
    pub modules: u64,
    /// Provider keys that became primary.
    pub keys_primary: u64,
    /// Provider keys that wait as standby.
    pub keys_standby: u64,
    /// Credentials that were not kept, wherever they stood.
    pub credentials_dropped: u64,
}

/// The outcome of an import. It holds no credential.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// Whether nothing was written.
    pub dry_run: bool,
    /// Whether anything changed, or would have.
    pub changed: bool,
    /// The revision that it made.
    pub revision: Option<u64>,
    /// What changed.
    pub totals: Totals,
    /// By model of the dump.
    pub counts: BTreeMap<String, KindCounts>,
    /// The most consequential first.
    pub lines: Vec<ReportLine>,
}

/// What became of one row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Taken,
    Unchanged,
    Left,
}

/// A row that lines are about.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) kind: Kind,
    pub(super) pk: &'a Pk,
}

/// A report in the making.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) totals: Totals,
    counts: BTreeMap<String, KindCounts>,
    lines: Vec<(Option<Pk>, ReportLine)>,
    /// The rows that lines are about.
    told: HashSet<(Kind, Pk)>,
}

impl Draft {
    /// Adds a line about a row.
    pub(super) fn line(
        &mut self,
        subject: Subject<'_>,
        consequence: Consequence,
        field: &str,
        done: impl Into<String>,
        why: impl Into<String>,
    ) {
        let line = ReportLine {
            consequence,
            model: subject.kind.label().to_owned(),
            pk: subject.pk.to_string(),
            field: field.to_owned(),
            done: done.into(),
            why: why.into(),
        };
        self.told.insert((subject.kind, subject.pk.clone()));
        self.lines.push((Some(subject.pk.clone()), line));
    }

    /// Adds a line about rows of a label, or about an element that is no row.
    pub(super) fn remark(
        &mut self,
        consequence: Consequence,
        label: &str,
        done: String,
        why: &str,
    ) {
        let line = ReportLine {
            consequence,
            model: label.to_owned(),
            pk: String::new(),
            field: String::new(),
            done,
            why: why.to_owned(),
        };
        self.lines.push((None, line));
    }

    /// Counts a row; to be called when all its lines are there.
    pub(super) fn count(&mut self, subject: Subject<'_>, outcome: Outcome) {
        let told = self.told.contains(&(subject.kind, subject.pk.clone()));
        let label = subject.kind.label().to_owned();
        let counts = self.counts.entry(label).or_default();
        counts.read += 1;
        match outcome {
            Outcome::Taken => {
                counts.taken += 1;
                counts.adjusted += u64::from(told);
            }
            Outcome::Unchanged => counts.unchanged += 1,
            Outcome::Left => counts.left += 1,
        }
    }

    /// Counts rows that are none of this service's.
    pub(super) fn count_foreign(&mut self, label: &str, rows: u64) {
        let counts = self.counts.entry(label.to_owned()).or_default();
        counts.read += rows;
        counts.left += rows;
    }

    /// The report, its lines in order.
    pub(super) fn finish(mut self) -> ImportReport {
        self.lines.sort_by(|(a_pk, a), (b_pk, b)| {
            (a.consequence, &a.model, a_pk, &a.field).cmp(&(
                b.consequence,
                &b.model,
                b_pk,
                &b.field,
            ))
        });
        ImportReport {
            totals: self.totals,
            counts: self.counts,
            lines: self.lines.into_iter().map(|(_, line)| line).collect(),
            ..ImportReport::default()
        }
    }
}
