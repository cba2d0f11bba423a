//! `crates/fuzzing/src/targets/merge` under libFuzzer.
#![no_main]

aiconfig_fuzz::target!(merge);
