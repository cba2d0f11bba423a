//! The built server as a child process on free loopback ports, with its log in a file.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a server may take until it listens.
const START_LIMIT: Duration = Duration::from_secs(30);

/// A running server with its own data directory; stopped and removed when dropped.
pub(crate) struct Server {
    child: Child,
    address: String,
    dir: TempDir,
}

impl Server {
    /// Starts on SQLite, or on the PostgreSQL database of the URL.
    pub(crate) fn start(database: Option<&str>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (grpc, ops) = (free_address(), free_address());
        let log = File::create(dir.path().join("log")).unwrap();
        let mut command = Command::new(binary());
        command
            .arg("serve")
            .env("AICONFIG_DATA_DIR", dir.path().join("data"))
            .env("AICONFIG_GRPC_ADDR", &grpc)
            .env("AICONFIG_OPS_ADDR", &ops)
            .env("AICONFIG_LOG", "debug")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        if let Some(url) = database {
            command
                .arg("--migrate")
                .env("AICONFIG_DATABASE_URL", url)
                .env("AICONFIG_KEK_FILE", key_encryption_key(dir.path()));
        }
        let mut server = Self {
            child: command.spawn().unwrap(),
            address: grpc,
            dir,
        };
        let begun = Instant::now();
        while TcpStream::connect(&server.address).is_err() {
            let ended = server.child.try_wait().unwrap();
            assert!(
                ended.is_none() && begun.elapsed() < START_LIMIT,
                "the server does not listen; its log:\n{}",
                server.log()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    /// `host:port` of gRPC.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The file of one of the first tokens, `admin` or `backend`.
    pub(crate) fn token_file(&self, name: &str) -> PathBuf {
        self.data().join("tokens").join(name)
    }

    /// Where the embedded database, the keys and the tokens are.
    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// What the server has written so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// With a database of its own the server generates no key-encryption key.
fn key_encryption_key(dir: &Path) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let file = dir.join("kek");
    std::fs::write(&file, "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=\n").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::create_dir_all(dir.join("data")).unwrap();
    file
}

fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// The server's binary beside the test's own.
fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let binary = test
        .parent()
        .and_then(Path::parent)
        .unwrap()
        .join("aiconfig");
    assert!(
        binary.exists(),
        "the server is not built: cargo build --bin aiconfig"
    );
    binary
}
