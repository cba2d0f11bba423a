//! The `aiconfig` server and command line as a library: the program is a call of [`run`].
#![forbid(unsafe_code)]

mod access;
mod announce;
mod call;
mod cli;
mod config;
mod encoded;
mod error_details;
mod errors;
mod gate;
mod in_process;
mod lists;
mod metrics;
mod ops;
mod process;
mod serve;
mod service_manager;
mod services;
mod shortcut;
mod start;
mod telemetry;
mod transport;
mod turns;
mod vault;
mod wire;

use std::process::ExitCode;

use clap::Parser as _;

pub use in_process::{InProcess, code_of, in_process, page_of_names, rpcs};

/// Does what the command line of this process asks for.
pub async fn run() -> ExitCode {
    telemetry::quiet_panics();
    process::keep_memory_private();
    match cli::Cli::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&error);
            ExitCode::FAILURE
        }
    }
}

/// To standard error, for the log may not be there yet.
fn tell(error: &start::Failure) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "aiconfig: {error}");
}
