//! Merges and renders alone.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use aiconfig_bench::prompts::{VARIABLES, own_text, prose};
use aiconfig_domain::merge::three_way;
use aiconfig_domain::template::{Variable, Variables, render};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region};

use crate::{Failure, middle};

/// Bytes of each text of a merge.
const MERGED: usize = 64 << 10;
/// Changes that each side made of the base.
const CHANGES: usize = 30;
/// Rounds; the median counts.
const ROUNDS: usize = 31;
/// Renders of a round: one alone is too short for the clock.
const RENDERS: u32 = 1_000;

/// Measures every case.
pub(crate) fn measure(seed: u64) -> Result<Vec<Value>, Failure> {
    let mut random = StdRng::seed_from_u64(seed);
    let base = prose(seed, MERGED);
    let (ours, theirs) = (
        changed(&base, "ours", &mut random),
        changed(&base, "theirs", &mut random),
    );
    let (one, two) = (prose(seed + 1, MERGED), prose(seed + 2, MERGED));
    let bits: Vec<String> = (0..3).map(|_| coins(&mut random)).collect();
    let merges = [
        (
            "merge of 64 KiB, 30 changes a side",
            [&base, &ours, &theirs],
        ),
        ("merge of 64 KiB, no line alike", [&base, &one, &two]),
        (
            "merge of 64 KiB, 16 384 short lines of two kinds",
            [&bits[0], &bits[1], &bits[2]],
        ),
    ];
    let mut found: Vec<Value> = merges
        .into_iter()
        .map(|(case, [base, ours, theirs])| {
            measured(case, 1, || {
                black_box(three_way(black_box(base), ours, theirs));
            })
        })
        .collect();
    let (text, variables, values) = (own_text(1, 0), variables()?, values());
    render(&text, &variables, &values).map_err(|_| "the values do not fit")?;
    found.push(measured("render of 4 KiB", RENDERS, || {
        drop(black_box(render(black_box(&text), &variables, &values)));
    }));
    Ok(found)
}

/// Microseconds, as the median over the rounds, and allocations of a call.
fn measured(case: &str, calls: u32, mut call: impl FnMut()) -> Value {
    let counted = Region::new(&INSTRUMENTED_SYSTEM);
    call();
    let allocations = counted.change().allocations;
    let mut round = || {
        let begun = Instant::now();
        (0..calls).for_each(|_| call());
        begun.elapsed().as_secs_f64() * 1e6 / f64::from(calls)
    };
    let times = (0..ROUNDS).map(|_| round()).collect();
    json!({ "case": case, "microseconds": middle(times), "allocations": allocations })
}

/// A text with some lines written anew, some left out, and some put in.
fn changed(base: &str, by: &str, random: &mut StdRng) -> String {
    let mut lines: Vec<String> = base.lines().map(str::to_owned).collect();
    for change in 0..CHANGES {
        let at = random.random_range(0..lines.len());
        let line = format!("{by} changed this, number {change}");
        match change % 3 {
            0 => drop(lines.splice(at..=at, [line])),
            1 => lines.insert(at, line),
            _ => drop(lines.remove(at)),
        }
    }
    lines.join("\n")
}

/// Lines of two kinds in no order, where nothing tells one place from another: as many as are
/// still compared line by line.
fn coins(random: &mut StdRng) -> String {
    let kinds = ["aaa\n", "bbb\n"];
    let line = |_| kinds[random.random_range(0..kinds.len())];
    (0..MERGED / kinds[0].len()).map(line).collect()
}

fn variables() -> Result<Variables, Failure> {
    let variable = |name: &str| Variable {
        name: name.to_owned(),
        required: true,
        max_length: Some(1_000),
        ..Variable::default()
    };
    let list = VARIABLES.into_iter().map(variable).collect();
    Ok(Variables::import(list).map_err(|_| "not a list of variables")?)
}

fn values() -> BTreeMap<String, String> {
    let value = |name: &str| (name.to_owned(), "what an account says".to_owned());
    VARIABLES.into_iter().map(value).collect()
}
