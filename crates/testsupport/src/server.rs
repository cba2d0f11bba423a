//! One PostgreSQL server of our own with databases made on demand.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::binaries;
use crate::freeze::Frozen;
use crate::owner::Owner;
use crate::port::free_port;
use crate::watchdog::Watchdog;

/// The database user, and a password that tests may search for where it must not be.
const USER: &str = "aiconfig";
const PASSWORD: &str = "Pg-Test-Secret-7c31";

/// How to run the server.
#[derive(Debug, Clone, Copy, Default)]
pub struct PgOptions {
    /// Whether commits reach the disk; off is several times faster and enough for most tests.
    pub fsync: bool,
}

/// The most connections that a server takes by default.
const CONNECTIONS: u32 = 200;

/// A running server; stopped and removed when dropped, or when the process ends.
#[derive(Debug)]
pub struct PgServer {
    // First, so that the server has ended before anything else goes.
    _watchdog: Watchdog,
    bin: PathBuf,
    owner: Owner,
    root: PathBuf,
    port: AtomicU32,
    databases: AtomicU64,
    options: PgOptions,
    connections: u32,
}

impl PgServer {
    /// The server that the tests of one process share.
    ///
    /// # Panics
    /// As [`PgServer::start`].
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<PgServer> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(PgOptions::default()))
    }

    /// Starts a server of one's own, for tests that freeze or stop it.
    ///
    /// # Panics
    /// If PostgreSQL is not installed (`apt-get install postgresql`) or does not start.
    #[must_use]
    pub fn start(options: PgOptions) -> Self {
        Self::start_with_room(options, CONNECTIONS)
    }

    /// The same, which takes so many connections, some of them for its superuser; the tests are
    /// that.
    ///
    /// # Panics
    /// As [`PgServer::start`].
    #[must_use]
    pub fn start_with_room(options: PgOptions, connections: u32) -> Self {
        let server = Self::prepare(options, connections);
        server.initialise();
        server.resume();
        server
    }

    /// A second server over a base backup of this one, which goes on meanwhile.
    ///
    /// # Panics
    /// If the backup cannot be taken or does not start.
    #[must_use]
    pub fn base_backup(&self) -> Self {
        let copy = Self::prepare(self.options, self.connections);
        let port = self.port().to_string();
        let mut take = copy.tool("pg_basebackup");
        take.env("PGPASSWORD", PASSWORD)
            .args(["-h", "127.0.0.1", "-p", &port, "-U", USER])
            .args(["--wal-method=stream", "--checkpoint=fast", "-D"])
            .arg(copy.data());
        run(&mut take);
        copy.resume();
        copy
    }

    /// A program of this server's version, such as `pg_dump`.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// A folder and a watchdog for a server that is still to be made.
    fn prepare(options: PgOptions, connections: u32) -> Self {
        let bin = binaries::folder();
        let owner = Owner::choose();
        let root = must(
            "a folder for the server",
            tempfile::Builder::new()
                .prefix("aiconfig-pg-")
                .tempdir()
                .map(tempfile::TempDir::keep),
        );
        // From here on the watchdog removes the folder.
        let watchdog = must("the watchdog", Watchdog::start(&root));
        must("giving the folder away", owner.give(&root));
        Self {
            _watchdog: watchdog,
            bin,
            owner,
            root,
            port: AtomicU32::new(0),
            databases: AtomicU64::new(0),
            options,
            connections,
        }
    }

    /// A new empty database.
    ///
    /// # Panics
    /// If the server does not make it.
    pub fn create_database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        let port = self.port().to_string();
        run(self.tool("createdb").env("PGPASSWORD", PASSWORD).args([
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-U",
            USER,
            &name,
        ]));
        self.url(&name)
    }

    /// The URL of a database of this server, with user and password.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://{USER}:{PASSWORD}@127.0.0.1:{}/{database}",
            self.port()
        )
    }

    /// The password in every URL of this server.
    #[must_use]
    pub fn password(&self) -> &'static str {
        PASSWORD
    }

    /// The loopback port; the same after [`PgServer::resume`].
    #[must_use]
    pub fn port(&self) -> u32 {
        self.port.load(Ordering::Relaxed)
    }

    /// Freezes every process of the server until the answer is dropped.
    ///
    /// # Panics
    /// If its processes cannot be stopped.
    #[must_use]
    pub fn freeze(&self) -> Frozen {
        let frozen = Frozen::new(self.postmaster(), self.root.join("frozen"));
        must("freezing the server", frozen)
    }

    /// Kills every process of the server (SIGKILL), keeping its data for [`PgServer::resume`].
    ///
    /// # Panics
    /// If its processes cannot be killed.
    pub fn kill(&self) {
        // Frozen first, so that none of them sees the others die.
        let frozen = self.freeze();
        must("killing the server", frozen.kill());
        // The watchdog knows it by this file, and another process may get its id.
        let _ = std::fs::remove_file(self.data().join("postmaster.pid"));
    }

    fn postmaster(&self) -> i32 {
        let file = self.data().join("postmaster.pid");
        let text = must(
            "reading the server's process id",
            std::fs::read_to_string(file),
        );
        let pid = text.lines().next().and_then(|line| line.parse().ok());
        pid.unwrap_or_default()
    }

    /// Stops the server at once, as a crash would, keeping its data for [`PgServer::resume`].
    ///
    /// # Panics
    /// If it does not stop.
    pub fn halt(&self) {
        let data = self.data();
        run(self
            .tool("pg_ctl")
            .args(["stop", "-w", "-m", "immediate", "-D"])
            .arg(data));
    }

    /// Starts the server again after [`PgServer::halt`], on the same port.
    ///
    /// # Panics
    /// If it does not start.
    pub fn resume(&self) {
        let mut tries = 0;
        loop {
            let known = self.port();
            let port = if known == 0 {
                u32::from(free_port())
            } else {
                known
            };
            let settings = format!(
                "-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='' \
                 -c fsync={fsync} -c synchronous_commit={fsync} -c max_connections={most} \
                 -c shared_buffers=32MB",
                fsync = if self.options.fsync { "on" } else { "off" },
                most = self.connections,
            );
            let log = self.root.join("server.log");
            let started = status(
                self.tool("pg_ctl")
                    .args(["start", "-w", "-t", "30", "-D"])
                    .arg(self.data())
                    .arg("-l")
                    .arg(&log)
                    .args(["-o", &settings]),
            );
            if started {
                self.port.store(port, Ordering::Relaxed);
                return;
            }
            tries += 1;
            // Another process may have taken the port between our look and the start.
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            assert!(tries < 5, "PostgreSQL did not start:\n{text}");
        }
    }

    fn initialise(&self) {
        let password = self.root.join("password");
        must("writing the password", std::fs::write(&password, PASSWORD));
        must("giving the password away", self.owner.give(&password));
        run(self
            .tool("initdb")
            .args(["--no-sync", "--encoding=UTF8", "--locale=C", "-U", USER])
            .args(["--auth-host=scram-sha-256", "--auth-local=reject"])
            .arg("--pwfile")
            .arg(&password)
            .arg("-D")
            .arg(self.data()));
    }

    fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = self.owner.command(&self.bin.join(name));
        command.stdin(Stdio::null()).env("LC_ALL", "C");
        command
    }
}

/// The output of a server that stays behind must not hold the test's own pipes open.
fn status(command: &mut Command) -> bool {
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    must(&name(command), command.status()).success()
}

fn run(command: &mut Command) {
    let title = name(command);
    if title.ends_with("pg_ctl") {
        assert!(status(command), "{title} failed");
        return;
    }
    let output = must(&title, command.output());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{title} failed: {text}");
}

fn name(command: &Command) -> String {
    Path::new(command.get_program()).display().to_string()
}

#[expect(clippy::panic, reason = "a test without its database has failed")]
fn must<T>(what: &str, result: std::io::Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{what}: {error}"))
}
