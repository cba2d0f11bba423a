//! How many calls each token makes: a bucket of tokens for each, found without a lock.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use governor::clock::{Clock as _, MonotonicClock};
use governor::{Quota, RateLimiter};

use crate::transport::Bucket;

/// Buckets after which those of tokens that are gone are dropped, and again each time that there
/// are so many more.
const SWEEP: usize = 256;

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Calls a second.
    pub(crate) per_second: NonZeroU32,
    /// Calls that may come at once after a quiet time.
    pub(crate) burst: NonZeroU32,
}

type Buckets = HashMap<Arc<str>, Arc<Bucket>, ahash::RandomState>;

/// See the module. Only tokens that were found valid get here, so there are no more buckets than
/// tokens, and some that are gone.
pub(super) struct Rates {
    rate: Rate,
    buckets: ArcSwap<Buckets>,
    /// Held while one is added.
    adding: Mutex<()>,
}

impl Rates {
    pub(super) fn new(rate: Rate) -> Self {
        Self {
            rate,
            buckets: ArcSwap::default(),
            adding: Mutex::default(),
        }
    }

    /// Counts what a call of a token weighs. `exists` tells whether there still is a token.
    ///
    /// # Errors
    /// How long it is until the token has room for it.
    pub(super) fn take(
        &self,
        token: &Arc<str>,
        calls: u32,
        exists: impl Fn(&str) -> bool,
    ) -> Result<(), Duration> {
        // A call that weighs more than a full bucket takes all of it.
        let calls = NonZeroU32::new(calls).unwrap_or(NonZeroU32::MIN);
        let calls = calls.min(self.rate.burst);
        let buckets = self.buckets.load();
        let refused = match buckets.get(token) {
            Some(bucket) => bucket.check_n(calls),
            None => self.add(token, exists).check_n(calls),
        };
        match refused {
            // It never has too little room for what is at most a full bucket.
            Ok(Ok(())) | Err(_) => Ok(()),
            Ok(Err(until)) => Err(until.wait_time_from(MonotonicClock.now())),
        }
    }

    fn add(&self, token: &Arc<str>, exists: impl Fn(&str) -> bool) -> Arc<Bucket> {
        let _adding = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let present = self.buckets.load();
        if let Some(bucket) = present.get(token) {
            return Arc::clone(bucket);
        }
        let Rate { per_second, burst } = self.rate;
        let quota = Quota::per_second(per_second).allow_burst(burst);
        let bucket = Arc::new(RateLimiter::direct_with_clock(quota, MonotonicClock));
        let mut next = Buckets::clone(&present);
        if next.len() >= SWEEP && next.len().is_multiple_of(SWEEP) {
            next.retain(|token, _| exists(token));
        }
        next.insert(Arc::clone(token), Arc::clone(&bucket));
        self.buckets.store(Arc::new(next));
        bucket
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(per_second: u32, burst: u32) -> Rates {
        Rates::new(Rate {
            per_second: NonZeroU32::new(per_second).unwrap(),
            burst: NonZeroU32::new(burst).unwrap(),
        })
    }

    #[test]
    fn a_token_has_its_own_bucket_and_learns_the_wait() {
        let rates = rates(1, 3);
        let (one, other) = (Arc::from("one"), Arc::from("other"));
        let take = |token, calls| rates.take(token, calls, |_| true);
        take(&one, 2).unwrap();
        take(&one, 1).unwrap();
        let wait = take(&one, 1).unwrap_err();
        assert!((0.9..=1.0).contains(&wait.as_secs_f64()), "{wait:?}");
        let wait = take(&one, 2).unwrap_err();
        assert!((1.9..=2.0).contains(&wait.as_secs_f64()), "{wait:?}");
        take(&other, 3).unwrap();
    }

    #[test]
    fn a_call_heavier_than_the_bucket_takes_all_of_it() {
        let rates = rates(1, 3);
        let token = Arc::from("one");
        rates.take(&token, 1_000, |_| true).unwrap();
        let wait = rates.take(&token, 1_000, |_| true).unwrap_err();
        assert!((2.9..=3.0).contains(&wait.as_secs_f64()), "{wait:?}");
    }

    #[test]
    fn buckets_of_tokens_that_are_gone_are_dropped() {
        let rates = rates(1, 1);
        for number in 0..10 * SWEEP {
            let token = Arc::from(format!("{number}"));
            rates.take(&token, 1, |token| token == "7").unwrap();
        }
        let buckets = rates.buckets.load();
        assert!(buckets.len() <= SWEEP + 1, "{}", buckets.len());
        assert!(buckets.contains_key("7"));
        let again = rates.take(&Arc::from("7"), 1, |_| true);
        assert!(again.is_err(), "its bucket is the same");
    }
}
