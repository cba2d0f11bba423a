//! Runs a target without libFuzzer, on any toolchain: all its seeds, then changes of them at
//! random. It is blind, as nothing measures what an input reaches.

mod finding;
mod watch;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, io};

use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

pub use finding::Finding;
use watch::Watch;

use crate::{Target, mutate};

/// How long a run goes on after the seeds.
#[derive(Clone, Copy, Debug)]
pub struct Length {
    /// Changed inputs, at most.
    pub rounds: u64,
    /// Time, at most.
    pub time: Duration,
}

/// What a run did.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// Seeds.
    pub seeds: usize,
    /// Changed inputs.
    pub rounds: u64,
    /// How long both took.
    pub took: Duration,
}

/// Looks at every seed, then at changes of them; `seed` begins the random numbers.
///
/// # Errors
/// The first input for which a law does not hold, which is kept in a file.
pub fn run(target: &Target, seed: u64, length: Length) -> Result<Report, Finding> {
    let begun = Instant::now();
    let watch = Watch::begin(target.name);
    let seeds = seeds(&target.seeds()).map_err(|error| Finding::without_input(target, &error))?;
    for (name, input) in &seeds {
        look(target, &watch, input).map_err(|finding| finding.of_seed(name))?;
    }
    let mut rng = SmallRng::seed_from_u64(seed);
    let mut rounds = 0;
    let nothing = (String::new(), Vec::new());
    let end = Instant::now() + length.time;
    while rounds < length.rounds && Instant::now() < end {
        let (_, one) = seeds.choose(&mut rng).unwrap_or(&nothing);
        let (_, other) = seeds.choose(&mut rng).unwrap_or(&nothing);
        let mut input = mutate(target, one, other, &mut rng);
        // Few changes find what is near the seeds, many what is far.
        while rng.random_ratio(1, 3) {
            input = mutate(target, &input, other, &mut rng);
        }
        look(target, &watch, &input).map_err(|finding| finding.of_round(seed, rounds))?;
        rounds += 1;
    }
    Ok(Report {
        seeds: seeds.len(),
        rounds,
        took: begun.elapsed(),
    })
}

/// Looks at one input.
///
/// # Errors
/// A law does not hold for it.
pub fn replay(target: &Target, input: &[u8]) -> Result<(), Finding> {
    look(target, &Watch::begin(target.name), input)
}

fn look(target: &Target, watch: &Watch, input: &[u8]) -> Result<(), Finding> {
    watch.on(input);
    let held = catch_unwind(AssertUnwindSafe(|| (target.check)(input)));
    watch.off();
    held.map_err(|panic| Finding::kept(target, input, panic.as_ref()))
}

/// The files of a folder with their names, in the order of these.
fn seeds(folder: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut seeds = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        seeds.push((name, fs::read(entry.path())?));
    }
    seeds.sort();
    Ok(seeds)
}
