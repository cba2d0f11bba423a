//! Where a server of a test keeps its data, on each of the databases.

use aiconfig_tests::Place;
use aiconfig_testsupport::{PgOptions, PgServer};

/// A database that a server can be started on again and again.
pub(crate) struct Ground {
    pub(crate) name: &'static str,
    server: Option<PgServer>,
}

impl Ground {
    pub(crate) fn sqlite() -> Self {
        Self {
            name: "SQLite",
            server: None,
        }
    }

    /// A server that keeps what it has acknowledged.
    pub(crate) fn postgres() -> Self {
        Self::on(PgServer::start(PgOptions { fsync: true }))
    }

    pub(crate) fn on(server: PgServer) -> Self {
        Self {
            name: "PostgreSQL",
            server: Some(server),
        }
    }

    /// An empty one.
    pub(crate) fn place(&self) -> Place {
        match &self.server {
            Some(server) => Place::postgres(&server.create_database()),
            None => Place::sqlite(),
        }
    }

    pub(crate) fn server(&self) -> &PgServer {
        self.server.as_ref().unwrap()
    }
}
