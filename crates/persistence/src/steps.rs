//! The statements that a command becomes: many rows a statement, one place for each kind of row.

use std::collections::{BTreeMap, HashMap, HashSet};

use sea_orm::sea_query::{
    DeleteStatement, Expr, ExprTrait, InsertStatement, Query, UpdateStatement,
};

use crate::commit::{Commit, SideEffect};
use crate::decode::big;
use crate::rows::{Change, EnvelopeRow};
use crate::tables::{audit, request, state, text, vault};

/// A command with more records than this carries a mark in the log, and replicas reload.
pub const BULK_THRESHOLD: usize = 5_000;

/// Up to so many rows go to PostgreSQL as one statement.
const ONE_STATEMENT: usize = 500;

/// Texts that one statement carries: 16 MiB of the largest.
const TEXTS: usize = 64;

/// Keys that one delete names.
const KEYS: usize = 1_000;

/// One statement of a command.
pub(crate) enum Step {
    Insert(InsertStatement),
    Delete(DeleteStatement),
    /// Changes one row, or the command is refused.
    Replace(UpdateStatement),
}

/// The statements of a command but for the head.
pub(crate) fn of(commit: &Commit) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(revision) = commit.revision {
        resources(&mut steps, revision, commit);
        let first = u32::from(commit.changes.len() > BULK_THRESHOLD);
        let mark = (first == 1).then(|| {
            let count = commit.changes.len();
            state::bulk_values(revision, count, commit.time_us, &commit.updated_by)
        });
        let records = commit.changes.iter().zip(first..).map(|(record, ordinal)| {
            state::change_values(
                (revision, ordinal),
                record,
                commit.time_us,
                &commit.updated_by,
            )
        });
        insert(
            &mut steps,
            state::CHANGE.inserts(mark.into_iter().chain(records)),
        );
    }
    for texts in commit.texts.chunks(TEXTS) {
        let rows = texts.iter().map(text::text_values);
        insert(&mut steps, text::TEXT.inserts_missing(rows));
    }
    side_effects(&mut steps, &commit.side);
    let audit = commit.audit.iter().map(audit::audit_values);
    insert(&mut steps, audit::AUDIT.inserts(audit));
    let answer = commit.answer.iter().map(request::answer_values);
    insert(
        &mut steps,
        request::ANSWER.upserts(answer, request::ANSWER.data()),
    );
    let ledger = commit.ledger.iter().map(request::ledger_values);
    insert(
        &mut steps,
        request::LEDGER.upserts(ledger, request::LEDGER.data()),
    );
    steps
}

fn insert(steps: &mut Vec<Step>, statements: Vec<InsertStatement>) {
    steps.extend(statements.into_iter().map(Step::Insert));
}

/// The last record of each resource decides what is live afterwards.
fn resources(steps: &mut Vec<Step>, revision: u64, commit: &Commit) {
    const KEPT: &[&str] = &["codec", "value", "revision", "update_time_us", "updated_by"];
    let mut last: HashMap<(&str, &str), (usize, bool)> = HashMap::new();
    for (index, record) in commit.changes.iter().enumerate() {
        let entry = last
            .entry((record.kind.as_str(), record.key.as_str()))
            .or_insert((index, false));
        entry.0 = index;
        // A resource that is deleted and put again in one command begins anew.
        entry.1 |= record.change == Change::Delete;
    }
    let (mut kept, mut begun) = (Vec::new(), Vec::new());
    let mut deleted: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (index, record) in commit.changes.iter().enumerate() {
        let place = last.get(&(record.kind.as_str(), record.key.as_str()));
        let Some((_, anew)) = place.filter(|(last, _)| *last == index) else {
            continue;
        };
        match &record.change {
            Change::Put { codec, value } => {
                let row: [Expr; 8] = [
                    record.kind.as_str().into(),
                    record.key.as_str().into(),
                    (*codec).into(),
                    value.as_str().into(),
                    big(revision).into(),
                    commit.time_us.into(),
                    commit.time_us.into(),
                    commit.updated_by.as_str().into(),
                ];
                if *anew { &mut begun } else { &mut kept }.push(row);
            }
            Change::Delete => deleted.entry(&record.kind).or_default().push(&record.key),
            Change::Note { .. } => {}
        }
    }
    insert(steps, state::RESOURCE.upserts(kept, KEPT));
    insert(
        steps,
        state::RESOURCE.upserts(begun, state::RESOURCE.data()),
    );
    for (kind, keys) in deleted {
        for keys in keys.chunks(KEYS) {
            let mut delete = Query::delete();
            delete
                .from_table(state::RESOURCE.name)
                .and_where(Expr::col("kind").eq(kind))
                .and_where(Expr::col("key").is_in(keys.iter().copied()));
            steps.push(Step::Delete(delete));
        }
    }
}

fn side_effects(steps: &mut Vec<Step>, side: &[SideEffect]) {
    const STATE: &[&str] = &["state_mac", "revision"];
    for effect in side {
        let statements = match effect {
            SideEffect::PutEnvelope(row) => {
                let row = [vault::envelope_values(row)];
                vault::ENVELOPE.upserts(row, vault::ENVELOPE.data())
            }
            SideEffect::EraseEnvelope(row) => {
                let row = [vault::envelope_values(&without_bytes(row))];
                vault::ENVELOPE.upserts(row, vault::ENVELOPE.data())
            }
            SideEffect::PutStateMac(row) => {
                let row = [vault::envelope_values(&without_bytes(row))];
                vault::ENVELOPE.upserts(row, STATE)
            }
            SideEffect::PutVerifier(row) => {
                let row = [vault::verifier_values(row)];
                vault::VERIFIER.upserts(row, vault::VERIFIER.data())
            }
            SideEffect::DeleteVerifier { token_id } => {
                let mut delete = Query::delete();
                delete
                    .from_table(vault::VERIFIER.name)
                    .and_where(Expr::col("token_id").eq(token_id.as_str()));
                steps.push(Step::Delete(delete));
                continue;
            }
            SideEffect::Reseal(row) => {
                steps.push(Step::Replace(vault::reseal(row)));
                continue;
            }
            SideEffect::AddDek(row) => vault::DEK.inserts([vault::dek_values(row)]),
            SideEffect::ReplaceDek { from, to } => {
                steps.push(Step::Replace(vault::replace_dek(from, to)));
                continue;
            }
            SideEffect::SetCanary(row) => {
                let mut others = Query::delete();
                others.from_table(vault::CANARY.name);
                steps.push(Step::Delete(others));
                vault::CANARY.inserts([vault::canary_values(row)])
            }
        };
        insert(steps, statements);
    }
}

fn without_bytes(row: &EnvelopeRow) -> EnvelopeRow {
    EnvelopeRow {
        envelope: None,
        ..row.clone()
    }
}

/// Whether the command may be one statement: small, and no row touched twice outside the log,
/// since parts of one statement do not see each other. What moves sealed rows is never one, because
/// each of them is to be found as it was read.
pub(crate) fn fit_one_statement(commit: &Commit) -> bool {
    let rows = commit.changes.len() + commit.texts.len() + commit.side.len() + commit.ledger.len();
    let mut targets = HashSet::new();
    rows <= ONE_STATEMENT
        && commit.side.iter().all(|effect| match effect {
            SideEffect::PutEnvelope(row)
            | SideEffect::EraseEnvelope(row)
            | SideEffect::PutStateMac(row) => {
                targets.insert((0, row.provider.as_bytes(), row.version))
            }
            SideEffect::PutVerifier(row) => targets.insert((1, row.token_id.as_bytes(), 0)),
            SideEffect::DeleteVerifier { token_id } => targets.insert((1, token_id.as_bytes(), 0)),
            SideEffect::Reseal(_)
            | SideEffect::AddDek(_)
            | SideEffect::ReplaceDek { .. }
            | SideEffect::SetCanary(_) => false,
        })
}
