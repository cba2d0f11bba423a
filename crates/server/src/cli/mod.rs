//! Tasks of the command line that are no server.

pub(crate) mod import;
