//! Which cores the server has and which its clients, so that neither takes the other's time.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Cores {
    pub(crate) of_server: Vec<usize>,
    pub(crate) of_clients: Vec<usize>,
}

impl Cores {
    /// The first core for the server, the others for the clients; all for both where there is but
    /// one.
    pub(crate) fn split() -> Self {
        let allowed = sched_getaffinity(None).unwrap();
        let all: Vec<usize> = (0..CpuSet::MAX_CPU)
            .filter(|core| allowed.is_set(*core))
            .collect();
        let (server, clients) = all.split_at(1);
        Self {
            of_server: server.to_vec(),
            of_clients: if clients.is_empty() { server } else { clients }.to_vec(),
        }
    }

    /// Does something on the server's cores: a process that is started then stays there.
    pub(crate) fn as_server<T>(&self, act: impl FnOnce() -> T) -> T {
        let before = sched_getaffinity(None).unwrap();
        stay_on(&self.of_server);
        let done = act();
        sched_setaffinity(None, &before).unwrap();
        done
    }

    /// Keeps this thread on the clients' cores.
    pub(crate) fn be_client(&self) {
        stay_on(&self.of_clients);
    }
}

fn stay_on(cores: &[usize]) {
    let mut set = CpuSet::new();
    for core in cores {
        set.set(*core);
    }
    sched_setaffinity(None, &set).unwrap();
}
