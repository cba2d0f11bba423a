//! Servers as child processes, and what the kernel says of them.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Failure;

/// How long a server may take until it is ready.
const START: Duration = Duration::from_mins(3);
/// How often it is looked at until then.
const LOOK: Duration = Duration::from_millis(2);
/// How long a page may take.
const PAGE: Duration = Duration::from_secs(1);

/// A running server; it is stopped when dropped.
pub(crate) struct Process {
    child: Child,
    port: u16,
    /// From its start until it was ready.
    pub(crate) ready_in: Duration,
}

impl Process {
    /// Starts a program that is to listen on a loopback port, and waits until it is `ready`. What
    /// it says goes to a file.
    pub(crate) fn start(
        mut command: Command,
        port: u16,
        ready: impl Fn() -> bool,
        log: &Path,
    ) -> Result<Self, Failure> {
        let program = command.get_program().to_string_lossy().into_owned();
        let begun = Instant::now();
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(log)?)
            .spawn()
            .map_err(|error| format!("{program} does not start: {error}"))?;
        let ready_in = Duration::ZERO;
        let mut process = Self {
            child,
            port,
            ready_in,
        };
        while !ready() {
            let ended = process.child.try_wait()?;
            if ended.is_some() || begun.elapsed() > START {
                let said = fs::read_to_string(log).unwrap_or_default();
                return Err(format!("{program} does not become ready:\n{said}").into());
            }
            std::thread::sleep(LOOK);
        }
        process.ready_in = begun.elapsed();
        Ok(process)
    }

    /// Its id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// User and system time that its threads have used so far; to a hundredth of a second.
    pub(crate) fn cpu(&self) -> Result<Duration, Failure> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let ticks = ticks(&stat).ok_or("/proc/<pid>/stat is not as expected")?;
        let each = Duration::from_secs(1)
            / u32::try_from(rustix::param::clock_ticks_per_second()).unwrap_or(100);
        Ok(each * u32::try_from(ticks)?)
    }

    /// Memory that it has in RAM, in MiB.
    pub(crate) fn resident_mib(&self) -> Result<u64, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
        Ok(kib.ok_or("no VmRSS")?.trim().parse::<u64>()? / 1024)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Neither has anything to lose: its directory goes too.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// User and system ticks: fields 14 and 15, counted after the name, which may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// Whether the ops port of a server says that it answers calls.
pub(crate) fn says_ready(ops: u16) -> bool {
    let asked = || -> std::io::Result<[u8; 12]> {
        let mut page = TcpStream::connect(("127.0.0.1", ops))?;
        page.set_read_timeout(Some(PAGE))?;
        page.write_all(b"GET /readyz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")?;
        let mut status = [0; 12];
        page.read_exact(&mut status)?;
        Ok(status)
    };
    asked().is_ok_and(|status| status == *b"HTTP/1.1 200")
}

/// A command for a program, perhaps under another one with its arguments.
pub(crate) fn under(other: &[String], program: &Path) -> Command {
    match other {
        [first, arguments @ ..] => {
            let mut command = Command::new(first);
            command.args(arguments).arg(program);
            command
        }
        [] => Command::new(program),
    }
}

/// A program that was built beside this one.
pub(crate) fn beside(name: &str) -> Result<PathBuf, Failure> {
    let program = std::env::current_exe()?.with_file_name(name);
    if program.is_file() {
        Ok(program)
    } else {
        Err(format!("{} is not built; run `make bench`", program.display()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_found_behind_any_name() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 100 0 0 0 31 11 0 0 20 0 5 0 99 1 2";
        assert_eq!(ticks(stat), Some(42));
        assert_eq!(ticks("7 (a"), None);
    }
}
