//! Python's own gRPC client, which knows the API by reflection alone, against the real server on
//! SQLite and on PostgreSQL; see `tests/python`.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use aiconfig_tests::{Place, Server};
use aiconfig_testsupport::PgServer;

/// How long all of pytest may take.
const LIMIT: Duration = Duration::from_mins(4);

#[test]
fn python_on_sqlite() {
    pytest(&Place::sqlite());
}

#[test]
fn python_on_postgresql() {
    pytest(&Place::postgres(&PgServer::shared().create_database()));
}

fn pytest(place: &Place) {
    let server = Server::start_with(place, &[("AICONFIG_LOG", "debug")]);
    let token_file = |name: &str| place.data().join("tokens").join(name);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let python = root.join(".tools/venv/bin/python");
    assert!(
        python.exists(),
        "the Python packages of tests/python are missing: `make tools` installs them into .tools"
    );
    let output = tempfile::NamedTempFile::new().unwrap();
    let mut child = Command::new(python)
        .args(["-m", "pytest", "--quiet", "--tb=short"])
        .args(["-p", "no:cacheprovider"])
        .current_dir(root.join("tests/python"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("AICONFIG_ADDR", server.address())
        .env("AICONFIG_ADMIN_TOKEN_FILE", token_file("admin"))
        .env("AICONFIG_BACKEND_TOKEN_FILE", token_file("backend"))
        // A proxy of the environment is not asked for a server on loopback.
        .env("no_proxy", "127.0.0.1")
        .stdin(Stdio::null())
        .stdout(output.reopen().unwrap())
        .stderr(output.reopen().unwrap())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break Some(status);
        }
        if begun.elapsed() > LIMIT {
            child.kill().unwrap();
            child.wait().unwrap();
            break None;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let text = std::fs::read_to_string(output.path()).unwrap();
    let log = server.log();
    assert!(
        status.is_some_and(|status| status.success()),
        "pytest ended with {status:?}:\n{text}\nthe server's log:\n{log}"
    );
    assert!(text.contains(" passed"), "pytest ran no test:\n{text}");
    assert!(
        !log.contains("sk-test-"),
        "the server's log shows a key:\n{log}"
    );
}
