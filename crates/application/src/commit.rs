//! The turn of this server's writers, and commits, also those whose answer was lost.

use std::time::Duration;

use aiconfig_persistence::{Commit, StoreError, WriteTransaction};
use tokio::sync::MutexGuard;
use tokio::time::{Instant, sleep, timeout_at};

use crate::write::scope;
use crate::{AppError, Application, WriteCall};

/// How long after the begin of a commit its outcome is looked up where no answer came, so that
/// the caller hears something within a second.
const LOOK_UP: Duration = Duration::from_millis(800);
/// The same after the loss, where the statements before it took that long already.
const LOOK_UP_AFTER_LOSS: Duration = Duration::from_millis(400);
/// The same for the command line, which does not repeat its call.
const LOOK_UP_UNREPEATED: Duration = Duration::from_secs(10);
/// The pause between two tries.
const LOOK_UP_PAUSE: Duration = Duration::from_millis(50);

impl Application {
    /// Waits for the turn among this server's writers, but not while the database is away.
    pub(crate) async fn turn(&self) -> Result<MutexGuard<'_, ()>, AppError> {
        tokio::select! {
            biased;
            turn = self.turn.lock() => Ok(turn),
            error = self.store.away() => Err(error.into()),
        }
    }

    /// Commits; where no answer came, looks up by the request id what came of it. To be called
    /// under the turn.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`] if that could not be found out in time; after any other
    /// nothing is written.
    pub(crate) async fn commit(
        &self,
        call: &WriteCall,
        transaction: WriteTransaction,
        commit: Commit,
    ) -> Result<(), AppError> {
        let begun = Instant::now();
        let lost = match transaction.commit(commit).await {
            Ok(_) => return Ok(()),
            // That it is not there now says nothing: a recovery may still find it in SQLite's log.
            Err(error) if is_unflushed(&error) => return Err(error.into()),
            Err(StoreError::OutcomeUnknown { source }) => source,
            Err(error) => return Err(error.into()),
        };
        let patience = if call.is_repeatable() {
            LOOK_UP_AFTER_LOSS
        } else {
            LOOK_UP_UNREPEATED
        };
        let until = (begun + LOOK_UP).max(Instant::now() + patience);
        let scope = scope(call);
        let unknown = loop {
            match timeout_at(until, self.store.settled_answer(&scope)).await {
                Ok(Ok(Some(_))) => return Ok(()),
                Ok(Ok(None)) => return Err(AppError::Storage(*lost)),
                Ok(Err(error)) if !error.is_transient() => return Err(error.into()),
                Ok(Err(_)) if Instant::now() < until => sleep(LOOK_UP_PAUSE).await,
                Ok(Err(_)) | Err(_) => break StoreError::OutcomeUnknown { source: lost },
            }
        };
        Err(AppError::Storage(unknown))
    }
}

/// Whether a commit was written and could not be flushed to the disk.
fn is_unflushed(error: &StoreError) -> bool {
    let StoreError::OutcomeUnknown { source } = error else {
        return false;
    };
    matches!(**source, StoreError::DiskError { .. })
}
