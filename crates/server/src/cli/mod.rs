//! The command line.

mod check;
mod export;
mod import;
mod token;
mod vault;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::config::{Config, Flags};
use crate::start::Failure;
use crate::{process, serve, start, telemetry};

/// Answers which model, parameters, prompt and key a function of an account uses.
///
/// Exit codes: 0 done, 1 it failed and says why, 2 the command line is wrong.
#[derive(Parser)]
#[command(name = "aiconfig", version)]
pub(crate) struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Serve the API until told to stop.
    Serve {
        /// Migrate the database first; an embedded one always is.
        #[arg(long)]
        migrate: bool,
    },
    /// Bring the database to this version's schema, with the shipped defaults in an empty one.
    Migrate,
    /// Key-encryption keys and what they seal.
    #[command(subcommand)]
    Vault(vault::Task),
    /// Bearer tokens, also those that may read keys.
    #[command(subcommand)]
    Token(token::Task),
    /// Take over the data of another system.
    Import(import::Import),
    /// Write the whole state but secrets as JSON lines.
    Export(export::Args),
    /// Check configuration, database and keyring, and with --data what is stored.
    Check(check::Args),
    /// Print the completions of a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

impl Cli {
    /// Does what is asked.
    ///
    /// # Errors
    /// A sentence for the terminal.
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let Self { flags, task } = self;
        if let Task::Completions { shell } = task {
            let mut command = Self::command();
            clap_complete::generate(shell, &mut command, "aiconfig", &mut std::io::stdout());
            return Ok(());
        }
        // The check prints a wrong configuration instead of failing on it.
        if let Task::Check(args) = task {
            return check::run(&flags, args).await;
        }
        let config = Config::load(&flags)?;
        telemetry::log(&config)?;
        match task {
            Task::Serve { migrate } => {
                if config.dumpable {
                    process::let_memory_be_read();
                }
                let app = start::open(&config, migrate).await?;
                serve::serve(app, &config).await
            }
            Task::Migrate => start::open(&config, true).await.map(drop),
            Task::Vault(task) => vault::run(&config, task).await,
            Task::Token(task) => token::run(&config, task).await,
            Task::Import(import) => import.run(&config).await,
            Task::Export(args) => export::run(&config, args).await,
            Task::Check(_) | Task::Completions { .. } => Ok(()),
        }
    }
}

/// Prints a line to standard output; a closed pipe ends the command as a failure.
fn say(line: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{line}")
}
