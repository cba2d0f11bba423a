//! `crates/fuzzing/src/targets/requests` under libFuzzer.
#![no_main]

aiconfig_fuzz::target!(requests);
