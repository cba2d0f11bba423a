//! `crates/fuzzing/src/targets/page_token` under libFuzzer.
#![no_main]

aiconfig_fuzz::target!(page_token);
