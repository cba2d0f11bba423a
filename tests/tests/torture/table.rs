//! The seed, the size of a run, and the table that it prints.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Mutex;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// What a fault did.
#[derive(Default)]
pub(crate) struct Row {
    pub(crate) fault: &'static str,
    pub(crate) database: &'static str,
    pub(crate) rounds: usize,
    /// Writes that were acknowledged.
    pub(crate) acknowledged: usize,
    /// Writes whose outcome the client was not told.
    pub(crate) unknown: usize,
    /// Acknowledged writes that are not there, or not as they were answered.
    pub(crate) lost: usize,
    /// Revisions of which a part is missing or there twice.
    pub(crate) half_applied: usize,
    /// Times that log, rows and audit chain were found to agree.
    pub(crate) verified: usize,
    /// Reads that were answered, and that were not.
    pub(crate) reads: (usize, usize),
    /// The longest time to the error of a write.
    pub(crate) worst_error: Option<Duration>,
    /// The longest time from the end of the fault to a write that is taken.
    pub(crate) recovery: Option<Duration>,
}

static ROWS: Mutex<Vec<Row>> = Mutex::new(Vec::new());

fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap())
}

/// How often a fault is repeated.
pub(crate) fn rounds() -> usize {
    let rounds = variable("AICONFIG_TORTURE_ROUNDS").unwrap_or(2);
    usize::try_from(rounds).unwrap()
}

/// How long the database stays away.
pub(crate) fn outage() -> Duration {
    Duration::from_secs(variable("AICONFIG_TORTURE_OUTAGE_SECONDS").unwrap_or(4))
}

/// The longest that a write may take to fail while the database is away. The short form runs
/// beside other tests, on machines that are busy with them.
pub(crate) fn at_once() -> Duration {
    let long = variable("AICONFIG_TORTURE_ROUNDS").is_some();
    Duration::from_secs(if long { 1 } else { 3 })
}

/// Prints a line, also where the test is a good one.
pub(crate) fn say(line: &str) {
    let line = format!("{line}\n");
    std::io::stdout().write_all(line.as_bytes()).unwrap();
}

/// The random numbers of a test; says how to get them again.
pub(crate) fn random(test: &str) -> StdRng {
    let given = variable("AICONFIG_TORTURE_SEED");
    let seed = given.unwrap_or_else(|| u64::from(rand::random::<u32>()));
    say(&format!("{test}: AICONFIG_TORTURE_SEED={seed}"));
    StdRng::seed_from_u64(seed)
}

/// A time between two, in milliseconds.
pub(crate) fn between(random: &mut StdRng, from: u64, to: u64) -> Duration {
    Duration::from_millis(random.random_range(from..=to))
}

fn millis(time: Option<Duration>) -> String {
    time.map_or_else(|| "–".to_owned(), |time| format!("{} ms", time.as_millis()))
}

/// Adds a row, prints the table as it is so far, and fails where something was lost.
pub(crate) fn report(row: Row) {
    let mut text = "\n| fault | database | rounds | acknowledged | unknown | lost | half applied \
                    | verified | reads | failed reads | worst error of a write | well again after |\n\
                    |---|---|---|---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    let bad = (row.lost, row.half_applied, row.reads.1);
    let fault = row.fault;
    let mut rows = ROWS.lock().unwrap();
    rows.push(row);
    for row in rows.iter() {
        let Row {
            fault,
            database,
            rounds,
            acknowledged,
            unknown,
            lost,
            half_applied,
            verified,
            reads: (answered, failed),
            worst_error,
            recovery,
        } = row;
        writeln!(
            text,
            "| {fault} | {database} | {rounds} | {acknowledged} | {unknown} | {lost} \
             | {half_applied} | {verified} × | {answered} | {failed} | {} | {} |",
            millis(*worst_error),
            millis(*recovery),
        )
        .unwrap();
    }
    drop(rows);
    say(&text);
    assert_eq!(bad, (0, 0, 0), "{fault}: lost, half applied, failed reads");
}
