//! What the operating system may keep of this process, and what does not end it.

use std::io;

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, Signal, set_dumpable_behavior, setrlimit,
};
use tokio::signal::unix::{SignalKind, signal};

/// No core dumps, and no reading of this process's memory by other processes of its user: keys
/// are in it.
pub(crate) fn keep_memory_private() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let limited = setrlimit(Resource::Core, none);
    let hidden = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    if let Err(error) = limited.and(hidden) {
        tracing::warn!(%error, "core dumps could not be switched off");
    }
}

/// Lets debuggers of the same user read the memory again; there are still no core dumps.
pub(crate) fn let_memory_be_read() {
    let shown = set_dumpable_behavior(DumpableBehavior::Dumpable);
    tracing::warn!(
        ?shown,
        "other processes of this user may read the keys in memory: dumpable is set"
    );
}

/// A file that meets its size limit is then an error of the write, and not the end of the process.
pub(crate) fn outlive_file_size_limit() -> io::Result<()> {
    // Once it was asked for, the signal never does again what it does by default.
    signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).map(drop)
}
