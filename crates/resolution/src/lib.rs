//! The ladder: a view of the state and a query to a resolved configuration.
#![forbid(unsafe_code)]
