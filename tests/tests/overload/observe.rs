//! What the server shows of itself: processor time, memory, and how soon health answers.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use aiconfig_tests::health;
use rustix::param::clock_ticks_per_second;
use tonic::transport::Endpoint;

use crate::cores::Cores;

/// How often health is asked for.
const EVERY: Duration = Duration::from_millis(50);
/// How long health may take.
const HEALTH: Duration = Duration::from_secs(10);

/// User and system time that a process has used.
pub(crate) fn cpu(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // Counted after the name, which may hold anything.
    let fields = stat.rsplit_once(')').unwrap().1.split_ascii_whitespace();
    let ticks: u64 = fields
        .skip(11)
        .take(2)
        .map(|t| t.parse::<u64>().unwrap())
        .sum();
    Duration::from_secs(1) * u32::try_from(ticks).unwrap()
        / u32::try_from(clock_ticks_per_second()).unwrap()
}

/// KiB of memory that a process holds.
pub(crate) fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.unwrap().split_whitespace().nth(1);
    number.unwrap().parse().unwrap()
}

/// What was seen of a server for a while.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The most memory that it held, in KiB.
    pub(crate) memory: u64,
    /// Health checks that were answered, and those that were not.
    pub(crate) healthy: u32,
    pub(crate) unhealthy: u32,
    /// The longest that one took, with its connection.
    pub(crate) health: Duration,
}

/// Looks at a server from a thread of its own; each health check is a connection of its own, as
/// that of an orchestrator's probe.
pub(crate) struct Observer {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Seen>,
}

impl Observer {
    pub(crate) fn begin(address: &str, pid: u32, cores: &Cores) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (ended, cores) = (Arc::clone(&stop), cores.clone());
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        let thread = std::thread::spawn(move || {
            cores.be_client();
            let runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = { runtime }.enable_all().build().unwrap();
            let mut seen = Seen::default();
            while !ended.load(Ordering::Relaxed) {
                let begun = Instant::now();
                let asked = async {
                    let channel = endpoint.connect().await.ok()?;
                    health(&channel, "").await.ok()
                };
                let asked = async { tokio::time::timeout(HEALTH, asked).await };
                match runtime.block_on(asked) {
                    Ok(Some(1)) => seen.healthy += 1,
                    _ => seen.unhealthy += 1,
                }
                seen.health = seen.health.max(begun.elapsed());
                seen.memory = seen.memory.max(resident(pid));
                std::thread::sleep(EVERY);
            }
            seen
        });
        Self { stop, thread }
    }

    pub(crate) fn end(self) -> Seen {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}
