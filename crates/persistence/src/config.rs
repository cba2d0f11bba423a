//! Where the database is and how long to wait for it.

use std::time::Duration;

use secrecy::SecretString;

/// How to reach a database.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// `sqlite://<path>`, `sqlite::memory:` or `postgres://…`; may hold a password.
    pub url: SecretString,
    /// The most connections to open, at least 1; SQLite files use one of them for writing, and
    /// [`crate::Signals`] take one more.
    pub max_connections: u32,
    /// The longest that one call to the database may take.
    pub call_timeout: Duration,
    /// The longest to wait for a free connection, or for a new one.
    pub acquire_timeout: Duration,
}

impl StoreConfig {
    /// The settings that fit most: 10 connections, 5 s a call, 0.8 s for a connection, so that
    /// callers hear within a second that the database is away.
    #[must_use]
    pub fn new(url: SecretString) -> Self {
        Self {
            url,
            max_connections: 10,
            call_timeout: Duration::from_secs(5),
            acquire_timeout: Duration::from_millis(800),
        }
    }
}
