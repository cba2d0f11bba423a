//! The service's one object: store, live state, keyring and the queue of writers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aiconfig_domain::{KeyFingerprint, ProviderName, Rejection, Timestamp};
use aiconfig_persistence::Store;
use aiconfig_vault::kek::KekSet;
use aiconfig_vault::key::{check_entry, mask};
use aiconfig_vault::random::RandomSource;
use aiconfig_vault::ring::Keyring;
use aiconfig_vault::token::TokenText;
use arc_swap::{ArcSwap, Guard};
use secrecy::SecretString;
use tokio::sync::{Mutex, watch};

use crate::damage::Damage;
use crate::keks::KekFiles;
use crate::refusals::Refusals;
use crate::releases::Releases;
use crate::texts::TextCache;
use crate::{AppError, Caller, Clock, Live};

/// Stored answers that one statement drops, so that writers wait only shortly.
const PRUNE_STEP: u64 = 1_000;

/// Runs commands and queries on one deployment's configuration.
pub struct Application {
    pub(crate) store: Store,
    pub(crate) live: ArcSwap<Live>,
    pub(crate) keks: ArcSwap<KekSet>,
    pub(crate) kek_files: KekFiles,
    pub(crate) vault_sound: watch::Sender<bool>,
    pub(crate) damage: Damage,
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) random: Box<dyn RandomSource>,
    /// Writers of this server queue here, in front of the database's lock.
    pub(crate) turn: Mutex<()>,
    pub(crate) revision: watch::Sender<u64>,
    pub(crate) refusals: Refusals,
    pub(crate) releases: Releases,
    pub(crate) texts: TextCache,
    /// When this was opened, by the clock and by one that nobody sets.
    pub(crate) opened: (Timestamp, Instant),
    /// When the database last answered, for the age of what reads are answered from: in
    /// microseconds since this was opened.
    pub(crate) fresh_at: AtomicU64,
}

impl Application {
    /// The present state. Hold it for one answer, not longer.
    #[must_use]
    pub fn live(&self) -> Guard<Arc<Live>> {
        self.live.load()
    }

    /// The store, for health and metrics.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The present keyring.
    pub(crate) fn ring(&self) -> Arc<Keyring> {
        Arc::clone(&self.live.load().ring)
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Now, as it would be if nobody had set the clock since this was opened.
    fn steady_now(&self) -> Timestamp {
        let elapsed = i64::try_from(self.opened.1.elapsed().as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_micros(self.opened.0.as_micros().saturating_add(elapsed))
    }

    /// How far the clock is behind the last change of the log: it was set back, here or where the
    /// change was made. Changes go on then, each a microsecond after the one before.
    #[must_use]
    pub fn clock_behind(&self) -> Duration {
        let last = self.live().snapshot.log_time().as_micros();
        let behind = last.saturating_sub(self.now().as_micros());
        Duration::from_micros(u64::try_from(behind).unwrap_or(0))
    }

    /// A new id for a call, 32 hex digits.
    #[must_use]
    pub fn new_trace_id(&self) -> String {
        let mut bytes = [0; 16];
        self.random.fill(&mut bytes);
        format!("{:032x}", u128::from_be_bytes(bytes))
    }

    /// A random number.
    #[must_use]
    pub fn random_number(&self) -> u64 {
        let mut bytes = [0; 8];
        self.random.fill(&mut bytes);
        u64::from_be_bytes(bytes)
    }

    /// Drops the stored answers of request ids that are older than `age`.
    ///
    /// # Errors
    /// As the store's.
    pub async fn prune_answers(&self, age: Duration) -> Result<u64, AppError> {
        let age = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
        // A clock that is set forward by mistake must not make requests forgotten too soon.
        let now = self.now().min(self.steady_now());
        let before = now.as_micros().saturating_sub(age);
        let mut dropped = 0;
        loop {
            let step = self.store.prune_answers(before, PRUNE_STEP).await?;
            dropped += step;
            if step < PRUNE_STEP {
                return Ok(dropped);
            }
        }
    }

    /// The present revision, and every later one as it comes.
    #[must_use]
    pub fn revisions(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    /// How long ago the database last answered this server.
    #[must_use]
    pub fn staleness(&self) -> Duration {
        let at = Duration::from_micros(self.fresh_at.load(Ordering::Relaxed));
        self.opened.1.elapsed().saturating_sub(at)
    }

    /// The bearer of a token, if it is known, matches, and is neither expired nor revoked; an
    /// unknown one costs the same work. Peer and actor are for the caller to fill in.
    #[must_use]
    pub fn authenticate(&self, bearer: &str) -> Option<Caller> {
        let text = TokenText::parse(bearer)?;
        let live = self.live();
        let verified = text.verify(live.verifiers.get(text.id()));
        let token = &live.snapshot.token(text.id())?.value;
        // A token that has expired stays so where the clock is set back.
        let now = self.now().max(self.steady_now());
        (verified && token.is_live(now)).then(|| Caller {
            token_id: token.token_id.shared(),
            role: token.role,
            account_ids: token.account_ids.clone(),
            actor: None,
            peer: None,
        })
    }

    /// Waits until this server has a revision; the caller bounds it by its deadline.
    ///
    /// # Errors
    /// [`AppError::RevisionNotReached`] after `limit`.
    pub async fn wait_for(&self, wanted: u64, limit: Duration) -> Result<(), AppError> {
        if self.live().snapshot.revision() >= wanted {
            return Ok(());
        }
        let mut revisions = self.revisions();
        let reached =
            tokio::time::timeout(limit, revisions.wait_for(|present| *present >= wanted)).await;
        match reached {
            Ok(Ok(_)) => Ok(()),
            _ => Err(AppError::RevisionNotReached {
                wanted,
                present: self.live().snapshot.revision(),
            }),
        }
    }

    /// Makes a state the present one.
    pub(crate) fn publish(&self, live: Live) {
        let revision = live.snapshot.revision();
        let known = Arc::ptr_eq(&live.ring, &self.ring())
            && Arc::ptr_eq(&live.keys, &self.live.load().keys);
        if !known {
            self.note_damage(&live);
            let sound = live.vault_health().is_sound();
            self.vault_sound
                .send_if_modified(|present| std::mem::replace(present, sound) != sound);
        }
        self.live.store(Arc::new(live));
        self.touch();
        self.revision.send_replace(revision);
    }

    /// Notes that the database answered just now.
    pub(crate) fn touch(&self) {
        let at = u64::try_from(self.opened.1.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.fresh_at.store(at, Ordering::Relaxed);
    }

    /// Seals-to-be of a new provider key: its mask and its fingerprint.
    ///
    /// # Errors
    /// A key that cannot be one is refused by its rule, never repeated.
    pub fn describe_key(
        &self,
        provider: &ProviderName,
        key: &SecretString,
    ) -> Result<(String, KeyFingerprint), AppError> {
        check_entry(key)
            .map_err(|problem| Rejection::invalid_field("api_key", problem.to_string()))?;
        let hex = self.ring().fingerprint(provider.as_str(), key)?.to_hex();
        let fingerprint = KeyFingerprint::parse(&hex).ok_or_else(|| AppError::Inconsistent {
            what: "a new fingerprint".to_owned(),
        })?;
        Ok((mask(key), fingerprint))
    }
}
