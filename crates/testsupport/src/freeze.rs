//! Freezes a server and all of its backends, as a stuck disk or a paused machine would.

use std::path::PathBuf;

use rustix::process::{Pid, Signal, kill_process};

/// A frozen server; it goes on when this is dropped.
#[derive(Debug)]
pub struct Frozen {
    pids: Vec<Pid>,
    note: PathBuf,
}

impl Frozen {
    /// Stops the process and its children. `note` lists them for the watchdog.
    pub(crate) fn new(postmaster: i32, note: PathBuf) -> std::io::Result<Self> {
        // The parent first, so that it starts no further child.
        let mut pids = Vec::new();
        stop(postmaster, &mut pids)?;
        for child in children(postmaster) {
            stop(child, &mut pids)?;
        }
        let list: Vec<String> = pids
            .iter()
            .map(|pid| pid.as_raw_nonzero().to_string())
            .collect();
        std::fs::write(&note, list.join("\n"))?;
        Ok(Self { pids, note })
    }
}

impl Frozen {
    /// Kills them all, and waits until they are gone.
    pub(crate) fn kill(mut self) -> std::io::Result<()> {
        for pid in std::mem::take(&mut self.pids) {
            match kill_process(pid, Signal::KILL) {
                Ok(()) => await_end(pid),
                Err(rustix::io::Errno::SRCH) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Waits until a killed process is gone, or is only the name of one that nobody asked after.
fn await_end(pid: Pid) {
    let stat = format!("/proc/{}/stat", pid.as_raw_nonzero());
    let is_there = || {
        std::fs::read_to_string(&stat).is_ok_and(|stat| {
            let state = stat.rsplit_once(')').map(|(_, rest)| rest.trim_start());
            state.is_some_and(|state| !state.starts_with(['Z', 'X']))
        })
    };
    while is_there() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        for pid in &self.pids {
            // One that ended meanwhile needs nothing.
            let _ = kill_process(*pid, Signal::CONT);
        }
        let _ = std::fs::remove_file(&self.note);
    }
}

fn stop(pid: i32, stopped: &mut Vec<Pid>) -> std::io::Result<()> {
    if let Some(pid) = Pid::from_raw(pid) {
        match kill_process(pid, Signal::STOP) {
            Ok(()) => stopped.push(pid),
            Err(rustix::io::Errno::SRCH) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn children(parent: i32) -> Vec<i32> {
    std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            // `pid (name) state parent …`; the name may hold anything, also a bracket.
            let parent_field = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?;
            (parent_field.parse() == Ok(parent)).then_some(pid)
        })
        .collect()
}
