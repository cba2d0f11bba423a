//! A write: holds the lock on the head from its first statement to its commit.

use std::fmt;

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction};

use crate::answers::read_answer;
use crate::call::Caller;
use crate::commit::{self, Commit, SideEffect};
use crate::error::StoreError;
use crate::load::all;
use crate::pools::Flavour;
use crate::rows::{AnswerScope, DekRow, EnvelopeRow, Head, LedgerRow, StoredAnswerRow};
use crate::store::{Store, read_head};
use crate::tables::request::{LEDGER, ledger};
use crate::tables::vault::{DEK, dek};
use crate::tail::{Tail, read_tail};
use crate::vault;

impl Store {
    /// Begins a write, waiting for other writers; other programs too wait until it ends.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the lock is not free in time, [`StoreError::ReadOnly`] on
    /// PostgreSQL (SQLite says so at the first change, in the commit), or as every call.
    pub async fn begin_write(&self) -> Result<WriteTransaction, StoreError> {
        let begin = async {
            let transaction = self.caller.begin_write(&self.pools.write).await?;
            let head = read_head(&self.caller, &transaction, true).await?;
            Ok((transaction, head))
        };
        let (transaction, head) = self.caller.noted(begin.await)?;
        Ok(WriteTransaction {
            transaction,
            caller: self.caller.clone(),
            pool: self.pools.write.clone(),
            flavour: self.pools.flavour,
            head,
        })
    }
}

/// An open write. Dropped before [`WriteTransaction::commit`] has answered, it leaves nothing
/// behind, unless the commit had already reached the database: then all of it is there, and the
/// answer stored with it tells. Giving up on any of its futures is the same as dropping it.
pub struct WriteTransaction {
    transaction: DatabaseTransaction,
    caller: Caller,
    pool: DatabaseConnection,
    flavour: Flavour,
    head: Head,
}

impl fmt::Debug for WriteTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteTransaction")
            .field("head", &self.head)
            .finish_non_exhaustive()
    }
}

impl WriteTransaction {
    /// The head, which nobody else moves while this is open.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// What is in the log after `revision`, at most `limit_revisions` of it.
    ///
    /// # Errors
    /// As [`Store::tail`].
    pub async fn tail_since(
        &self,
        revision: u64,
        limit_revisions: u64,
    ) -> Result<Tail, StoreError> {
        let head = self.head.clone();
        read_tail(
            &self.caller,
            &self.transaction,
            head,
            revision,
            limit_revisions,
        )
        .await
    }

    /// The answer that an earlier request with this id got.
    ///
    /// # Errors
    /// As every call.
    pub async fn stored_answer(
        &self,
        scope: &AnswerScope,
    ) -> Result<Option<StoredAnswerRow>, StoreError> {
        read_answer(&self.caller, &self.transaction, scope).await
    }

    /// The whole import ledger, by model and primary key, as no other import changes it until
    /// this ends.
    ///
    /// # Errors
    /// As every call.
    pub async fn ledger_all(&self) -> Result<Vec<LedgerRow>, StoreError> {
        all(&self.caller, &self.transaction, &LEDGER, ledger).await
    }

    /// The ring, as no other writer changes it until this ends.
    ///
    /// # Errors
    /// As every call.
    pub async fn deks(&self) -> Result<Vec<DekRow>, StoreError> {
        all(&self.caller, &self.transaction, &DEK, dek).await
    }

    /// The named key envelopes; those that there are.
    ///
    /// # Errors
    /// As every call.
    pub async fn envelopes_for(
        &self,
        keys: &[(String, u32)],
    ) -> Result<Vec<EnvelopeRow>, StoreError> {
        vault::envelopes_for(&self.caller, &self.transaction, keys).await
    }

    /// A page of the key envelopes that are not erased, as [`Store::envelopes_page`].
    ///
    /// # Errors
    /// As every call.
    pub async fn envelopes_page(
        &self,
        after: Option<(&str, u32)>,
        limit: u64,
    ) -> Result<Vec<EnvelopeRow>, StoreError> {
        vault::envelopes_page(&self.caller, &self.transaction, after, limit).await
    }

    /// Writes all of `commit` and ends the write; answers with the new head.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the rows do not follow the head, [`StoreError::UniqueViolation`]
    /// if the log or the chain has such a place already. Nothing is written after any error but
    /// [`StoreError::OutcomeUnknown`], after which all or nothing is: see
    /// [`Store::settled_answer`].
    pub async fn commit(self, commit: Commit) -> Result<Head, StoreError> {
        commit::check(&self.head, &commit)?;
        let written = commit::run(&self.caller, &self.transaction, &self.head, &commit).await;
        self.caller.noted(written)?;
        self.caller.commit(self.transaction).await?;
        self.caller.circuit.wrote();
        if self.flavour == Flavour::SqliteFile && commit.side.iter().any(SideEffect::erases) {
            // The erased bytes still stand in the write-ahead log. Where a reader is in the way
            // the next checkpoint takes them away, so that a failure here changes nothing.
            let emptied = self
                .pool
                .execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)");
            if let Err(error) = self.caller.bound("empty the log file", emptied).await {
                tracing::warn!(%error, "erased bytes stay in the log file for now");
            }
        }
        Ok(commit.new_head)
    }

    /// Lets the caller think for longer between two statements than other writes may, which end
    /// after 5 s so that a server that stands still holds up no other.
    ///
    /// # Errors
    /// As every call.
    pub async fn allow_long_pauses(&self) -> Result<(), StoreError> {
        self.caller.allow_long_pauses(&self.transaction).await
    }

    /// Ends the write without a trace and gives the connection back at once.
    ///
    /// # Errors
    /// As every call; nothing is written all the same.
    pub async fn rollback(self) -> Result<(), StoreError> {
        self.caller
            .bound("roll back", self.transaction.rollback())
            .await
    }

    pub(crate) fn into_parts(self) -> (Caller, DatabaseTransaction, Head) {
        (self.caller, self.transaction, self.head)
    }
}
