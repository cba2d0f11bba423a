//! What each program of this folder is: a target of `aiconfig-fuzzing` under libFuzzer, with
//! changes that keep the form of its inputs beside libFuzzer's own.

use std::sync::OnceLock;

use aiconfig_fuzzing::{Target, mutate_for};

pub use libfuzzer_sys;

/// Of so many changes one is libFuzzer's own.
const OWN: u32 = 3;

/// The entry points that libFuzzer calls.
#[macro_export]
macro_rules! target {
    ($name:ident) => {
        $crate::libfuzzer_sys::fuzz_target!(|data: &[u8]| {
            ($crate::named(stringify!($name)).check)(data);
        });
        $crate::libfuzzer_sys::fuzz_mutator!(
            |data: &mut [u8], size: usize, most: usize, seed: u32| {
                $crate::change($crate::named(stringify!($name)), data, size, most, seed)
            }
        );
    };
}

/// The target of a name, which there is.
pub fn named(name: &str) -> &'static Target {
    static NAMED: OnceLock<&'static Target> = OnceLock::new();
    NAMED.get_or_init(|| Target::named(name).expect("a target of this name"))
}

/// Changes an input in place, and gives its new length.
pub fn change(target: &Target, data: &mut [u8], size: usize, most: usize, seed: u32) -> usize {
    if seed % OWN == 0 {
        return libfuzzer_sys::fuzzer_mutate(data, size, most);
    }
    let changed = mutate_for(target, &data[..size], most.min(data.len()), seed);
    data[..changed.len()].copy_from_slice(&changed);
    changed.len()
}
