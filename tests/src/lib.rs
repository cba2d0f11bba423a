//! Black-box tests of the built server; see `tests/`.
#![forbid(unsafe_code)]
