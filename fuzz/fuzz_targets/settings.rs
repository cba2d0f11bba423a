//! `crates/fuzzing/src/targets/settings` under libFuzzer.
#![no_main]

aiconfig_fuzz::target!(settings);
