//! Keeps the live state in step with the log, whoever wrote it.

use std::sync::Arc;
use std::time::Duration;

use aiconfig_domain::{Change, Resource, ResourceKey, Timestamp, TokenId};
use aiconfig_persistence::{
    Condition, LoadOptions, RevisionRows, Signal, Store, StoreError, Tail, WriteTransaction,
};
use aiconfig_vault::kek::KekSet;
use aiconfig_vault::ring::Keyring;
use tokio::sync::watch;

use crate::reseal::Resealed;
use crate::restore::Names;
use crate::texts::take_library;
use crate::{AppError, Application, Live, keyring, restore, rows};

/// Revisions that one look at the log takes up.
const STEP: u64 = 1_000;

/// By how much clocks of servers may differ before that is told.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(5);

/// How often a database that refuses writes is tried.
const TRY_WRITES: Duration = Duration::from_secs(1);

/// What a step along the log came to.
pub(crate) enum Followed {
    /// The state of the tail's last revision, the tokens whose verifiers may have changed, and
    /// what was sealed anew.
    Here(Box<Live>, Vec<TokenId>, Resealed),
    /// The log says to read everything again: a bulk change, or a record of an unknown kind.
    Reload,
}

/// Reads everything that is live. What `before` has open stays open.
pub(crate) async fn load(
    store: &Store,
    keks: &KekSet,
    before: Option<&Keyring>,
) -> Result<Live, AppError> {
    let (pipe, restored) = restore::begin();
    let state = store.load_pages(LoadOptions::default(), |page| pipe.take(page));
    let state = state.await?;
    drop(pipe);
    let deployment = state.head.deployment_id;
    let ring = keyring::open(deployment, keks, &state.deks, &state.canaries, before);
    let mut live = Live::new(restored.snapshot().await?, ring);
    live.snapshot.set_head(
        state.head.revision,
        Timestamp::from_micros(state.head.log_time_us),
    );
    live.take_envelopes(&state.envelopes);
    live.take_verifiers(&[], &state.verifiers);
    take_library(store, &mut live).await?;
    Ok(live)
}

/// Takes up the log's records after the state's revision. The records of one revision become
/// visible together, because the state is published as a whole.
pub(crate) fn follow(live: &Live, tail: &Tail) -> Followed {
    let mut next = live.clone();
    let mut names = Names::default();
    let mut tokens = Vec::new();
    let mut resealed = Resealed::default();
    for RevisionRows {
        revision,
        time_us,
        updated_by,
        bulk,
        rows,
    } in &tail.revisions
    {
        if bulk.is_some() || *revision != next.snapshot.revision() + 1 {
            return Followed::Reload;
        }
        let actor = names.get(updated_by);
        for row in rows {
            let Ok(record) = rows::record(row, *revision, *time_us, &actor) else {
                return Followed::Reload;
            };
            if let Change::Put(Resource::Token(token)) = &record.change {
                tokens.push(token.token_id.clone());
            } else if let Change::Delete(ResourceKey::Token(id)) = &record.change {
                tokens.push(id.clone());
            }
            resealed.note(&record.change);
            next.snapshot.apply(&record);
        }
    }
    next.take_envelopes(&tail.envelopes);
    resealed.note_unknown(&next, &tail.envelopes);
    Followed::Here(Box::new(next), tokens, resealed)
}

impl Application {
    /// Brings the live state up to the log's end; to be called under the writers' turn.
    pub(crate) async fn catch_up(&self) -> Result<(), AppError> {
        loop {
            let live = self.live.load_full();
            let tail = match self.store.tail(live.snapshot.revision(), STEP).await {
                Ok(tail) => tail,
                // A gap, or a backup was put in place: everything is read again.
                Err(StoreError::Inconsistent { .. } | StoreError::Conflict { .. }) => {
                    self.publish(self.load().await?);
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            };
            if tail.head.revision != live.snapshot.revision() {
                self.take(&live, &tail).await?;
            }
            if tail.head.revision == self.live().snapshot.revision() {
                self.touch();
                return Ok(());
            }
        }
    }

    /// Brings the live state up to the head that an open write holds.
    pub(crate) async fn catch_up_inside(
        &self,
        transaction: &WriteTransaction,
    ) -> Result<(), AppError> {
        loop {
            let live = self.live.load_full();
            if live.snapshot.revision() == transaction.head().revision {
                return Ok(());
            }
            let tail = match transaction.tail_since(live.snapshot.revision(), STEP).await {
                Ok(tail) => tail,
                // A gap, or a log shorter than the state: everything is read again.
                Err(StoreError::Inconsistent { .. } | StoreError::Conflict { .. }) => {
                    self.publish(self.load().await?);
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            self.take(&live, &tail).await?;
        }
    }

    /// Reads everything anew.
    async fn load(&self) -> Result<Live, AppError> {
        load(&self.store, &self.keks(), Some(&self.ring())).await
    }

    /// Publishes the state that a tail leads to.
    pub(crate) async fn take(&self, live: &Live, tail: &Tail) -> Result<(), AppError> {
        match follow(live, tail) {
            Followed::Here(mut next, tokens, resealed) => {
                self.take_resealed(&mut next, &resealed, tail).await?;
                if !tokens.is_empty() {
                    let ids: Vec<_> = tokens.iter().map(ToString::to_string).collect();
                    let verifiers = self.store.verifiers_for(&ids).await?;
                    next.take_verifiers(&tokens, &verifiers);
                }
                take_library(&self.store, &mut next).await?;
                self.publish(*next);
            }
            Followed::Reload => self.publish(self.load().await?),
        }
        Ok(())
    }

    /// Follows the log until it is dropped, woken by what commits announce, or every so often by
    /// a look at the database; and keeps an eye on the database itself.
    pub async fn follow_log(self: Arc<Self>, every: Duration) {
        let (heard, news) = watch::channel(None);
        let (done, taken_up) = watch::channel(None);
        // Three, since taking up what was written must not keep the others from looking.
        tokio::join!(
            self.listen(every, &heard, &taken_up),
            self.take_up(news, &done),
            self.await_writes()
        );
    }

    async fn listen(
        &self,
        every: Duration,
        heard: &watch::Sender<Option<Signal>>,
        taken_up: &watch::Receiver<Option<Signal>>,
    ) {
        let mut signals = self.store.signals(every);
        let mut condition = self.store.condition();
        let mut told = Condition::Ready;
        let mut late = false;
        loop {
            if let Ok(signal) = signals.next().await {
                // A state that cannot be brought up to what there is gets old, however often the
                // database answers.
                if !self.is_news(signal, *taken_up.borrow()) {
                    self.touch();
                }
                heard.send_replace(Some(signal));
            }
            let behind = self.clock_behind();
            if behind >= CLOCK_TOLERANCE && !late {
                let seconds = behind.as_secs();
                tracing::error!(seconds, "the clock is behind the last change of the log");
            }
            late = behind >= CLOCK_TOLERANCE;
            let now = *condition.borrow_and_update();
            match now {
                _ if now == told => {}
                Condition::Ready => tracing::info!("the database takes reads and writes again"),
                Condition::ReadsOnly(_) => {
                    tracing::error!(database = now.as_str(), "the database takes no writes");
                }
                Condition::Away => {
                    tracing::error!("the database is away; reads go on from memory");
                }
            }
            told = now;
        }
    }

    async fn take_up(
        &self,
        mut news: watch::Receiver<Option<Signal>>,
        done: &watch::Sender<Option<Signal>>,
    ) {
        let mut failing = false;
        while news.changed().await.is_ok() {
            let signal = *news.borrow_and_update();
            let Some(signal) = signal.filter(|signal| self.is_news(*signal, *done.borrow())) else {
                continue;
            };
            let outcome = self.catch_up_to(signal).await;
            match &outcome {
                Ok(()) => drop(done.send_replace(Some(signal))),
                Err(AppError::Storage(StoreError::Away)) => {}
                Err(error) if !failing => {
                    tracing::warn!(%error, "the log cannot be read; reads go on from memory");
                }
                Err(_) => {}
            }
            failing = outcome.is_err();
        }
    }

    /// Whether a signal tells of something that may not be here yet.
    fn is_news(&self, signal: Signal, seen: Option<Signal>) -> bool {
        let here = self.live().snapshot.revision();
        match signal {
            // What this server writes is announced to it too.
            Signal::Written(revision) => revision > here,
            // An older one means that a backup was put in place.
            Signal::Head(revision) => revision != here,
            Signal::Version(_) => seen != Some(signal),
        }
    }

    async fn catch_up_to(&self, signal: Signal) -> Result<(), AppError> {
        let _turn = self.turn().await?;
        // A writer that had the turn before has taken it up.
        if self.is_news(signal, None) {
            self.catch_up().await?;
        }
        Ok(())
    }

    /// Tries whether writes work: at first on SQLite, where only a write shows that, and then now
    /// and again where one has shown that they do not.
    async fn await_writes(&self) {
        if self.store.is_embedded() {
            self.try_write().await;
        }
        let mut condition = self.store.condition();
        loop {
            let failing = condition.wait_for(|now| matches!(now, Condition::ReadsOnly(_)));
            if failing.await.is_err() {
                return;
            }
            tokio::time::sleep(TRY_WRITES).await;
            self.try_write().await;
        }
    }

    async fn try_write(&self) {
        if let Ok(_turn) = self.turn().await
            && let Err(error) = self.store.try_write().await
        {
            tracing::debug!(%error, "the database takes no writes");
        }
    }
}
