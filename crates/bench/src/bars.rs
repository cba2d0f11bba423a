//! The bars that a run is held to, and whether it met them.

use crate::alone::{Alone, Resolve};
use crate::load::Measured;
use crate::place;
use crate::prompt_bars::of_prompts;
use crate::rounds::{Large, OnDatabase, Run};
use crate::stats::median;
use crate::targets::{Kind, Row};
use crate::world::BATCH;
use crate::write_bars::of_writes;

/// A bar with what was measured.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Verdict {
    /// Absent where no database has a part in it.
    pub(crate) database: Option<place::Kind>,
    pub(crate) what: String,
    pub(crate) measured: f64,
    pub(crate) bar: f64,
    /// Whether more is better.
    pub(crate) at_least: bool,
    pub(crate) unit: &'static str,
    pub(crate) met: bool,
}

impl Verdict {
    pub(crate) fn at_most(
        what: impl Into<String>,
        measured: f64,
        bar: f64,
        unit: &'static str,
    ) -> Self {
        Self {
            database: None,
            what: what.into(),
            measured,
            bar,
            at_least: false,
            unit,
            met: measured <= bar,
        }
    }

    pub(crate) fn at_least(
        what: impl Into<String>,
        measured: f64,
        bar: f64,
        unit: &'static str,
    ) -> Self {
        Self {
            database: None,
            what: what.into(),
            measured,
            bar,
            at_least: true,
            unit,
            met: measured >= bar,
        }
    }
}

/// The most CPU a call beside the no-op, without and with key.
pub(crate) const CPU_WITHOUT_KEY: f64 = 1.15;
pub(crate) const CPU_WITH_KEY: f64 = 1.35;
const RATE: f64 = 0.85;
const P99: f64 = 1.3;
/// The most of a batch beside as many single calls.
const OF_SINGLES: f64 = 0.15;
/// The most that more accounts add to a call.
const GROWTH: f64 = 1.10;
const RESOLVE_NS: f64 = 500.0;
const RESOLVE_ALLOCATIONS: f64 = 3.0;
const APPLY_US: f64 = 50.0;
/// Starts: without a database in ms, with a million accounts in s and MiB in RAM.
const READY_MS: f64 = 200.0;
const LARGE_READY_S: f64 = 5.0;
const LARGE_MIB: f64 = 350.0;

/// Holds a run to the bars.
pub(crate) fn judge(run: &Run) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for on in &run.on {
        let of_database = judge_on(on).into_iter().map(|verdict| Verdict {
            database: Some(on.database),
            ..verdict
        });
        verdicts.extend(of_database);
    }
    verdicts.extend(run.alone.iter().flat_map(of_alone));
    verdicts
}

fn judge_on(run: &OnDatabase) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for (kind, cpu) in [
        (Kind::WithoutKey, CPU_WITHOUT_KEY),
        (Kind::WithKey, CPU_WITH_KEY),
    ] {
        let (Some(row), Some(noop)) = (run.row(kind), run.row(Kind::Noop)) else {
            continue;
        };
        let title = kind.title();
        let beside = |of: fn(&Measured) -> f64| ratio(row, noop, of);
        verdicts.extend([
            Verdict::at_most(
                format!("{title}: CPU a call"),
                beside(|m| m.cpu_us),
                cpu,
                "× no-op",
            ),
            Verdict::at_least(
                format!("{title}: calls a second"),
                beside(|m| m.rate),
                RATE,
                "× no-op",
            ),
            Verdict::at_most(
                format!("{title}: p99"),
                beside(|m| m.p99_us),
                P99,
                "× no-op",
            ),
        ]);
    }
    if let (Some(batch), Some(single)) = (run.row(Kind::Batch), run.row(Kind::WithoutKey)) {
        let of_singles = ratio(batch, single, |m| m.cpu_us) / f64::from(BATCH);
        let what = "BatchGetModelConfigs of 100: CPU";
        verdicts.push(Verdict::at_most(
            what,
            of_singles,
            OF_SINGLES,
            "× 100 single calls",
        ));
    }
    let ready = "start without a database until ready";
    verdicts.push(Verdict::at_most(ready, float(run.ready_ms), READY_MS, "ms"));
    if let Some(large) = &run.large {
        verdicts.extend(of_large(run, large));
    }
    verdicts.extend(of_prompts(run));
    verdicts.extend(of_writes(run));
    verdicts
}

/// The bars of a server with many accounts; those of its start are meant for a million.
fn of_large(run: &OnDatabase, large: &Large) -> Vec<Verdict> {
    let accounts = large.accounts;
    let mib = large.ready_mib.max(large.loaded_mib);
    let mut verdicts = vec![
        Verdict::at_most(
            format!("start with {accounts} accounts until ready"),
            float(large.ready_ms) / 1_000.0,
            LARGE_READY_S,
            "s",
        ),
        Verdict::at_most(
            format!("RAM with {accounts} accounts"),
            float(mib.into()),
            LARGE_MIB,
            "MiB",
        ),
    ];
    if let (Some(many), Some(few)) = (run.row(Kind::ManyAccounts), run.row(Kind::WithoutKey)) {
        let what = format!("GetModelConfig with {accounts} accounts: CPU a call");
        let growth = ratio(many, few, |m| m.cpu_us);
        verdicts.push(Verdict::at_most(what, growth, GROWTH, "× 1 000 accounts"));
    }
    verdicts
}

/// The bars of what is measured alone, at the size where it took longest.
fn of_alone(alone: &Alone) -> Vec<Verdict> {
    let most = |of: fn(&Resolve) -> f64| alone.resolve.iter().map(of).fold(0.0, f64::max);
    let apply = alone.states.iter().map(|state| state.apply_us);
    vec![
        Verdict::at_most(
            "resolve alone, the slowest case",
            most(|case| case.nanoseconds),
            RESOLVE_NS,
            "ns",
        ),
        Verdict::at_most(
            "resolve alone, the slowest case",
            most(|case| case.allocations),
            RESOLVE_ALLOCATIONS,
            "allocations",
        ),
        Verdict::at_most(
            "apply of one change, the largest state",
            apply.fold(0.0, f64::max),
            APPLY_US,
            "µs",
        ),
    ]
}

#[expect(
    clippy::cast_precision_loss,
    reason = "times and sizes stay far below 2^52"
)]
pub(crate) fn float(count: u128) -> f64 {
    count as f64
}

/// The median over the rounds of a ratio within each round.
pub(crate) fn ratio(row: &Row, beside: &Row, of: fn(&Measured) -> f64) -> f64 {
    let pairs = row.rounds.iter().zip(&beside.rounds);
    median(pairs.map(|(mine, other)| of(mine) / of(other)))
}
