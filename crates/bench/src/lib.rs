//! What the programs of this crate share: the accounts that they measure with.
#![forbid(unsafe_code)]

pub mod population;
