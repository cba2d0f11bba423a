//! The table, the figures and the chart of a run.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::Failure;
use crate::bars::{Verdict, ratio};
use crate::chart;
use crate::clones::Cloned;
use crate::load::Measured;
use crate::prompt_rounds::ManyPrompts;
use crate::rounds::{ACCOUNTS, Large, Micro, Resolve, Run, State, Texts};
use crate::stats::{median, spread};
use crate::targets::Row;

/// Writes `bench.md`, `bench.json` and `bench.svg` into a folder; returns the first.
///
/// # Errors
/// If the folder cannot be written to.
pub(crate) fn write(run: &Run, verdicts: &[Verdict], out: &Path) -> Result<String, Failure> {
    fs::create_dir_all(out)?;
    let table = markdown(run, verdicts)?;
    fs::write(out.join("bench.md"), &table)?;
    let figures = serde_json::to_string_pretty(&figures(run, verdicts))?;
    fs::write(out.join("bench.json"), figures + "\n")?;
    fs::write(out.join("bench.svg"), chart::draw(run)?)?;
    Ok(table)
}

fn markdown(run: &Run, verdicts: &[Verdict]) -> Result<String, std::fmt::Error> {
    let mut text = String::from("# Benchmark\n\n");
    let args = &run.args;
    writeln!(
        text,
        "{}, {} in flight on one connection, {} rounds of {} s, medians; {ACCOUNTS} accounts. \
         How to read it: docs/benchmarks.md.\n",
        machine(),
        args.in_flight,
        args.rounds,
        args.seconds,
    )?;
    text.push_str(
        "| target | server CPU µs a call | × no-op | lowest to highest | calls/s | × no-op | p50 µs | p99 µs | × no-op | answer bytes |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for row in &run.rows {
        let of = |what: fn(&Measured) -> f64| median(row.rounds.iter().map(what));
        let beside = |what: fn(&Measured) -> f64| {
            let noop = run.row(row.kind.limit());
            noop.map_or(1.0, |noop| ratio(row, noop, what))
        };
        let (low, high) = spread(row.rounds.iter().map(|m| m.cpu_us));
        writeln!(
            text,
            "| {} | {:.2} | {:.2} | {low:.2} to {high:.2} | {:.0} | {:.2} | {:.0} | {:.0} | {:.2} | {:.0} |",
            row.kind.title(),
            of(|m| m.cpu_us),
            beside(|m| m.cpu_us),
            of(|m| m.rate),
            beside(|m| m.rate),
            of(|m| m.p50_us),
            of(|m| m.p99_us),
            beside(|m| m.p99_us),
            of(|m| m.answer_bytes),
        )?;
    }
    once(&mut text, run)?;
    alone(&mut text, &run.micro)?;
    text.push_str("\n| bar | measured | | bar | verdict |\n|---|--:|---|--:|---|\n");
    for verdict in verdicts {
        let sign = if verdict.at_least { "≥" } else { "≤" };
        let said = if verdict.met { "met" } else { "**missed**" };
        let Verdict {
            what,
            measured,
            bar,
            unit,
            ..
        } = verdict;
        let digits = if *bar < 3.0 { 2 } else { 0 };
        writeln!(
            text,
            "| {what} | {measured:.digits$} | {unit} | {sign} {bar} | {said} |"
        )?;
    }
    Ok(text)
}

/// What was measured once.
fn once(text: &mut String, run: &Run) -> std::fmt::Result {
    writeln!(
        text,
        "\nStart without a database: ready in {} ms.",
        run.ready_ms
    )?;
    if let Some(large) = &run.large {
        let Large {
            accounts,
            ready_ms,
            ready_mib,
            loaded_mib,
        } = large;
        writeln!(
            text,
            "Start with {accounts} accounts, each with settings of its own: ready in {ready_ms} ms, \
             then {ready_mib} MiB in RAM, after the load {loaded_mib} MiB."
        )?;
    }
    if let Some(prompts) = &run.prompts {
        let ManyPrompts {
            texts,
            text_mib,
            cache_mib,
            ready_mib,
            loaded_mib,
        } = prompts;
        writeln!(
            text,
            "With {texts} customised prompts ({text_mib} MiB of texts) and a cache of {cache_mib} MiB, \
             which holds {:.2} % of them: {ready_mib} MiB in RAM once ready, after the load \
             {loaded_mib} MiB.",
            prompts.cached_percent(),
        )?;
    }
    let Cloned {
        profiles,
        accounts,
        seconds,
        cpu_seconds,
        rows_a_second,
        before_mib,
        after_mib,
    } = &run.cloned;
    writeln!(
        text,
        "Clone of {profiles} profiles to {accounts} accounts: {seconds:.1} s ({cpu_seconds:.1} s of \
         CPU), {rows_a_second:.0} rows a second, {before_mib} MiB in RAM before and {after_mib} MiB \
         after it."
    )
}

/// What was measured without a server.
fn alone(text: &mut String, micro: &Micro) -> std::fmt::Result {
    text.push_str("\n| resolve alone | accounts | ns | allocations |\n|---|--:|--:|--:|\n");
    for Resolve {
        case,
        accounts,
        nanoseconds,
        allocations,
    } in &micro.resolve
    {
        writeln!(
            text,
            "| {case} | {accounts} | {nanoseconds:.0} | {allocations:.1} |"
        )?;
    }
    text.push_str("\n| accounts | apply of one change, µs | heap MiB |\n|--:|--:|--:|\n");
    for State {
        accounts,
        apply_us,
        heap_mib,
    } in &micro.states
    {
        writeln!(text, "| {accounts} | {apply_us:.1} | {heap_mib} |")?;
    }
    text.push_str("\n| texts alone | µs | allocations |\n|---|--:|--:|\n");
    for Texts {
        case,
        microseconds,
        allocations,
    } in &micro.texts
    {
        writeln!(text, "| {case} | {microseconds:.1} | {allocations:.1} |")?;
    }
    Ok(())
}

fn figures(run: &Run, verdicts: &[Verdict]) -> Value {
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
    json!({
        "machine": machine(),
        "in_flight": run.args.in_flight,
        "seconds": run.args.seconds,
        "accounts": ACCOUNTS,
        "seed": run.args.seed,
        "ready_ms": run.ready_ms,
        "many_accounts": run.large,
        "many_prompts": run.prompts,
        "clone": run.cloned,
        "targets": run.rows.iter().map(target).collect::<Vec<_>>(),
        "alone": run.micro,
        "bars": verdicts,
    })
}

/// Processor and how many cores this process may use.
fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == "model name").then(|| value.trim().to_owned())
    });
    let model = model.unwrap_or_else(|| "unknown processor".to_owned());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{model}, {cores} cores")
}
