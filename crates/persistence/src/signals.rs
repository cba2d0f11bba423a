//! Hears that something was written, and whether the database is there at all.
//!
//! On PostgreSQL this has a connection of its own that listens for what commits announce, and is
//! asked for the head where nothing was heard for a while. That question is the poll behind lost
//! announcements, and the probe of the circuit: a server that hangs does not answer it in time.

use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use sea_orm::sqlx::postgres::{PgListener, PgPool, PgPoolOptions, PgRow};
use sea_orm::sqlx::{self, Executor, Postgres, Row};
use tokio::time::{sleep, timeout};

use crate::error::StoreError;
use crate::pools::Flavour;
use crate::store::Store;

/// What commits announce themselves on, with their revision.
const CHANNEL: &str = "aiconfig_log";

/// The longest silence on PostgreSQL until it is asked, whatever the poll interval.
const SILENCE: Duration = Duration::from_millis(250);

/// How long it may take to answer until it counts as away. Together with the silence before, and
/// what is under way at the moment, writes know within a second.
const PROBE: Duration = Duration::from_millis(400);

/// Pauses between tries to connect: from, and up to.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(500));

const HEAD: &str = "SELECT CAST(revision AS bigint), \
                    current_setting('transaction_read_only') = 'on' FROM head WHERE id = 1";

/// A sign that the database is there, and what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// The last revision at this moment.
    Head(u64),
    /// A commit has made this revision.
    Written(u64),
    /// Another number than before where another connection has committed something.
    Version(i64),
}

/// Where signals come from. It keeps the store's condition up to date while it is asked.
pub struct Signals {
    store: Store,
    every: Duration,
    begun: bool,
    listener: Option<PgListener>,
    pause: Duration,
}

impl Store {
    /// The signals of this database; on SQLite, and for want of announcements, one comes `every`
    /// so often. On PostgreSQL this takes a connection beside those of the pool.
    #[must_use]
    pub fn signals(&self, every: Duration) -> Signals {
        let every = match self.pools.flavour {
            Flavour::Postgres => every.min(SILENCE),
            Flavour::SqliteFile | Flavour::SqliteMemory => every,
        };
        Signals {
            store: self.clone(),
            every,
            begun: false,
            listener: None,
            pause: PAUSES.0,
        }
    }
}

impl Signals {
    /// Waits for the next signal; the first comes at once.
    ///
    /// # Errors
    /// As every call. The next call tries again, after a pause of at most half a second.
    pub async fn next(&mut self) -> Result<Signal, StoreError> {
        let first = !std::mem::replace(&mut self.begun, true);
        let signal = &self.store.pools.signal;
        match self.store.pools.flavour {
            Flavour::Postgres => self.next_of_server(first).await,
            flavour => {
                if !first {
                    sleep(self.every).await;
                }
                if flavour == Flavour::SqliteFile {
                    let version = "PRAGMA data_version";
                    let number = self.store.number(signal, "look for changes", version);
                    return number.await.map(Signal::Version);
                }
                let head = self.store.head().await?;
                Ok(Signal::Head(head.revision))
            }
        }
    }

    async fn next_of_server(&mut self, first: bool) -> Result<Signal, StoreError> {
        let Some(mut listener) = self.listener.take() else {
            if !first {
                sleep(self.pause).await;
            }
            return self.connect().await;
        };
        match timeout(self.every, listener.try_recv()).await {
            Ok(Ok(Some(mut last))) => {
                while let Some(later) = listener.next_buffered() {
                    last = later;
                }
                match last.payload().parse() {
                    Ok(revision) => {
                        self.listener = Some(listener);
                        Ok(Signal::Written(revision))
                    }
                    Err(_) => self.ask(listener).await,
                }
            }
            // The connection is gone, which need not say that the database is.
            Ok(Ok(None) | Err(_)) => {
                self.store.caller.circuit.found_broken();
                self.connect().await
            }
            Err(_) => self.ask(listener).await,
        }
    }

    /// Asks for the head over the connection that listens.
    async fn ask(&mut self, mut listener: PgListener) -> Result<Signal, StoreError> {
        match timeout(PROBE, head(&mut listener)).await {
            Ok(Ok(found)) => Ok(self.answered(found, Some(listener))),
            Ok(Err(_)) => self.connect().await,
            Err(_) => {
                self.store.caller.circuit.lost();
                Err(StoreError::Timeout {
                    during: "look for changes",
                    limit: PROBE,
                })
            }
        }
    }

    /// Connects anew; where that fails, the connections of the pool may do better, such as where
    /// the server has room for no more.
    async fn connect(&mut self) -> Result<Signal, StoreError> {
        let pool = self
            .store
            .pools
            .signal
            .get_postgres_connection_pool()
            .clone();
        let anew = pin!(timeout(PROBE, listen(&pool)));
        let pooled = pin!(timeout(PROBE, head(&pool)));
        let (anew, pooled) = match select(anew, pooled).await {
            Either::Left((Ok(Ok(anew)), _)) => (Some(anew), None),
            Either::Left((_, pooled)) => (None, pooled.await.ok()),
            Either::Right((pooled, anew)) => (anew.await.ok().and_then(Result::ok), pooled.ok()),
        };
        if let Some((listener, found)) = anew {
            return Ok(self.answered(found, Some(listener)));
        }
        if let Some(Ok(found)) = pooled {
            let signal = self.answered(found, None);
            self.pause = self.every;
            return Ok(signal);
        }
        self.store.caller.circuit.lost();
        self.pause = (self.pause * 2).min(PAUSES.1);
        Err(StoreError::Unavailable {
            reason: "no connection within the time allowed",
            source: None,
        })
    }

    fn answered(&mut self, found: Found, listener: Option<PgListener>) -> Signal {
        let Found {
            revision,
            read_only,
        } = found;
        self.store.caller.circuit.answered(read_only);
        if read_only {
            // Demoted, perhaps: a new connection finds the new primary.
            self.pause = (self.pause * 2).min(PAUSES.1);
        } else {
            self.pause = PAUSES.0;
            self.listener = listener;
        }
        Signal::Head(revision)
    }
}

#[derive(Clone, Copy)]
struct Found {
    revision: u64,
    read_only: bool,
}

async fn head(on: impl Executor<'_, Database = Postgres>) -> Result<Found, sqlx::Error> {
    let row: PgRow = sqlx::query(HEAD).fetch_one(on).await?;
    let revision: i64 = row.try_get(0)?;
    Ok(Found {
        revision: u64::try_from(revision).unwrap_or_default(),
        read_only: row.try_get(1)?,
    })
}

/// A connection that listens, and the head as it is once it does: what is committed later is
/// heard. It is no connection of the pool, whose number is limited.
async fn listen(pool: &PgPool) -> Result<(PgListener, Found), sqlx::Error> {
    let own = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(PROBE)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy_with((*pool.connect_options()).clone());
    let mut listener = PgListener::connect_with(&own).await?;
    // A lost connection is ours to replace, with the pauses above.
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    let found = head(&mut listener).await?;
    Ok((listener, found))
}
