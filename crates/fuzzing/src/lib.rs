//! Fuzz targets with their laws, and what runs them.
//!
//! A target is a function that takes any bytes and panics where a law does not hold. libFuzzer
//! calls it from `fuzz/`, and [`run`] on any toolchain.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a target fails by panicking")]

mod dictionary;
mod mark;
mod mutate;
mod runner;
mod status;
mod target;
mod targets;
mod world;

use std::hash::{BuildHasher as _, RandomState};

use rand::SeedableRng as _;
use rand::rngs::SmallRng;

pub use mutate::{Form, mutate};
pub use runner::{Finding, Length, Report, replay, run};
pub use target::{TARGETS, Target};

/// A seed for random numbers that is another one each time.
#[must_use]
pub fn any_seed() -> u64 {
    RandomState::new().hash_one(0)
}

/// Another input of a target's form, for libFuzzer's custom mutators: at most `most` bytes.
#[must_use]
pub fn mutate_for(target: &Target, input: &[u8], most: usize, seed: u32) -> Vec<u8> {
    let mut rng = SmallRng::seed_from_u64(seed.into());
    let mut data = mutate(target, input, input, &mut rng);
    data.truncate(most);
    data
}
