//! The bars of writes.

use crate::bars::Verdict;
use crate::place::Kind;
use crate::rounds::OnDatabase;
use crate::stats::median;

/// The fewest writes a second.
const fn rate(database: Kind) -> f64 {
    match database {
        Kind::Sqlite => 300.0,
        Kind::Postgres => 500.0,
    }
}

/// The most round trips of a write: while the revision row is locked, and in all.
const WHILE_LOCKED: u32 = 5;
const IN_ALL: u32 = 8;
/// The most until 99 of 100 writes are seen on a second server, in ms.
const VISIBLE_MS: f64 = 50.0;

/// Holds the writes of a database to their bars.
pub(crate) fn of_writes(run: &OnDatabase) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    if let Some(writes) = &run.writes {
        let measured = median(writes.rates.iter().copied());
        let least = rate(run.database);
        verdicts.push(Verdict::at_least("writes", measured, least, "a second"));
    }
    if let Some(trips) = &run.round_trips {
        for (what, trips, most) in [
            (
                "round trips of a write while the revision is locked",
                trips.while_locked,
                WHILE_LOCKED,
            ),
            ("round trips of a write in all", trips.in_all, IN_ALL),
        ] {
            let trips = u32::try_from(trips).unwrap_or(u32::MAX);
            verdicts.push(Verdict::at_most(what, trips.into(), most.into(), ""));
        }
    }
    if let Some(visible) = &run.visible {
        let what = "a write is seen on a second server: p99";
        verdicts.push(Verdict::at_most(what, visible.p99_ms, VISIBLE_MS, "ms"));
    }
    verdicts
}
