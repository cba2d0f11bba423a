//! What the programs of this crate share: the accounts and the prompts that they measure with.
#![forbid(unsafe_code)]

pub mod population;
pub mod prompts;
