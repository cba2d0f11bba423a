//! `crates/fuzzing/src/targets/envelope` under libFuzzer.
#![no_main]

aiconfig_fuzz::target!(envelope);
