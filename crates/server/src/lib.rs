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

use aiconfig_persistence::DriverError;
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
    let _ = writeln!(std::io::stderr(), "aiconfig: {}", told(error));
}

/// What failed, and what the driver of the database said of it. Other causes may hold what is not
/// to be shown, such as a part of a file.
fn told(error: &start::Failure) -> String {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(driver) = inner.downcast_ref::<DriverError>() {
            return format!("{error}: {driver}");
        }
        cause = inner.source();
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aiconfig_application::AppError;
    use aiconfig_persistence::StoreError;

    #[test]
    fn the_command_line_tells_what_the_driver_said() {
        let source = DriverError {
            code: Some("53100".to_owned()),
            text: "No space left on device".to_owned(),
        };
        let full = StoreError::DiskFull { source };
        let lost = StoreError::OutcomeUnknown {
            source: Box::new(full),
        };
        assert_eq!(
            told(&AppError::from(lost).into()),
            "no answer to the commit: the change may have been made: No space left on device (53100)"
        );
        assert_eq!(
            told(&AppError::from(StoreError::ReadOnly).into()),
            "the database is read-only"
        );
    }
}
