//! Stops the server and removes its files when the test process goes away, however it does.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Reads its input until that ends, which happens when our process does; then stops the server
/// within ten seconds, thawing it first in case that a test had frozen it.
const SCRIPT: &str = r#"
cat >/dev/null
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
if [ -n "$pid" ]; then
  kill -CONT "$pid" $(cat "$1/frozen" 2>/dev/null) 2>/dev/null
  kill -INT "$pid" 2>/dev/null
  tries=0
  while kill -0 "$pid" 2>/dev/null && [ $tries -lt 100 ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
  kill -KILL "$pid" 2>/dev/null
fi
rm -rf "$1"
"#;

/// Keeps the input open while it lives.
#[derive(Debug)]
pub(crate) struct Watchdog(Child);

impl Watchdog {
    /// Watches over the server whose files are below `root`.
    pub(crate) fn start(root: &Path) -> std::io::Result<Self> {
        Command::new("sh")
            .args(["-c", SCRIPT, "watchdog"])
            .arg(root)
            .current_dir("/")
            // A Ctrl-C at the terminal is for the test alone.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map(Self)
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // The files are gone once it has ended. Its own time limit bounds this wait.
        let _ = self.0.wait();
    }
}
