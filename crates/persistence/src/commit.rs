//! What one command writes, checked against the head and written in few round trips.

use sea_orm::sea_query::{
    CommonTableExpression, Expr, ExprTrait, Query, UpdateStatement, WithClause, WithQuery,
};
use sea_orm::{DatabaseTransaction, DbBackend};

use crate::call::Caller;
use crate::decode::big;
use crate::error::StoreError;
use crate::rows::{
    AuditRow, CanaryRow, ChangeRow, DekRow, EnvelopeRow, Head, LedgerRow, ResealedRow,
    StoredAnswerRow, TextRow, VerifierRow,
};
use crate::steps::{self, Step};
use crate::tables::state;

/// Everything that one command writes.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The next revision, or nothing where the command changes nothing.
    pub revision: Option<u64>,
    /// The time of the revision.
    pub time_us: i64,
    /// Who changes it.
    pub updated_by: String,
    /// The records, in order; empty without a revision.
    pub changes: Vec<ChangeRow>,
    /// The texts that the records name by hash; those that are there already are left.
    pub texts: Vec<TextRow>,
    /// What changes outside the log.
    pub side: Vec<SideEffect>,
    /// The audit record of the command.
    pub audit: Option<AuditRow>,
    /// The answer to keep for a repetition of the request; replaces an older one.
    pub answer: Option<StoredAnswerRow>,
    /// Rows of an import; each replaces an older one.
    pub ledger: Vec<LedgerRow>,
    /// The head after the command.
    pub new_head: Head,
}

/// A change to what the log must not hold.
#[derive(Debug, Clone)]
pub enum SideEffect {
    /// Stores or replaces the sealed bytes of a key version.
    PutEnvelope(EnvelopeRow),
    /// Erases the sealed bytes of a key version; the row stays. `envelope` is not looked at.
    EraseEnvelope(EnvelopeRow),
    /// Replaces the state code of a key version; the sealed bytes stay as they are, and
    /// `envelope` is not looked at.
    PutStateMac(EnvelopeRow),
    /// Stores or replaces what a token is compared with.
    PutVerifier(VerifierRow),
    /// Removes what a token is compared with.
    DeleteVerifier {
        /// The public id of the token.
        token_id: String,
    },
    /// Replaces the sealed bytes of a key version if they are still the expected ones; the state
    /// code and the revision stay as they are.
    Reseal(ResealedRow),
    /// Stores a ring key whose version is not there yet.
    AddDek(DekRow),
    /// Replaces a ring key if it is still the expected one.
    ReplaceDek {
        /// What is stored now.
        from: DekRow,
        /// What is stored afterwards, of the same purpose and version.
        to: DekRow,
    },
    /// Replaces all canaries.
    SetCanary(CanaryRow),
}

impl SideEffect {
    /// Whether bytes go that are not to be found any more.
    pub(crate) const fn erases(&self) -> bool {
        matches!(self, Self::EraseEnvelope(_) | Self::ReplaceDek { .. })
    }
}

/// Whether the rows fit to each other and to the locked head; a mistake of the caller if not.
pub(crate) fn check(head: &Head, commit: &Commit) -> Result<(), StoreError> {
    let new = &commit.new_head;
    let conflict = |what| Err(StoreError::Conflict { what });
    match commit.revision {
        Some(revision) if revision != head.revision + 1 || new.revision != revision => {
            return conflict("the revision does not follow the head");
        }
        None if new.revision != head.revision || !commit.changes.is_empty() => {
            return conflict("changes need a revision");
        }
        _ => {}
    }
    if commit.revision.is_some() && commit.changes.is_empty() {
        return conflict("a revision needs changes");
    }
    if new.log_time_us < head.log_time_us || new.deployment_id != head.deployment_id {
        return conflict("the new head does not follow the head");
    }
    let follows = match &commit.audit {
        Some(row) => {
            row.sequence == head.audit_sequence + 1
                && row.prev_hash == head.audit_hash
                && new.audit_sequence == row.sequence
                && new.audit_hash == row.hash
        }
        None => new.audit_sequence == head.audit_sequence && new.audit_hash == head.audit_hash,
    };
    if follows {
        Ok(())
    } else {
        conflict("the audit record does not follow the chain")
    }
}

/// Runs the statements and moves the head, on PostgreSQL as one statement where that is possible.
pub(crate) async fn run(
    caller: &Caller,
    on: &DatabaseTransaction,
    head: &Head,
    commit: &Commit,
) -> Result<(), StoreError> {
    let one = caller.backend == DbBackend::Postgres && steps::fit_one_statement(commit);
    write(caller, on, steps::of(commit), head, &commit.new_head, one).await
}

/// Writes `steps`, then moves the head from `old` to `new`.
pub(crate) async fn write(
    caller: &Caller,
    on: &DatabaseTransaction,
    steps: Vec<Step>,
    old: &Head,
    new: &Head,
    one_statement: bool,
) -> Result<(), StoreError> {
    const DURING: &str = "write";
    let moved = if old == new {
        if steps.is_empty() {
            return Ok(());
        }
        None
    } else {
        Some(move_head(caller.backend, old, new))
    };
    let changed = match moved {
        Some(update) if one_statement && !steps.is_empty() => {
            caller.execute(on, DURING, &together(steps, update)).await?
        }
        moved => {
            for step in &steps {
                match step {
                    Step::Insert(insert) => caller.execute(on, DURING, insert).await?,
                    Step::Delete(delete) => caller.execute(on, DURING, delete).await?,
                    Step::Replace(update) => replace(caller, on, update).await?,
                };
            }
            match moved {
                Some(update) => caller.execute(on, DURING, &update).await?,
                None => 1,
            }
        }
    };
    if changed == 1 {
        Ok(())
    } else {
        Err(StoreError::Conflict {
            what: "the head was moved by another writer",
        })
    }
}

/// Runs an update of one row that must still be as it was read.
async fn replace(
    caller: &Caller,
    on: &DatabaseTransaction,
    update: &UpdateStatement,
) -> Result<u64, StoreError> {
    match caller.execute(on, "replace a sealed row", update).await? {
        1 => Ok(1),
        _ => Err(StoreError::Conflict {
            what: "a sealed row was changed by another program",
        }),
    }
}

fn together(steps: Vec<Step>, last: UpdateStatement) -> WithQuery {
    let mut with = WithClause::new();
    for (number, step) in steps.into_iter().enumerate() {
        let mut part = CommonTableExpression::new();
        part.table_name(format!("part_{number}"));
        match step {
            Step::Insert(insert) => part.query(insert),
            Step::Delete(delete) => part.query(delete),
            // Such a command is never one statement, which would not tell how many rows it found.
            Step::Replace(update) => part.query(update),
        };
        with.cte(part);
    }
    with.query(last)
}

/// The lock on the head should make the guard needless; it is the last line against a second
/// writer, also where somebody runs a pooler that splits transactions.
fn move_head(backend: DbBackend, old: &Head, new: &Head) -> UpdateStatement {
    let mut update = Query::update();
    update
        .table(state::HEAD.name)
        .values([
            ("revision", big(new.revision).into()),
            ("log_time_us", new.log_time_us.into()),
            ("audit_sequence", big(new.audit_sequence).into()),
            ("audit_hash", new.audit_hash.clone().into()),
        ])
        .and_where(Expr::col("id").eq(1))
        .and_where(Expr::col("revision").eq(big(old.revision)))
        .and_where(Expr::col("audit_sequence").eq(big(old.audit_sequence)));
    if backend == DbBackend::Postgres && old.revision != new.revision {
        // Wakes the replicas once the transaction is committed.
        update.returning(
            Query::returning().expr(Expr::cust("pg_notify('aiconfig_log', revision::text)")),
        );
    }
    update
}
