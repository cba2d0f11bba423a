//! `crates/fuzzing/src/targets/price_import` under libFuzzer.
#![no_main]

aiconfig_fuzz::target!(price_import);
