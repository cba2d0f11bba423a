//! `crates/fuzzing/src/targets/template` under libFuzzer.
#![no_main]

aiconfig_fuzz::target!(template);
