//! Bounds for calls that would take places or processors from all others for long.

use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use aiconfig_proto::v1::ErrorReason;
use tokio::sync::Semaphore;
use tokio::task::block_in_place;

use crate::errors::ApiError;

/// Comparisons that may wait for each that is made.
const WAITING: usize = 8;
/// When a refused call may come again.
const AGAIN: Duration = Duration::from_secs(1);

/// Whose turn it is.
#[derive(Clone)]
pub(crate) struct Turns {
    /// Reads that wait for a revision that is not here.
    waits: Arc<Semaphore>,
    /// Comparisons of texts that are made or wait to be, and those that are made.
    queue: Arc<Semaphore>,
    work: Arc<Semaphore>,
}

impl Turns {
    /// For a server that takes so many calls at the same time: half of them may wait for revisions,
    /// and half of the processors compare texts.
    pub(crate) fn new(calls: usize) -> Self {
        let work = available_parallelism().map_or(1, |cores| cores.get().div_ceil(2));
        let of = |count: usize| Arc::new(Semaphore::new(count.clamp(1, Semaphore::MAX_PERMITS)));
        Self {
            waits: of(calls / 2),
            queue: of(work * WAITING),
            work: of(work),
        }
    }

    /// Waits, for a revision, if not too many do.
    ///
    /// # Errors
    /// `OVERLOADED`, or as `wait`.
    pub(crate) async fn wait<T>(
        &self,
        wait: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
        let Ok(_turn) = self.waits.try_acquire() else {
            return Err(overloaded(
                "too many calls wait for revisions that are not here; try again",
            ));
        };
        wait.await
    }

    /// Compares texts, beside the other calls: the longest take a tenth of a second and more.
    ///
    /// # Errors
    /// `OVERLOADED`.
    pub(crate) async fn compare<T>(&self, work: impl FnOnce() -> T) -> Result<T, ApiError> {
        let full = || overloaded("too many texts wait to be compared; try again");
        let _place = self.queue.try_acquire().map_err(|_| full())?;
        let _turn = self.work.acquire().await.map_err(|_| full())?;
        Ok(block_in_place(work))
    }
}

fn overloaded(message: &'static str) -> ApiError {
    ApiError::new(ErrorReason::Overloaded, message).after(AGAIN)
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use futures::poll;

    use super::*;

    #[tokio::test]
    async fn half_of_the_calls_may_wait() {
        let turns = Turns::new(4);
        let mut waiting: Vec<_> = (0..2)
            .map(|_| Box::pin(turns.wait(pending::<Result<(), ApiError>>())))
            .collect();
        for wait in &mut waiting {
            assert!(poll!(wait).is_pending());
        }
        let refused = turns.wait(ready(Ok(()))).await.unwrap_err();
        assert_eq!(refused.reason, ErrorReason::Overloaded);
        waiting.pop();
        turns.wait(ready(Ok(()))).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn comparisons_wait_for_each_other_and_not_without_end() {
        let turns = Turns::new(4);
        assert_eq!(turns.compare(|| 7).await.unwrap(), 7);
        let all = turns.work.available_permits();
        let made = turns.work.acquire_many(u32::try_from(all).unwrap());
        let made = made.await.unwrap();
        let mut waiting: Vec<_> = (0..all * WAITING)
            .map(|_| Box::pin(turns.compare(|| ())))
            .collect();
        for wait in &mut waiting {
            assert!(poll!(wait).is_pending());
        }
        let refused = turns.compare(|| ()).await.unwrap_err();
        assert_eq!(refused.reason, ErrorReason::Overloaded);
        drop(made);
        for wait in waiting {
            wait.await.unwrap();
        }
    }
}
