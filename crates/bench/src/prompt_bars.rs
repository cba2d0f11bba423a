//! The bars of prompts.

use crate::bars::{Verdict, float, ratio};
use crate::prompt_rounds::ManyPrompts;
use crate::rounds::{Large, OnDatabase};
use crate::stats::median;
use crate::targets::Kind;

/// The most CPU a call of a prompt from memory, beside a no-op of its size.
pub(crate) const CPU_FROM_CACHE: f64 = 1.3;
/// The most until half of the prompts that are read from the database are answered, in µs.
const STORED_US: f64 = 1_000.0;

/// Holds the prompts of a run to their bars.
pub(crate) fn of_prompts(run: &OnDatabase) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for kind in [Kind::GlobalPrompt, Kind::OwnPrompt, Kind::ManyOwnPrompt] {
        if let (Some(row), Some(noop)) = (run.row(kind), run.row(kind.limit())) {
            verdicts.push(Verdict::at_most(
                format!("{}: CPU a call", kind.title()),
                ratio(row, noop, |m| m.cpu_us),
                CPU_FROM_CACHE,
                "× no-op of its size",
            ));
        }
    }
    if let Some(row) = run.row(Kind::StoredPrompt) {
        let p50 = median(row.rounds.iter().map(|m| m.p50_us));
        let what = format!("{}: p50", row.kind.title());
        verdicts.push(Verdict::at_most(what, p50, STORED_US, "µs"));
    }
    if let (Some(prompts), Some(large)) = (&run.prompts, &run.large) {
        verdicts.push(of_memory(prompts, large));
    }
    verdicts
}

/// What a load of reading texts adds to RAM. Any load adds something, that without prompts too,
/// and so much more may be added as the cache is set to.
fn of_memory(prompts: &ManyPrompts, large: &Large) -> Verdict {
    let texts = prompts.loaded_mib.saturating_sub(prompts.ready_mib);
    let other = large.loaded_mib.saturating_sub(large.ready_mib);
    Verdict::at_most(
        format!("RAM that reading {} prompts adds", prompts.texts),
        float(texts.into()),
        float((other + prompts.cache_mib).into()),
        "MiB",
    )
}
