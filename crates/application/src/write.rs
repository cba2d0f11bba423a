//! The one way to write: decide on the newest state under the lock, commit, publish, answer.

use std::sync::Arc;

use aiconfig_domain::{
    Change, Command, CommandContext, Decision, PromptText, Record, Snapshot, Timestamp, decide,
};
use aiconfig_persistence::{
    AnswerScope, Commit, Head, SideEffect, StoredAnswerRow, WriteTransaction,
};
use aiconfig_vault::ring::Purpose;

use crate::secrets::{Sidecar, side_effects};
use crate::{AppError, Application, Live, WriteCall, audit, rows, texts};

/// What a command came to; answers are built from it, before it is committed.
pub struct Applied<'a> {
    /// The state with the change in it.
    pub snapshot: &'a Snapshot,
    /// What was decided.
    pub decision: &'a Decision,
    /// Whether anything changed.
    pub changed: bool,
}

/// An answer to a write.
pub enum Written<T> {
    /// Of this call.
    Fresh(T),
    /// Of an earlier call with the same request id, as it was stored.
    Replayed(Vec<u8>),
}

impl Application {
    /// The stored answer of an earlier call with the same request id.
    ///
    /// # Errors
    /// [`AppError::RequestIdReused`] if that call had another body.
    pub async fn replay(&self, call: &WriteCall) -> Result<Option<Vec<u8>>, AppError> {
        if call.validate_only || call.request_id.is_none() {
            return Ok(None);
        }
        let found = self.store.stored_answer(&scope(call)).await?;
        found.map(|row| self.same_body(call, row)).transpose()
    }

    /// Decides a command and makes it durable. `answer` builds the answer from the state as it
    /// will be; `encode` gives the bytes that a repeated request id is answered with, without any
    /// secret.
    ///
    /// # Errors
    /// A rejection changes nothing, and neither does [`AppError::Storage`], save that after
    /// [`aiconfig_persistence::StoreError::OutcomeUnknown`] the change may have been made. Repeating the call with the
    /// same request id is safe in any case.
    pub async fn write<T: Send>(
        &self,
        call: &WriteCall,
        command: impl FnOnce(&Live) -> Result<Command, AppError> + Send,
        sidecar: Sidecar,
        answer: impl Fn(&Applied<'_>) -> T + Send + Sync,
        encode: impl Fn(&T) -> Vec<u8> + Send + Sync,
    ) -> Result<Written<T>, AppError> {
        let context = |now| CommandContext {
            now,
            actor: call.caller.name(),
        };
        if call.validate_only {
            let live = self.live.load_full();
            let now = Timestamp::next_log_time(self.now(), live.snapshot.log_time());
            let context = context(now);
            let decision = decide(&live.snapshot, &command(&live)?, &context)?;
            let (snapshot, _) = advance(&live.snapshot, &decision.changes, &context);
            let changed = !decision.changes.is_empty();
            return Ok(Written::Fresh(answer(&Applied {
                snapshot: &snapshot,
                decision: &decision,
                changed,
            })));
        }
        self.ring().require(Purpose::Audit)?;
        let body_mac = self.ring().body_mac(&call.body)?;
        let _turn = self.turn().await?;
        let transaction = self.begin().await?;
        if call.request_id.is_some()
            && let Some(row) = transaction.stored_answer(&scope(call)).await?
        {
            return self.same_body(call, row).map(Written::Replayed);
        }
        let live = self.live.load_full();
        let now = Timestamp::next_log_time(
            self.now(),
            Timestamp::from_micros(transaction.head().log_time_us),
        );
        let context = context(now);
        let decided =
            command(&live).and_then(|command| Ok(decide(&live.snapshot, &command, &context)?));
        let decision = match decided {
            Ok(decision) => decision,
            Err(error) => {
                transaction.rollback().await?;
                return Err(error);
            }
        };
        let (snapshot, records) = advance(&live.snapshot, &decision.changes, &context);
        let changed = !decision.changes.is_empty();
        let reply = answer(&Applied {
            snapshot: &snapshot,
            decision: &decision,
            changed,
        });
        let side = side_effects(
            &decision.changes,
            &sidecar,
            &live.snapshot,
            snapshot.revision(),
            &self.ring(),
            self.random.as_ref(),
        )?;
        let subject = audit::subject_name(&records, decision.subject.as_ref());
        let stored = StoredAnswerRow {
            scope: scope(call),
            body_mac: body_mac.to_vec(),
            answer: encode(&reply),
            revision: changed.then(|| snapshot.revision()),
            time_us: now.as_micros(),
        };
        let mut commit = self.commit_of(
            call,
            transaction.head(),
            &live,
            &records,
            side.clone(),
            Some(stored),
            &subject,
        )?;
        commit.texts = decision.texts.iter().map(texts::row).collect();
        self.commit(call, transaction, commit).await?;
        if changed {
            self.publish_change(&live, snapshot, side, &decision.texts);
        }
        Ok(Written::Fresh(reply))
    }

    /// Opens a write on a live state that has the head's revision.
    pub(crate) async fn begin(&self) -> Result<WriteTransaction, AppError> {
        let transaction = self.store.begin_write().await?;
        self.touch();
        let live = self.live.load_full();
        if transaction.head().revision == live.snapshot.revision() {
            return Ok(transaction);
        }
        // Another server wrote. The lock keeps the tail from growing while it is taken up.
        self.catch_up_inside(&transaction).await?;
        Ok(transaction)
    }

    /// The rows of a change.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is one part of the one transaction"
    )]
    pub(crate) fn commit_of(
        &self,
        call: &WriteCall,
        head: &Head,
        live: &Live,
        records: &[Record],
        side: Vec<SideEffect>,
        answer: Option<StoredAnswerRow>,
        subject: &str,
    ) -> Result<Commit, AppError> {
        let mut new_head = head.clone();
        let mut commit = Commit {
            revision: None,
            time_us: head.log_time_us,
            updated_by: call.caller.name().to_string(),
            changes: Vec::new(),
            texts: Vec::new(),
            side,
            audit: None,
            answer,
            ledger: Vec::new(),
            new_head: head.clone(),
        };
        if let Some(first) = records.first() {
            let changes: Vec<Change> = records.iter().map(|record| record.change.clone()).collect();
            let time_us = first.time.as_micros();
            let entry = audit::applied(
                call,
                subject,
                first.revision,
                time_us,
                &live.snapshot,
                &changes,
            );
            let row = audit::chain(&self.ring(), head, entry)?;
            new_head.revision = first.revision;
            new_head.log_time_us = time_us;
            new_head.audit_sequence = row.sequence;
            new_head.audit_hash.clone_from(&row.hash);
            commit.revision = Some(first.revision);
            commit.time_us = time_us;
            commit.changes = changes.iter().map(rows::change_row).collect();
            commit.audit = Some(row);
            commit.new_head = new_head;
        }
        Ok(commit)
    }

    /// Publishes a committed change together with what stands beside it: sealed keys, verifiers,
    /// texts.
    pub(crate) fn publish_change(
        &self,
        live: &Live,
        snapshot: Snapshot,
        side: Vec<SideEffect>,
        texts: &[PromptText],
    ) {
        let mut next = Live {
            snapshot,
            ..live.clone()
        };
        for effect in side {
            match effect {
                SideEffect::PutEnvelope(row) | SideEffect::EraseEnvelope(row) => {
                    next.take_envelopes([&row]);
                }
                SideEffect::DeleteVerifier { token_id } => {
                    if let Some(id) = aiconfig_domain::TokenId::parse(&token_id) {
                        next.take_verifiers(&[id], &[]);
                    }
                }
                SideEffect::PutVerifier(row) => next.take_verifiers(&[], &[row]),
                // Rotations take up what they changed by themselves.
                SideEffect::PutStateMac(_)
                | SideEffect::Reseal(_)
                | SideEffect::AddDek(_)
                | SideEffect::ReplaceDek { .. }
                | SideEffect::SetCanary(_) => {}
            }
        }
        self.keep_texts(&mut next, texts);
        self.publish(next);
    }

    fn same_body(&self, call: &WriteCall, row: StoredAnswerRow) -> Result<Vec<u8>, AppError> {
        if row.body_mac == self.ring().body_mac(&call.body)? {
            Ok(row.answer)
        } else {
            Err(AppError::RequestIdReused)
        }
    }
}

/// The state after a command's changes, and its records.
pub(crate) fn advance(
    before: &Snapshot,
    changes: &[Change],
    context: &CommandContext,
) -> (Snapshot, Vec<Record>) {
    let mut after = before.clone();
    let revision = before.revision() + 1;
    let records: Vec<Record> = changes
        .iter()
        .map(|change| Record {
            change: change.clone(),
            revision,
            time: context.now,
            actor: Arc::clone(&context.actor),
        })
        .collect();
    for record in &records {
        after.apply(record);
    }
    (after, records)
}

/// Under which the answer of a call is stored.
pub(crate) fn scope(call: &WriteCall) -> AnswerScope {
    AnswerScope {
        token_id: call.caller.token_id.to_string(),
        rpc: call.rpc.to_owned(),
        request_id: call
            .request_id
            .clone()
            .unwrap_or_else(|| format!("auto:{}", call.trace_id)),
    }
}
