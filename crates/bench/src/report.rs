//! The table, the figures and the chart of a run.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::Failure;
use crate::alone::{Alone, Resolve, State, Texts};
use crate::bars::{Verdict, ratio};
use crate::chart;
use crate::clones::Cloned;
use crate::figures::{figures, machine};
use crate::instructions::{self, Instructions};
use crate::load::Measured;
use crate::place::Kind;
use crate::prompt_rounds::ManyPrompts;
use crate::rounds::{ACCOUNTS, Large, OnDatabase, Run};
use crate::stats::{median, spread};
use crate::targets;
use crate::visible::Visible;
use crate::writes::Writes;

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
        "{}. {} in flight on one connection, {} rounds of {} s, medians; {ACCOUNTS} accounts. \
         How to read it: docs/benchmarks.md.",
        machine(),
        args.in_flight,
        args.rounds,
        args.seconds,
    )?;
    for on in &run.on {
        writeln!(text, "\n## {}", on.database.title())?;
        of_targets(&mut text, on)?;
        once(&mut text, on)?;
        of_writes(&mut text, on)?;
    }
    if let Some(measured) = &run.alone {
        text.push_str("\n## Alone\n");
        alone(&mut text, measured)?;
    }
    match &run.instructions {
        Some(counted) => instructions(&mut text, counted)?,
        None if args.wants(instructions::TITLE) => {
            text.push_str("\n## Instructions\n\nNot counted: valgrind is missing.\n");
        }
        None => {}
    }
    text.push_str(
        "\n## Bars\n\n| bar | on | measured | | bar | verdict |\n|---|---|--:|---|--:|---|\n",
    );
    for verdict in verdicts {
        let sign = if verdict.at_least { "≥" } else { "≤" };
        let said = if verdict.met { "met" } else { "**missed**" };
        let Verdict {
            database,
            what,
            measured,
            bar,
            unit,
            ..
        } = verdict;
        let on = database.map_or("", Kind::title);
        let digits = match bar {
            ..3.0 => 2,
            ..10.0 => 1,
            _ => 0,
        };
        writeln!(
            text,
            "| {what} | {on} | {measured:.digits$} | {unit} | {sign} {bar} | {said} |"
        )?;
    }
    Ok(text)
}

/// The calls under load.
fn of_targets(text: &mut String, run: &OnDatabase) -> std::fmt::Result {
    if run.rows.is_empty() {
        return Ok(());
    }
    text.push_str(
        "\n| target | server CPU µs a call | × no-op | lowest to highest | calls/s | × no-op | p50 µs | p99 µs | × no-op | answer bytes |\n\
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
    Ok(())
}

/// What was measured once.
fn once(text: &mut String, run: &OnDatabase) -> std::fmt::Result {
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
    let Some(Cloned {
        profiles,
        accounts,
        seconds,
        cpu_seconds,
        rows_a_second,
        before_mib,
        after_mib,
    }) = &run.cloned
    else {
        return Ok(());
    };
    writeln!(
        text,
        "Clone of {profiles} profiles to {accounts} accounts: {seconds:.1} s ({cpu_seconds:.1} s of \
         CPU), {rows_a_second:.0} rows a second, {before_mib} MiB in RAM before and {after_mib} MiB \
         after it."
    )
}

/// Writes, and how they are seen elsewhere.
fn of_writes(text: &mut String, run: &OnDatabase) -> std::fmt::Result {
    if let Some(writes) = &run.writes {
        let Writes {
            in_flight,
            rates,
            cpu_us,
            p50_us,
            p99_us,
            sync_us,
        } = writes;
        let (low, high) = spread(rates.iter().copied());
        writeln!(
            text,
            "\nWrites, {in_flight} in flight: {:.0} a second ({low:.0} to {high:.0}), {cpu_us:.0} µs of \
             CPU each, p50 {p50_us:.0} µs, p99 {p99_us:.0} µs. The disk takes {sync_us:.0} µs to have 4 KiB.",
            median(rates.iter().copied()),
        )?;
    }
    if let Some(visible) = &run.visible {
        let Visible {
            writes,
            p50_ms,
            p99_ms,
            most_ms,
        } = visible;
        writeln!(
            text,
            "\nSeen on a second server: p50 {p50_ms:.1} ms, p99 {p99_ms:.1} ms, at most {most_ms:.1} ms, \
             of {writes} writes."
        )?;
    }
    if let Some(trips) = &run.round_trips {
        text.push_str("\n| round trip of a write | revision locked | sent |\n|--:|---|---|\n");
        for (place, (locked, sent)) in (1..).zip(&trips.last) {
            let locked = if *locked { "yes" } else { "" };
            writeln!(text, "| {place} | {locked} | `{sent}` |")?;
        }
    }
    Ok(())
}

/// What was measured without a server.
fn alone(text: &mut String, alone: &Alone) -> std::fmt::Result {
    text.push_str("\n| resolve alone | accounts | ns | allocations |\n|---|--:|--:|--:|\n");
    for Resolve {
        case,
        accounts,
        nanoseconds,
        allocations,
    } in &alone.resolve
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
    } in &alone.states
    {
        writeln!(text, "| {accounts} | {apply_us:.1} | {heap_mib} |")?;
    }
    text.push_str("\n| texts alone | µs | allocations |\n|---|--:|--:|\n");
    for Texts {
        case,
        microseconds,
        allocations,
    } in &alone.texts
    {
        writeln!(text, "| {case} | {microseconds:.1} | {allocations:.1} |")?;
    }
    Ok(())
}

/// What callgrind counted.
fn instructions(text: &mut String, counted: &Instructions) -> std::fmt::Result {
    text.push_str("\n## Instructions\n\n| resolve | accounts | instructions |\n|---|--:|--:|\n");
    for resolve in &counted.resolve {
        let instructions::Resolve {
            case,
            accounts,
            instructions,
        } = resolve;
        writeln!(text, "| {case} | {accounts} | {instructions:.0} |")?;
    }
    text.push_str(
        "\n| a call, without the kernel | instructions | × no-op | wiping |\n|---|--:|--:|--:|\n",
    );
    let limit = counted
        .calls
        .iter()
        .find(|call| call.target == targets::Kind::Noop);
    for call in &counted.calls {
        let instructions::Call {
            target,
            instructions,
            wiping,
        } = call;
        let times = instructions / limit.map_or(1.0, |limit| limit.instructions);
        let title = target.title();
        writeln!(
            text,
            "| {title} | {instructions:.0} | {times:.2} | {wiping:.0} |"
        )?;
    }
    Ok(())
}
