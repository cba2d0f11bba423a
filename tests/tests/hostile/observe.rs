//! What the server shows of itself: memory, and the cuts that it counts.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use aiconfig_tests::Server;

/// KiB of memory that a process holds.
pub(crate) fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.unwrap().split_whitespace().nth(1);
    number.unwrap().parse().unwrap()
}

/// Looks for the most memory that is held, on a thread of its own.
pub(crate) struct Peak {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

impl Peak {
    pub(crate) fn begin(pid: u32) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut peak = 0;
            while !ended.load(Ordering::Relaxed) {
                peak = peak.max(resident(pid));
                std::thread::sleep(Duration::from_millis(10));
            }
            peak
        });
        Self { stop, thread }
    }

    pub(crate) fn end(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// The counters whose lines begin with a name, by their labels.
pub(crate) fn counters(server: &Server, name: &str) -> BTreeMap<String, u64> {
    let page = server.page("/metrics");
    let lines = page.lines().filter_map(|line| {
        let (labels, value) = line.strip_prefix(name)?.rsplit_once(' ')?;
        Some((labels.to_owned(), value.parse().ok()?))
    });
    lines.collect()
}

/// The cuts so far, by cause.
pub(crate) fn cuts(server: &Server) -> BTreeMap<String, u64> {
    let all = counters(server, "aiconfig_connections_cut_total");
    let cause = |labels: String| labels.split('"').nth(1).unwrap_or_default().to_owned();
    all.into_iter()
        .map(|(labels, n)| (cause(labels), n))
        .collect()
}

/// Answers of the main call with a code so far.
pub(crate) fn answered(server: &Server, code: &str) -> u64 {
    let all = counters(server, "aiconfig_rpc_answers_total");
    let ours = |labels: &str| {
        labels.contains("ModelConfigService/GetModelConfig")
            && labels.contains(&format!("\"{code}\""))
    };
    all.iter()
        .filter(|(labels, _)| ours(labels))
        .map(|(_, n)| n)
        .sum()
}

/// The cuts since then.
pub(crate) fn since(before: &BTreeMap<String, u64>, server: &Server) -> BTreeMap<String, u64> {
    let mut now = cuts(server);
    for (cause, count) in before {
        if let Some(now) = now.get_mut(cause) {
            *now -= count;
        }
    }
    now.retain(|_, count| *count > 0);
    now
}
