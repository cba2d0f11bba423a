//! Where a server of a test keeps its data, on each of the databases.

use std::sync::OnceLock;

use aiconfig_tests::Place;
use aiconfig_testsupport::{PgOptions, PgServer};

/// A database that a server can be started on again and again.
pub(crate) struct Ground {
    pub(crate) name: &'static str,
    server: Option<&'static PgServer>,
}

impl Ground {
    pub(crate) fn sqlite() -> Self {
        Self {
            name: "SQLite",
            server: None,
        }
    }

    /// A server that keeps what it has acknowledged. The tests take turns with it.
    pub(crate) fn postgres() -> Self {
        static SHARED: OnceLock<PgServer> = OnceLock::new();
        let start = || PgServer::start(PgOptions { fsync: true });
        Self {
            name: "PostgreSQL",
            server: Some(SHARED.get_or_init(start)),
        }
    }

    /// An empty one.
    pub(crate) fn place(&self) -> Place {
        match self.server {
            Some(server) => Place::postgres(&server.create_database()),
            None => Place::sqlite(),
        }
    }

    pub(crate) fn server(&self) -> &'static PgServer {
        self.server.unwrap()
    }

    /// The port of the server.
    pub(crate) fn port(&self) -> u16 {
        u16::try_from(self.server().port()).unwrap()
    }
}
