//! The `aiconfig` server and command line.
#![forbid(unsafe_code)]
fn main() {}
