//! The built server as a child process on free loopback ports.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tonic::service::Interceptor;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

/// A data directory and a database that servers can be started on.
pub(crate) struct Place {
    dir: TempDir,
    database: Option<String>,
    kek: PathBuf,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let kek = dir.path().join("none");
        Self {
            dir,
            database: None,
            kek,
        }
    }

    pub(crate) fn postgres(url: &str) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let kek = dir.path().join("kek");
        std::fs::write(&kek, "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=\n").unwrap();
        std::fs::set_permissions(&kek, std::fs::Permissions::from_mode(0o600)).unwrap();
        Self {
            dir,
            database: Some(url.to_owned()),
            kek,
        }
    }
}

/// A running server; it is stopped when dropped.
pub(crate) struct Server {
    child: Child,
    port: u16,
    data: PathBuf,
}

impl Server {
    pub(crate) fn start(place: &Place) -> Self {
        let (port, ops) = (free_port(), free_port());
        let data = place.dir.path().join("data");
        let mut command = Command::new(binary());
        command
            .arg("serve")
            .env("AICONFIG_DATA_DIR", &data)
            .env("AICONFIG_GRPC_ADDR", format!("127.0.0.1:{port}"))
            .env("AICONFIG_OPS_ADDR", format!("127.0.0.1:{ops}"))
            .stdout(Stdio::null());
        if let Some(url) = &place.database {
            std::fs::create_dir_all(&data).unwrap();
            command
                .arg("--migrate")
                .env("AICONFIG_DATABASE_URL", url)
                .env("AICONFIG_KEK_FILE", &place.kek);
        }
        let child = command.spawn().unwrap();
        let server = Self { child, port, data };
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "the server does not listen"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    pub(crate) async fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{}", self.port)).unwrap();
        endpoint
            .timeout(Duration::from_secs(20))
            .connect()
            .await
            .unwrap()
    }

    /// Puts one of the first tokens on every call.
    pub(crate) fn token(&self, name: &str) -> impl Interceptor + Clone + use<> {
        let token = std::fs::read_to_string(self.data.join("tokens").join(name)).unwrap();
        move |mut request: Request<()>| -> Result<Request<()>, Status> {
            request
                .metadata_mut()
                .insert("authorization", format!("Bearer {token}").parse().unwrap());
            Ok(request)
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// The server's binary beside the test's own: `cargo test --workspace` builds both.
fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let binary = profile.join("aiconfig");
    assert!(
        binary.exists(),
        "the server is not built: cargo build --bin aiconfig"
    );
    binary
}
