//! Start: opens the keyring, loads the state, and seeds an empty database.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use aiconfig_persistence::{Store, StoreError};
use aiconfig_vault::error::VaultError;
use aiconfig_vault::kek::{KekConfig, KekError};
use aiconfig_vault::random::RandomSource;
use arc_swap::ArcSwap;
use tokio::sync::{Mutex, watch};

use crate::damage::Damage;
use crate::keks::KekFiles;
use crate::refusals::Refusals;
use crate::releases::Releases;
use crate::{AppError, Application, Clock, SeedError, follow, keyring, texts};

/// What an application is opened with.
pub struct OpenOptions {
    /// Where key-encryption keys come from.
    pub keks: KekConfig,
    /// The clock.
    pub clock: Box<dyn Clock>,
    /// The source of randomness.
    pub random: Box<dyn RandomSource>,
    /// The bytes that the cache of accounts' prompt texts may hold.
    pub text_cache_bytes: u64,
    /// Whether an empty database gets the shipped catalogue and defaults.
    pub seed: bool,
}

/// Why a start failed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database did not answer as it should.
    #[error(transparent)]
    Storage(#[from] StoreError),
    /// The key-encryption key cannot be used.
    #[error(transparent)]
    Kek(#[from] KekError),
    /// The first ring cannot be made.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A stored record cannot be read, or the first one cannot be written.
    #[error(transparent)]
    State(#[from] AppError),
    /// The shipped defaults are not valid.
    #[error(transparent)]
    Seed(#[from] SeedError),
}

impl Application {
    /// Opens a migrated database.
    ///
    /// # Errors
    /// [`OpenError`] says what is in the way. A missing key-encryption key is none, and neither is
    /// damage in the vault: the server then runs degraded.
    pub async fn open(store: Store, options: OpenOptions) -> Result<Arc<Self>, OpenError> {
        let head = store.head().await?;
        let random = options.random.as_ref();
        let found = keyring::begin(&store, &head, &options.keks, random).await?;
        let live = follow::load(&store, &found.keks, None).await?;
        let revision = live.snapshot.revision();
        let sound = live.vault_health().is_sound();
        let opened = (options.clock.now(), Instant::now());
        let application = Arc::new(Self {
            store,
            live: ArcSwap::from_pointee(live),
            keks: ArcSwap::from_pointee(found.keks.clone()),
            kek_files: KekFiles::new(options.keks, &found),
            vault_sound: watch::Sender::new(sound),
            damage: Damage::default(),
            clock: options.clock,
            random: options.random,
            turn: Mutex::new(()),
            revision: watch::Sender::new(revision),
            refusals: Refusals::default(),
            releases: Releases::default(),
            texts: texts::cache(options.text_cache_bytes),
            opened,
            fresh_at: AtomicU64::new(0),
        });
        application.note_damage(&application.live());
        if options.seed && revision == 0 {
            application.seed().await?;
        }
        Ok(application)
    }
}
