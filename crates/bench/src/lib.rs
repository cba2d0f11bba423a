//! Benchmarks beside a no-op twin of the server.
#![forbid(unsafe_code)]
