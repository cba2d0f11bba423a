//! Takes up new TLS files while serving; a pair that does not work changes nothing.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::signal::unix::{SignalKind, signal};

use super::tls::{Live, TlsError, TlsFiles};
use crate::metrics;

/// TLS that follows its files.
pub(crate) struct Reload {
    files: TlsFiles,
    live: Live,
    /// Of what was looked at last, whether it was taken or not.
    seen: Option<[u8; 32]>,
    every: Duration,
}

impl Reload {
    /// Reads the files for the first time.
    ///
    /// # Errors
    /// Where they do not make TLS.
    pub(crate) fn begin(files: TlsFiles, every: Duration) -> Result<Self, TlsError> {
        let contents = files.read()?;
        let config = files.configure(&contents)?;
        metrics::tls_files_in_use(true);
        Ok(Self {
            live: Arc::new(ArcSwap::from_pointee(config)),
            seen: Some(contents.digest()),
            files,
            every,
        })
    }

    /// What new connections shake hands with.
    pub(crate) fn live(&self) -> Live {
        Arc::clone(&self.live)
    }

    /// Looks at the files again and again, and at once on SIGHUP. Contents are compared, not
    /// times: a file that is swapped through a link, or twice in a second, is noticed too.
    pub(crate) async fn follow(mut self) {
        let mut hangup = match signal(SignalKind::hangup()) {
            Ok(hangup) => Some(hangup),
            Err(error) => {
                tracing::warn!(%error, "SIGHUP does not reload TLS files");
                None
            }
        };
        loop {
            let told = async {
                match &mut hangup {
                    Some(hangup) => hangup.recv().await,
                    None => std::future::pending().await,
                }
            };
            // An end of the wait and the signal are the same: look.
            let _ = tokio::time::timeout(self.every, told).await;
            self.look();
        }
    }

    fn look(&mut self) {
        let read = self.files.read();
        let digest = read.as_ref().ok().map(super::tls::Contents::digest);
        if digest == self.seen {
            return;
        }
        self.seen = digest;
        match read.and_then(|contents| self.files.configure(&contents)) {
            Ok(config) => {
                self.live.store(Arc::new(config));
                metrics::tls_reloaded(true);
                tracing::info!("new connections use the new TLS files");
            }
            Err(error) => {
                metrics::tls_reloaded(false);
                tracing::error!(%error, "the new TLS files are not used; the old ones stay");
            }
        }
    }
}
