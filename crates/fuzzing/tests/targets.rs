//! Every target with its seeds, and for a moment with changes of them.
#![forbid(unsafe_code)]
#![cfg(test)]

use std::env;
use std::time::Duration;

use aiconfig_fuzzing::{Length, Target, any_seed, run};

/// `FUZZ_SEED` of a failed run makes the same inputs again, where nothing else has changed.
fn check(name: &str) {
    let given = env::var("FUZZ_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(any_seed);
    println!("FUZZ_SEED={seed}");
    let length = Length {
        rounds: 2_000,
        time: Duration::from_secs(5),
    };
    let target = Target::named(name).unwrap();
    match run(target, seed, length) {
        Ok(report) => assert!(report.seeds >= 3 && report.rounds > 0, "{report:?}"),
        Err(finding) => panic!("{finding}"),
    }
}

#[test]
fn settings() {
    check("settings");
}

#[test]
fn envelope() {
    check("envelope");
}

#[test]
fn page_token() {
    check("page_token");
}

#[test]
fn template() {
    check("template");
}

#[test]
fn merge() {
    check("merge");
}

#[test]
fn django_import() {
    check("django_import");
}

#[test]
fn price_import() {
    check("price_import");
}

#[test]
fn requests() {
    check("requests");
}
