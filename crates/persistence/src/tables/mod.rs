//! The tables: their columns, and how a row goes in and comes out.

pub(crate) mod audit;
pub(crate) mod request;
pub(crate) mod state;
pub(crate) mod text;
pub(crate) mod vault;
