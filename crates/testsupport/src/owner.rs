//! Under which account the server runs: PostgreSQL refuses to run as root.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// The ids of a plain account to change to, or nothing when we are one already.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner(Option<(u32, u32)>);

impl Owner {
    /// # Panics
    /// If we are root and there is neither `postgres` nor `nobody`.
    pub(crate) fn choose() -> Self {
        if !rustix::process::geteuid().is_root() {
            return Self(None);
        }
        let ids = ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| Some((id("-u", name)?, id("-g", name)?)));
        #[expect(clippy::panic, reason = "a test without its database has failed")]
        let ids = ids.unwrap_or_else(|| {
            panic!("running as root without a postgres account: apt-get install postgresql")
        });
        Self(Some(ids))
    }

    /// A command that runs as this account, without our other groups.
    pub(crate) fn command(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if let Some((user, group)) = self.0 {
            command.uid(user).gid(group);
        }
        command.current_dir("/");
        command
    }

    pub(crate) fn give(self, path: &Path) -> std::io::Result<()> {
        match self.0 {
            Some((user, group)) => chown(path, Some(user), Some(group)),
            None => Ok(()),
        }
    }
}

fn id(which: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").args([which, name]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
