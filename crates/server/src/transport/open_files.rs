//! Makes sure that there are file descriptors for all connections that are let in.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors for all else: databases, their connections, listeners, logs.
const OTHERS: usize = 128;

/// Raises the soft limit of open files as far as it goes and is needed. Gives the number of
/// connections that there are descriptors for, which may be less than wanted.
pub(super) fn allow(connections: usize) -> usize {
    let wanted = u64::try_from(connections.saturating_add(OTHERS)).unwrap_or(u64::MAX);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let Some(soft) = current.filter(|soft| *soft < wanted) else {
        return connections;
    };
    let raised = maximum.map_or(wanted, |hard| hard.min(wanted)).max(soft);
    let limit = Rlimit {
        current: Some(raised),
        maximum,
    };
    let granted = setrlimit(Resource::Nofile, limit).map_or(soft, |()| raised);
    if granted >= wanted {
        return connections;
    }
    let fit = usize::try_from(granted).unwrap_or(usize::MAX);
    // A process that may open next to nothing still serves someone.
    let fit = fit.saturating_sub(OTHERS).max(16);
    tracing::warn!(
        max_connections = fit,
        open_files = granted,
        "fewer connections than configured: raise the limit of open files (LimitNOFILE)"
    );
    fit.min(connections)
}
