//! What the operating system may keep of this process.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

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
