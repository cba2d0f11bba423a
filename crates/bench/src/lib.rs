//! What the programs of this crate share: the accounts and the prompts that they measure with, and
//! the server that does nothing.
#![forbid(unsafe_code)]

pub mod noop_server;
pub mod population;
pub mod prompts;
