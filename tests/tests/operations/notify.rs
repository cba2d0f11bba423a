//! What the service manager is told, with a socket of the test's own in its place.

use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aiconfig_tests::{Place, Server, binary, health};
use aiconfig_testsupport::free_port;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tonic::transport::Endpoint;

/// How long a message may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Time that the watchdog of the test allows, in microseconds.
const WATCHDOG_USEC: u64 = 900_000;

/// A server as a service manager starts it.
struct Unit {
    dir: TempDir,
    socket: UnixDatagram,
    child: Child,
    grpc: u16,
    ops: u16,
}

impl Unit {
    fn start(env: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let (grpc, ops) = (free_port(), free_port());
        let child = Command::new(binary())
            .arg("serve")
            .env("AICONFIG_DATA_DIR", dir.path().join("data"))
            .env("AICONFIG_GRPC_ADDR", format!("127.0.0.1:{grpc}"))
            .env("AICONFIG_OPS_ADDR", format!("127.0.0.1:{ops}"))
            .env("NOTIFY_SOCKET", path)
            .envs(env.iter().copied())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(dir.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        Self {
            dir,
            socket,
            child,
            grpc,
            ops,
        }
    }

    /// The next message.
    fn message(&self) -> String {
        let mut buffer = [0; 4096];
        let told = self.socket.recv(&mut buffer);
        let length = told.unwrap_or_else(|error| panic!("no message: {error}\n{}", self.log()));
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    /// Reads on until a message holds a line.
    fn until(&self, line: &str) -> String {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let message = self.message();
            if message.lines().any(|told| told == line) {
                return message;
            }
        }
        panic!("{line} was never told: {}", self.log())
    }

    /// Messages of the next `time`.
    fn during(&self, time: Duration) -> Vec<String> {
        let begun = Instant::now();
        let mut told = Vec::new();
        while let Some(left) = time.checked_sub(begun.elapsed()).filter(|t| !t.is_zero()) {
            self.socket.set_read_timeout(Some(left)).unwrap();
            let mut buffer = [0; 4096];
            if let Ok(length) = self.socket.recv(&mut buffer) {
                told.push(String::from_utf8(buffer[..length].to_vec()).unwrap());
            }
        }
        self.socket.set_read_timeout(Some(PATIENCE)).unwrap();
        told
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap()
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn ready_is_told_once_calls_are_answered_and_stopping_at_sigterm() {
    let mut unit = Unit::start(&[]);
    assert_eq!(unit.message(), "STATUS=starting: opening the database\n");
    let ready = unit.until("READY=1");
    assert!(ready.contains("\nSTATUS=serving at revision "), "{ready}");
    // No wait and no second try: at READY both ports answer.
    let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{}", unit.grpc)).unwrap();
    let channel = endpoint.connect().await.unwrap();
    assert_eq!(health(&channel, "").await.unwrap(), 1);
    TcpStream::connect(("127.0.0.1", unit.ops)).unwrap();
    // Nothing follows files here, and SIGHUP ends nothing.
    unit.signal(Signal::HUP);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(health(&channel, "").await.unwrap(), 1);
    unit.signal(Signal::TERM);
    let stopping = unit.until("STOPPING=1");
    assert!(stopping.contains("STATUS=stopping"), "{stopping}");
    assert!(unit.child.wait().unwrap().success());
    // The log tells the same story, with what an operator asks first.
    let log = unit.log();
    let version = env!("CARGO_PKG_VERSION");
    let data = unit.dir.path().join("data").display().to_string();
    for part in [
        &format!("version=\"{version}\""),
        &format!("data_dir = {data} (AICONFIG_DATA_DIR)"),
        "the state is loaded database=\"SQLite\" schema=",
        "the vault is open",
        "serving; try",
        "SIGHUP",
        "stopping signal=\"SIGTERM\"",
        "stopped revision=",
    ] {
        assert!(log.contains(part), "{part} is not in:\n{log}");
    }
}

#[test]
fn the_watchdog_is_fed_while_the_server_gets_on() {
    let unit = Unit::start(&[("WATCHDOG_USEC", &WATCHDOG_USEC.to_string())]);
    unit.until("READY=1");
    let fed = |messages: &[String]| messages.iter().filter(|m| *m == "WATCHDOG=1\n").count();
    let time = Duration::from_micros(WATCHDOG_USEC);
    let told = unit.during(time * 3);
    assert!(fed(&told) >= 6, "{told:?}");
    unit.signal(Signal::STOP);
    unit.during(time / 3);
    let told = unit.during(time);
    assert_eq!(fed(&told), 0, "{told:?}");
    unit.signal(Signal::CONT);
    unit.until("WATCHDOG=1");
}

#[test]
fn without_a_watchdog_none_is_fed() {
    // The variable is for another process.
    let unit = Unit::start(&[("WATCHDOG_USEC", "300000"), ("WATCHDOG_PID", "1")]);
    unit.until("READY=1");
    let told = unit.during(Duration::from_secs(1));
    assert!(
        told.iter().all(|message| !message.contains("WATCHDOG")),
        "{told:?}"
    );
}

#[test]
fn the_status_says_what_is_wrong() {
    let place = Place::sqlite();
    assert!(Server::start(&place).stop());
    // Another key than the one that the database needs.
    let kek = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";
    std::fs::write(place.data().join("kek"), kek).unwrap();
    let unit = Unit::start(&[("AICONFIG_DATA_DIR", place.data().to_str().unwrap())]);
    let ready = unit.until("READY=1");
    let degraded = "vault degraded: key-encryption keys missing: 1";
    assert!(ready.contains(degraded), "{ready}");
    let log = unit.log();
    assert!(
        log.contains("vault degraded") && log.contains("missing=\""),
        "{log}"
    );
}
