//! `crates/fuzzing/src/targets/django_import` under libFuzzer.
#![no_main]

aiconfig_fuzz::target!(django_import);
