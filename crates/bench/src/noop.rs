//! The server that does nothing, as a child process.

use std::net::TcpStream;

use aiconfig_testsupport::free_port;
use tempfile::NamedTempFile;

use crate::Failure;
use crate::process::{Process, beside, under};

/// With the allocator of the server, which wipes what is freed.
pub(crate) const WIPING: &str = "noop";
/// With the system's allocator.
pub(crate) const PLAIN: &str = "noop-plain";

/// Starts one of them, with answers of so many bytes.
pub(crate) fn start(program: &str, bytes: usize) -> Result<Process, Failure> {
    start_under(&[], program, bytes)
}

/// The same, under another program with its arguments.
pub(crate) fn start_under(
    other: &[String],
    program: &str,
    bytes: usize,
) -> Result<Process, Failure> {
    let port = free_port();
    let mut command = under(other, &beside(program)?);
    command
        .args(["--listen", &format!("127.0.0.1:{port}")])
        .args(["--bytes", &bytes.to_string()]);
    let listens = || TcpStream::connect(("127.0.0.1", port)).is_ok();
    Process::start(command, port, listens, NamedTempFile::new()?.path())
}
