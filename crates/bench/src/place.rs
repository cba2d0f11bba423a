//! Where a server has its database and its files.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use aiconfig_testsupport::{PgOptions, PgServer, free_port};
use clap::ValueEnum;
use serde::Serialize;
use tempfile::TempDir;
use tonic::metadata::{Ascii, MetadataValue};

use crate::Failure;
use crate::process::{Process, beside, says_ready, under};

/// A key-encryption key for this; the embedded database makes its own.
const KEK: &str = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=\n";

/// A database that can be measured on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// Calls a second of a token, far more than any server answers.
const RATE: &str = "100000000";

impl Kind {
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// What databases are made on. `PostgreSQL` is a server of our own that waits for its disk at each
/// commit, as one in use does; SQLite always does.
pub(crate) enum Database {
    Sqlite,
    Postgres(Box<PgServer>),
}

impl Database {
    pub(crate) fn start(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => Self::Sqlite,
            Kind::Postgres => {
                let options = PgOptions { fsync: true };
                Self::Postgres(Box::new(PgServer::start(options)))
            }
        }
    }
}

/// A setting of the server's environment.
pub(crate) type Setting<'a> = (&'a str, &'a str);

/// A folder and an empty database that servers can be started on. Both go when it is dropped, once
/// its servers have ended.
pub(crate) struct Place {
    dir: TempDir,
    /// The address of a database that is not embedded.
    url: Option<String>,
}

impl Place {
    pub(crate) fn new(database: &Database) -> Result<Self, Failure> {
        let mut named = tempfile::Builder::new();
        let dir = named.prefix("aiconfig-bench-").tempdir()?;
        let url = match database {
            Database::Sqlite => None,
            Database::Postgres(server) => Some(server.create_database()),
        };
        let mut options = fs::File::options();
        let private = options.write(true).create_new(true).mode(0o600);
        private
            .open(dir.path().join("kek"))?
            .write_all(KEK.as_bytes())?;
        fs::create_dir(dir.path().join("data"))?;
        Ok(Self { dir, url })
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// The address of the database.
    pub(crate) fn url(&self) -> String {
        let file = self.data().join("aiconfig.db");
        let embedded = || format!("sqlite://{}", file.display());
        self.url.clone().unwrap_or_else(embedded)
    }

    /// Starts `aiconfig serve` on its defaults but for some settings, whatever the environment
    /// says.
    pub(crate) fn serve(&self, settings: &[Setting<'_>]) -> Result<Process, Failure> {
        self.serve_under(&[], settings)
    }

    /// The same, under another program with its arguments.
    pub(crate) fn serve_under(
        &self,
        other: &[String],
        settings: &[Setting<'_>],
    ) -> Result<Process, Failure> {
        let (port, ops) = (free_port(), free_port());
        let mut command = under(other, &beside("aiconfig")?);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("AICONFIG_") {
                command.env_remove(name);
            }
        }
        if let Some(url) = &self.url {
            command
                .env("AICONFIG_DATABASE_URL", url)
                .env("AICONFIG_KEK_FILE", self.path().join("kek"));
        }
        command
            .args(["serve", "--migrate"])
            .env("AICONFIG_DATA_DIR", self.data())
            // One token makes all calls here, and as many as there can be: they are counted as ever.
            .env("AICONFIG_MAX_CALLS_PER_SECOND_PER_TOKEN", RATE)
            .env("AICONFIG_MAX_BURST_PER_TOKEN", RATE)
            .env("AICONFIG_GRPC_ADDR", format!("127.0.0.1:{port}"))
            .env("AICONFIG_OPS_ADDR", format!("127.0.0.1:{ops}"))
            .envs(settings.iter().copied());
        let log = self.path().join(format!("log-{port}"));
        Process::start(command, port, || says_ready(ops), &log)
    }

    /// One of the first tokens, as it is sent.
    pub(crate) fn token(&self, name: &str) -> Result<MetadataValue<Ascii>, Failure> {
        let text = fs::read_to_string(self.data().join("tokens").join(name))?;
        Ok(format!("Bearer {text}").parse()?)
    }
}
