//! Differences of texts: hunks, the three-way merge, resolutions, drift, and their laws.
#![cfg(test)]

mod diff;
mod drift;
mod hostile;
mod laws;
mod resolve;
mod three_way;
