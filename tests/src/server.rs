//! The built server as a child process on free loopback ports.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::time::{Duration, Instant};

use aiconfig_testsupport::free_port;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tonic::transport::{Channel, Endpoint};

use crate::{Bearer, Clients};

/// How long a server may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(30);
/// A key-encryption key for tests.
const KEK: &str = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=\n";

/// A data directory and a database that servers and commands can be started on.
pub struct Place {
    dir: TempDir,
    /// Variables for every process.
    env: Vec<(String, String)>,
    embedded: bool,
}

impl Place {
    /// The embedded default.
    #[must_use]
    pub fn sqlite() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            env: Vec::new(),
            embedded: true,
        }
    }

    /// A PostgreSQL database.
    #[must_use]
    pub fn postgres(url: &str) -> Self {
        let place = Self {
            embedded: false,
            ..Self::sqlite()
        };
        place.at(url)
    }

    /// The same with a database elsewhere, and a key file, which is then not made by itself.
    #[must_use]
    pub fn at(self, url: &str) -> Self {
        std::fs::create_dir_all(self.data()).unwrap();
        let kek = self.write_private("kek", KEK);
        self.with("AICONFIG_DATABASE_URL", url)
            .with("AICONFIG_KEK_FILE", kek.to_str().unwrap())
    }

    /// With a variable for every process.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The address of its database, if it is not embedded.
    #[must_use]
    pub fn database(&self) -> Option<&str> {
        let set = self
            .env
            .iter()
            .find(|(name, _)| name == "AICONFIG_DATABASE_URL");
        set.map(|(_, url)| url.as_str())
    }

    /// The data directory.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Writes a file that only its owner can read, outside of the data directory.
    #[expect(clippy::must_use_candidate, reason = "the path is often known")]
    pub fn write_private(&self, name: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::OpenOptionsExt as _;
        let path = self.dir.path().join(name);
        let mut options = File::options();
        let options = options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        path
    }

    /// One of the first tokens.
    #[must_use]
    pub fn token(&self, name: &str) -> String {
        std::fs::read_to_string(self.data().join("tokens").join(name)).unwrap()
    }

    /// Runs a command to its end.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Starts a command; its output goes to nobody.
    #[must_use]
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    }

    /// Makes a token of a role, bound to accounts.
    #[must_use]
    pub fn new_token(&self, role: &str, accounts: &[i64]) -> String {
        let mut arguments = vec!["token", "create", "--label", "test", "--role", role];
        let ids: Vec<String> = accounts.iter().map(ToString::to_string).collect();
        for id in &ids {
            arguments.extend(["--account", id]);
        }
        let made = self.run(&arguments);
        assert!(made.status.success(), "{made:?}");
        String::from_utf8(made.stdout).unwrap().trim().to_owned()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.command_behind(&[], arguments)
    }

    /// The same, run by another program with arguments of its own.
    fn command_behind(&self, before: &[&str], arguments: &[&str]) -> Command {
        let binary = binary();
        let binary = binary.to_str().unwrap();
        let mut words = before.iter().chain([&binary]).chain(arguments);
        let mut command = Command::new(words.next().unwrap());
        // Those of the tests themselves are no settings of the server, which refuses unknown ones.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("AICONFIG_") {
                command.env_remove(name);
            }
        }
        command
            .args(words)
            .current_dir(self.dir.path())
            // It is for the tests: the server refuses variables that it does not know.
            .env_remove("AICONFIG_TORTURE_ROUNDS")
            .env("AICONFIG_DATA_DIR", self.data());
        for (name, value) in &self.env {
            command.env(name, value);
        }
        command
    }
}

/// A running server; it is killed when dropped.
pub struct Server {
    child: Child,
    port: u16,
    ops: u16,
    log: PathBuf,
    data: PathBuf,
}

impl Server {
    /// Starts a server and waits until it listens.
    #[must_use]
    pub fn start(place: &Place) -> Self {
        Self::start_with(place, &[])
    }

    /// Starts a server with further variables.
    #[must_use]
    pub fn start_with(place: &Place, env: &[(&str, &str)]) -> Self {
        Self::start_behind(place, &[], env)
    }

    /// The same, run by another program, such as `setpriv` with its arguments.
    #[must_use]
    pub fn start_behind(place: &Place, before: &[&str], env: &[(&str, &str)]) -> Self {
        let mut server = Self::spawn(place, before, env);
        server.await_listening();
        server
    }

    /// Starts the process, without waiting for anything.
    #[must_use]
    pub fn spawn(place: &Place, before: &[&str], env: &[(&str, &str)]) -> Self {
        let (port, ops) = (free_port(), free_port());
        let log = place.dir.path().join(format!("server-{port}.log"));
        let mut command = place.command_behind(before, &["serve"]);
        command
            .envs(env.iter().copied())
            .env("AICONFIG_GRPC_ADDR", format!("127.0.0.1:{port}"))
            .env("AICONFIG_OPS_ADDR", format!("127.0.0.1:{ops}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap());
        if !place.embedded {
            command.arg("--migrate");
        }
        Self {
            child: command.spawn().unwrap(),
            port,
            ops,
            log,
            data: place.data(),
        }
    }

    fn await_listening(&mut self) {
        let begun = Instant::now();
        // Its own word counts: something else could listen on the port.
        while !self.log().contains("serving; try")
            || TcpStream::connect(("127.0.0.1", self.port)).is_err()
        {
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none() && begun.elapsed() < PATIENCE,
                "the server does not listen ({ended:?}): {}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The standard input of the process, once.
    pub fn input(&mut self) -> Input {
        Input(self.child.stdin.take().unwrap())
    }

    /// A connection.
    pub async fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{}", self.port)).unwrap();
        let endpoint = endpoint.timeout(Duration::from_secs(20));
        endpoint.connect().await.unwrap()
    }

    /// Clients with one of the first tokens.
    pub async fn clients(&self, name: &str) -> Clients {
        Clients::new(&self.channel().await, &self.token(name))
    }

    /// One of the first tokens.
    #[must_use]
    pub fn token(&self, name: &str) -> Bearer {
        let file = self.data.join("tokens").join(name);
        Bearer::new(&std::fs::read_to_string(file).unwrap())
    }

    /// The address that gRPC listens on.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The address that the ops port listens on.
    #[must_use]
    pub fn ops_address(&self) -> String {
        format!("127.0.0.1:{}", self.ops)
    }

    /// A page of the ops port: its status line and all the rest.
    #[must_use]
    pub fn page(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.ops)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).unwrap();
        page
    }

    /// What it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Tells it to stop, and waits; whether it ended well.
    #[must_use]
    pub fn stop(mut self) -> bool {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "it does not stop: {}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The standard input of a process.
pub struct Input(ChildStdin);

impl Input {
    /// Writes a line to it.
    pub fn tell(&mut self, line: &str) {
        writeln!(self.0, "{line}").unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server's binary beside the test's own: `make test` builds it first.
#[must_use]
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let binary = profile.join("aiconfig");
    let missing = "the server is not built: cargo build --bin aiconfig";
    assert!(binary.exists(), "{missing}");
    binary
}
