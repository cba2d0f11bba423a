//! The end of the log, for a replica that has the state of an earlier revision.

use sea_orm::sea_query::{Expr, ExprTrait, Order};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::call::Caller;
use crate::decode::big;
use crate::error::StoreError;
use crate::rows::{ChangeRow, EnvelopeRow, Head, VerifierRow};
use crate::store::{Store, read_head};
use crate::tables::state::{self, LogRow};
use crate::tables::vault;

/// Log rows that one query reads.
const PAGE: u64 = 4_096;

/// A tail ends early once it holds so many records.
const RECORDS: usize = 50_000;

/// Keys that one query asks for.
const KEYS: usize = 400;

/// One revision of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionRows {
    /// The revision.
    pub revision: u64,
    /// Its time.
    pub time_us: i64,
    /// Who made it.
    pub updated_by: String,
    /// For a very large command the number of its records, which are left out: load again.
    pub bulk: Option<u64>,
    /// Its records in order.
    pub rows: Vec<ChangeRow>,
}

/// What follows a revision; all of it from one state of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    /// The head of that state; there is more to read if its revision is not the last here.
    pub head: Head,
    /// The revisions without a gap.
    pub revisions: Vec<RevisionRows>,
    /// The key envelopes that the last of these revisions or one before it has changed. One that
    /// was changed again by a revision still to be read comes with that one.
    pub envelopes: Vec<EnvelopeRow>,
}

impl Store {
    /// The revisions after `after_revision`, at most `limit_revisions`, fewer if they are large.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] if a revision is missing, [`StoreError::Conflict`] if the log
    /// ends before `after_revision`: in both cases load again. Else as every call.
    pub async fn tail(
        &self,
        after_revision: u64,
        limit_revisions: u64,
    ) -> Result<Tail, StoreError> {
        let reads = self.caller.begin_read(&self.pools.read).await?;
        let head = read_head(&self.caller, &reads, false).await?;
        let tail = read_tail(&self.caller, &reads, head, after_revision, limit_revisions).await?;
        self.caller.end_read(reads).await?;
        Ok(tail)
    }

    /// What the named tokens are compared with; those that there are.
    ///
    /// # Errors
    /// As every call.
    pub async fn verifiers_for(
        &self,
        token_ids: &[String],
    ) -> Result<Vec<VerifierRow>, StoreError> {
        let mut found = Vec::with_capacity(token_ids.len());
        for ids in token_ids.chunks(KEYS) {
            let mut select = vault::VERIFIER.select();
            select.and_where(Expr::col("token_id").is_in(ids.iter().map(String::as_str)));
            let rows = self
                .caller
                .all(&self.pools.read, "read verifiers", &select)
                .await?;
            for row in &rows {
                found.push(vault::verifier(row)?);
            }
        }
        Ok(found)
    }
}

/// Log rows after a place, in order, up to and including a revision.
pub(crate) async fn log_page<C: ConnectionTrait>(
    caller: &Caller,
    on: &C,
    after: (i64, i32),
    upto: u64,
) -> Result<Vec<QueryResult>, StoreError> {
    let mut select = state::CHANGE.select();
    let place = Expr::tuple([Expr::col("revision"), Expr::col("ordinal")]);
    select
        .and_where(place.gt(Expr::tuple([after.0.into(), after.1.into()])))
        .and_where(Expr::col("revision").lte(big(upto)))
        .order_by("revision", Order::Asc)
        .order_by("ordinal", Order::Asc)
        .limit(PAGE);
    caller.all(on, "read the log", &select).await
}

/// Reads the tail on a connection whose reads all see the state of `head`.
pub(crate) async fn read_tail<C: ConnectionTrait>(
    caller: &Caller,
    on: &C,
    head: Head,
    after: u64,
    limit_revisions: u64,
) -> Result<Tail, StoreError> {
    if after > head.revision {
        return Err(StoreError::Conflict {
            what: "the log ends before the revision asked for",
        });
    }
    let upto = Ord::min(head.revision, after.saturating_add(limit_revisions));
    let revisions = if upto > after {
        read_revisions(caller, on, after, upto).await?
    } else {
        Vec::new()
    };
    let mut envelopes = Vec::new();
    if let Some(last) = revisions.last() {
        let mut select = vault::ENVELOPE.select();
        select
            .and_where(Expr::col("revision").gt(big(after)))
            .and_where(Expr::col("revision").lte(big(last.revision)));
        for row in &caller.all(on, "read envelopes", &select).await? {
            envelopes.push(vault::envelope(row)?);
        }
    }
    Ok(Tail {
        head,
        revisions,
        envelopes,
    })
}

async fn read_revisions<C: ConnectionTrait>(
    caller: &Caller,
    on: &C,
    after: u64,
    upto: u64,
) -> Result<Vec<RevisionRows>, StoreError> {
    let mut revisions: Vec<RevisionRows> = Vec::new();
    let mut records = 0;
    let mut place = (big(after), i32::MAX);
    loop {
        let page = log_page(caller, on, place, upto).await?;
        let full = page.len() as u64 == PAGE;
        let mut marked = false;
        for row in &page {
            match state::change(row)? {
                LogRow::Bulk(mark) => {
                    place = (big(mark.revision), i32::MAX);
                    revisions.push(RevisionRows {
                        revision: mark.revision,
                        time_us: mark.time_us,
                        updated_by: mark.updated_by,
                        bulk: Some(mark.count),
                        rows: Vec::new(),
                    });
                    // The rest of the page may hold its records: read on behind them.
                    marked = true;
                    break;
                }
                LogRow::Record(record) => {
                    place = (
                        big(record.revision),
                        i32::try_from(record.ordinal).unwrap_or(i32::MAX),
                    );
                    records += 1;
                    match revisions.last_mut() {
                        Some(last) if last.revision == record.revision => {
                            last.rows.push(record.record);
                        }
                        _ => revisions.push(RevisionRows {
                            revision: record.revision,
                            time_us: record.time_us,
                            updated_by: record.updated_by,
                            bulk: None,
                            rows: vec![record.record],
                        }),
                    }
                }
            }
        }
        if !full && !marked {
            return without_gap(revisions, after, upto);
        }
        if records >= RECORDS && revisions.len() > 1 {
            // The last one may be cut off.
            let cut = revisions.pop().map_or(upto, |last| last.revision - 1);
            return without_gap(revisions, after, cut);
        }
    }
}

fn without_gap(
    revisions: Vec<RevisionRows>,
    after: u64,
    upto: u64,
) -> Result<Vec<RevisionRows>, StoreError> {
    let missing = (after + 1..=upto)
        .zip(
            revisions
                .iter()
                .map(|one| Some(one.revision))
                .chain(std::iter::repeat(None)),
        )
        .find_map(|(expected, found)| (found != Some(expected)).then_some(expected));
    match missing {
        None => Ok(revisions),
        Some(revision) => Err(StoreError::Inconsistent {
            table: state::CHANGE.name,
            column: "revision",
            key: revision.to_string(),
        }),
    }
}
