//! The `aiconfig` server and command line.
#![forbid(unsafe_code)]

mod access;
mod call;
mod cli;
mod config;
mod errors;
mod gate;
mod serve;
mod services;
mod start;
mod wire;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use config::{Cli, Options, Task};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(task: Task) -> Result<(), start::Failure> {
    match task {
        Task::Serve { options, migrate } => {
            log(&options)?;
            let app = start::open(&options, migrate).await?;
            serve::serve(app, &options).await
        }
        Task::Migrate { options } => {
            log(&options)?;
            start::open(&options, true).await.map(drop)
        }
        Task::Import(import) => {
            log(import.options())?;
            import.run().await
        }
        Task::Completions { shell } => {
            clap_complete::generate(
                shell,
                &mut Cli::command(),
                "aiconfig",
                &mut std::io::stdout(),
            );
            Ok(())
        }
    }
}

/// Logs to standard error. At `trace` the database driver shows more than it should: it is capped.
fn log(options: &Options) -> Result<(), start::Failure> {
    let filter = EnvFilter::try_new(format!("{},sea_orm=warn,sqlx=warn", options.log))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init()
}
