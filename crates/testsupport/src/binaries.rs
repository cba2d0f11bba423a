//! Finds the programs of an installed PostgreSQL.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The programs that a server needs; one folder holds them all.
const NEEDED: [&str; 4] = ["initdb", "postgres", "pg_ctl", "createdb"];

/// The folder with the programs, the newest version first.
///
/// # Panics
/// If no folder has all of them, with what to install.
pub(crate) fn folder() -> PathBuf {
    let found = candidates()
        .into_iter()
        .find(|folder| NEEDED.iter().all(|name| folder.join(name).is_file()));
    #[expect(clippy::panic, reason = "a test without its database has failed")]
    found.unwrap_or_else(|| {
        panic!("no PostgreSQL server programs found: apt-get install postgresql")
    })
}

fn candidates() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = Command::new("pg_config")
        .arg("--bindir")
        .output()
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .map(|text| PathBuf::from(text.trim()))
        .into_iter()
        .collect();
    folders.extend(packaged(Path::new("/usr/lib/postgresql")));
    if let Some(path) = std::env::var_os("PATH") {
        folders.extend(std::env::split_paths(&path));
    }
    folders
}

fn packaged(root: &Path) -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    versions.into_iter().map(|(_, folder)| folder).collect()
}
