//! All figures of a run, for programs, and on what machine they were taken.

use std::fs;

use serde_json::{Value, json};

use crate::bars::Verdict;
use crate::load::Measured;
use crate::rounds::{ACCOUNTS, OnDatabase, Run};
use crate::targets::Row;

/// Everything that was measured, each round of it.
pub(crate) fn figures(run: &Run, verdicts: &[Verdict]) -> Value {
    let round = |m: &Measured| {
        json!({
            "calls_a_second": m.rate,
            "cpu_us_a_call": m.cpu_us,
            "p50_us": m.p50_us,
            "p99_us": m.p99_us,
            "answer_bytes": m.answer_bytes,
        })
    };
    let target = |row: &Row| {
        let rounds: Vec<Value> = row.rounds.iter().map(round).collect();
        json!({ "target": row.kind, "rounds": rounds })
    };
    let on = |on: &OnDatabase| {
        json!({
            "database": on.database,
            "ready_ms": on.ready_ms,
            "many_accounts": on.large,
            "many_prompts": on.prompts,
            "targets": on.rows.iter().map(target).collect::<Vec<_>>(),
            "writes": on.writes,
            "second_server": on.visible,
            "round_trips": on.round_trips,
            "clone": on.cloned,
        })
    };
    json!({
        "machine": machine(),
        "in_flight": run.args.in_flight,
        "seconds": run.args.seconds,
        "accounts": ACCOUNTS,
        "seed": run.args.seed,
        "databases": run.on.iter().map(on).collect::<Vec<_>>(),
        "alone": run.alone,
        "instructions": run.instructions,
        "bars": verdicts,
    })
}

/// Processor, how many cores this process may use, and how busy they are.
pub(crate) fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == "model name").then(|| value.trim().to_owned())
    });
    let model = model.unwrap_or_else(|| "unknown processor".to_owned());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split(' ').take(3).collect();
    let load = load.join(", ");
    format!("{model}, {cores} cores, load average at the end {load}")
}
