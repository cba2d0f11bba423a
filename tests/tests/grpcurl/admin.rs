//! An administrator at a shell: runs the scripts with a clean environment and keeps what they say.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use aiconfig_tests::{Place, Server};
use serde_json::Value;

/// How long a script may run.
const LIMIT: Duration = Duration::from_secs(40);

/// What a script did.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// See the module.
pub(crate) struct Admin {
    variables: Vec<(&'static str, OsString)>,
    /// Everything that scripts wrote.
    said: RefCell<String>,
    /// The scripts that succeeded.
    done: RefCell<BTreeSet<String>>,
}

impl Admin {
    /// One with the server's first admin token.
    pub(crate) fn of(place: &Place, server: &Server) -> Self {
        Self::with(vec![
            ("PATH", path_with(&grpcurl())),
            ("AICONFIG_ADDR", server.address().into()),
            ("AICONFIG_TOKEN_FILE", token_file(place).into()),
        ])
    }

    /// One with just these environment variables.
    pub(crate) fn with(variables: Vec<(&'static str, OsString)>) -> Self {
        Self {
            variables,
            said: RefCell::default(),
            done: RefCell::default(),
        }
    }

    /// The same administrator with one more variable, or another value of it.
    pub(crate) fn but(&self, name: &'static str, value: impl Into<OsString>) -> Self {
        let mut variables = self.variables.clone();
        variables.retain(|(known, _)| *known != name);
        variables.push((name, value.into()));
        Self::with(variables)
    }

    /// Runs a script; `input` is its standard input.
    pub(crate) fn run(&self, script: &str, arguments: &[&str], input: &str) -> Outcome {
        self.run_with(script, arguments, input.as_bytes())
    }

    /// As [`Admin::run`], with bytes that need not be a text.
    pub(crate) fn run_with(&self, script: &str, arguments: &[&str], input: &[u8]) -> Outcome {
        let mut child = Command::new(folder().join(script))
            .args(arguments)
            .env_clear()
            .envs(self.variables.iter().cloned())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A script that reads no input may have closed it.
        let _ = child.stdin.take().unwrap().write_all(input);
        let begun = Instant::now();
        // Answers are smaller than a pipe's buffer or come with the child's end.
        let (stdout, stderr) = (reader(child.stdout.take()), reader(child.stderr.take()));
        let code = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status.code().unwrap_or(-1);
            }
            if begun.elapsed() > LIMIT {
                let _ = child.kill();
                panic!("{script} did not end in {LIMIT:?}");
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
        self.said.borrow_mut().push_str(&stdout);
        self.said.borrow_mut().push_str(&stderr);
        if code == 0 {
            self.done.borrow_mut().insert(script.to_owned());
        }
        Outcome {
            code,
            stdout,
            stderr,
        }
    }

    /// The answer of a script that must succeed, with standard input.
    pub(crate) fn fed(&self, script: &str, arguments: &[&str], input: &str) -> Value {
        let outcome = self.run(script, arguments, input);
        assert_eq!(outcome.code, 0, "{script} {arguments:?}: {outcome:?}");
        serde_json::from_str(&outcome.stdout)
            .unwrap_or_else(|error| panic!("{script} {arguments:?}: {error}: {outcome:?}"))
    }

    /// The answer of a script that must succeed.
    pub(crate) fn ask(&self, script: &str, arguments: &[&str]) -> Value {
        self.fed(script, arguments, "")
    }

    /// A call of grpcurl itself, for what has no script.
    pub(crate) fn call(&self, method: &str, request: &Value) -> Value {
        let variable = |name| {
            let found = self.variables.iter().find(|(known, _)| *known == name);
            found.unwrap().1.clone()
        };
        let token = std::fs::read_to_string(variable("AICONFIG_TOKEN_FILE")).unwrap();
        let output = Command::new(grpcurl())
            .args(["-plaintext", "-expand-headers", "-rpc-header"])
            .arg("authorization: Bearer ${AICONFIG_TOKEN}")
            .args(["-d", &request.to_string()])
            .arg(variable("AICONFIG_ADDR"))
            .arg(format!("igny8.aiconfig.v1.{method}"))
            .env("AICONFIG_TOKEN", token.trim())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What a script says that the server must refuse with this gRPC code; nothing goes to standard
    /// output.
    pub(crate) fn refused(&self, script: &str, arguments: &[&str], code: i32) -> String {
        let outcome = self.run(script, arguments, "");
        assert_eq!(
            outcome.code,
            64 + code,
            "{script} {arguments:?}: {outcome:?}"
        );
        assert_eq!(outcome.stdout, "", "{script} {arguments:?}");
        outcome.stderr
    }

    /// Everything that scripts have written so far.
    pub(crate) fn said(&self) -> String {
        self.said.borrow().clone()
    }

    /// The scripts that have succeeded so far.
    pub(crate) fn done(&self) -> BTreeSet<String> {
        self.done.borrow().clone()
    }
}

fn reader(pipe: Option<impl std::io::Read + Send + 'static>) -> std::thread::JoinHandle<String> {
    let mut pipe = pipe.unwrap();
    std::thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).unwrap();
        text
    })
}

/// The file of the first admin token.
pub(crate) fn token_file(place: &Place) -> PathBuf {
    place.data().join("tokens/admin")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Where the scripts are.
pub(crate) fn folder() -> PathBuf {
    root().join("clients/grpcurl")
}

/// The names of all scripts; files with an extension are parts of them.
pub(crate) fn scripts() -> BTreeSet<String> {
    let names: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.contains('.'))
        .collect();
    assert!(!names.is_empty());
    names
}

/// The real grpcurl: the one that `make tools` installed, else that of the PATH.
pub(crate) fn grpcurl() -> PathBuf {
    let own = root().join(".tools/bin/grpcurl");
    if own.is_file() {
        return own;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join("grpcurl"))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("grpcurl is missing: `make tools` installs it into .tools/bin"))
}

/// A PATH on which this program comes first.
pub(crate) fn path_with(program: &Path) -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let first = program.parent().unwrap().to_path_buf();
    std::env::join_paths(std::iter::once(first).chain(std::env::split_paths(&path))).unwrap()
}
