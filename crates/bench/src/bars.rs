//! The bars that a run is held to, and whether it met them.

use crate::load::Measured;
use crate::rounds::{Kind, Row, Run};
use crate::stats::median;
use crate::world::BATCH;

/// A bar with what was measured.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Verdict {
    pub(crate) what: String,
    pub(crate) measured: f64,
    pub(crate) bar: f64,
    /// Whether more is better.
    pub(crate) at_least: bool,
    pub(crate) unit: &'static str,
    pub(crate) met: bool,
}

impl Verdict {
    fn at_most(what: impl Into<String>, measured: f64, bar: f64, unit: &'static str) -> Self {
        Self {
            what: what.into(),
            measured,
            bar,
            at_least: false,
            unit,
            met: measured <= bar,
        }
    }

    fn at_least(what: impl Into<String>, measured: f64, bar: f64, unit: &'static str) -> Self {
        Self {
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

/// Holds a run to the bars.
pub(crate) fn judge(run: &Run) -> Vec<Verdict> {
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
    if let (Some(many), Some(few)) = (run.row(Kind::ManyAccounts), run.row(Kind::WithoutKey)) {
        let accounts = run.args.accounts.unwrap_or_default();
        let what = format!("GetModelConfig with {accounts} accounts: CPU a call");
        let growth = ratio(many, few, |m| m.cpu_us);
        verdicts.push(Verdict::at_most(what, growth, GROWTH, "× 1 000 accounts"));
    }
    for case in &run.resolve {
        let what = format!("resolve alone, {}", case.case);
        verdicts.push(Verdict::at_most(
            what.clone(),
            case.nanoseconds,
            RESOLVE_NS,
            "ns",
        ));
        verdicts.push(Verdict::at_most(
            what,
            case.allocations,
            RESOLVE_ALLOCATIONS,
            "allocations",
        ));
    }
    verdicts
}

/// The median over the rounds of a ratio within each round.
pub(crate) fn ratio(row: &Row, beside: &Row, of: fn(&Measured) -> f64) -> f64 {
    let pairs = row.rounds.iter().zip(&beside.rounds);
    median(pairs.map(|(mine, other)| of(mine) / of(other)))
}

impl Run {
    /// What was measured of a target, unless it was left out.
    pub(crate) fn row(&self, kind: Kind) -> Option<&Row> {
        self.rows.iter().find(|row| row.kind == kind)
    }
}
