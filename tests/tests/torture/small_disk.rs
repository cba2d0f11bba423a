//! A small disk of one's own in memory, without being root where users may have namespaces.

use std::process::Command;

/// Runs what follows on a small disk of its own in memory, makes that larger when it reads a line,
/// and after another one stops it and copies what is there.
pub(crate) const ON_SMALL_DISK: &str = r#"
mount -t tmpfs -o size=6m tmpfs "$SMALL" || exit 1
"$@" & server=$!
read -r line
mount -t tmpfs -o remount,size=64m tmpfs "$SMALL"
read -r line
kill -TERM $server
wait $server
cp -a "$SMALL/." "$COPY/" && touch "$COPY/done"
read -r line
"#;

/// With namespaces of its own a user may mount; root may also where users may not.
pub(crate) fn unshare() -> Option<Vec<&'static str>> {
    let flags = ["--mount", "--pid", "--fork", "--kill-child"];
    let able = |more: &[&str]| {
        let mut tried = Command::new("unshare");
        let tried = tried.args(flags).args(more);
        let tried = tried.args(["sh", "-c", "mount -t tmpfs tmpfs /mnt"]);
        tried.output().is_ok_and(|tried| tried.status.success())
    };
    let more: &[&str] = [&["--map-root-user"][..], &[]]
        .into_iter()
        .find(|more| able(more))?;
    let words = ["unshare"].into_iter().chain(flags);
    Some(words.chain(more.iter().copied()).collect())
}
