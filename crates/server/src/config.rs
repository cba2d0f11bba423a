//! What the server is started with: flags, or the environment variables beside them.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Answers which model, parameters, prompt and key a function of an account uses.
///
/// Exit codes: 0 done, 1 it failed and says why, 2 the command line is wrong.
#[derive(Parser)]
#[command(name = "aiconfig", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Task,
}

#[derive(Subcommand)]
pub(crate) enum Task {
    /// Serve the API until told to stop.
    Serve {
        #[command(flatten)]
        options: Options,
        /// Migrate the database first; SQLite always does.
        #[arg(long)]
        migrate: bool,
    },
    /// Bring the database to this version's schema, with the shipped defaults in an empty one.
    Migrate {
        #[command(flatten)]
        options: Options,
    },
    /// Take over the data of another system.
    Import(crate::cli::import::Import),
    /// Print the completions of a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Args, Clone)]
pub(crate) struct Options {
    /// Where the embedded database, the generated key file and the first tokens are.
    #[arg(long, env = "AICONFIG_DATA_DIR", default_value = "./data")]
    pub(crate) data_dir: PathBuf,
    /// `sqlite://<file>` or `postgres://…`; the default is `aiconfig.db` in the data directory.
    #[arg(long, env = "AICONFIG_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// Where gRPC listens.
    #[arg(long, env = "AICONFIG_GRPC_ADDR", default_value = "127.0.0.1:50051")]
    pub(crate) grpc_addr: SocketAddr,
    /// Where `/livez` and `/readyz` listen.
    #[arg(long, env = "AICONFIG_OPS_ADDR", default_value = "127.0.0.1:9464")]
    pub(crate) ops_addr: SocketAddr,
    /// Serve plain text on an address that is not loopback.
    #[arg(long, env = "AICONFIG_ALLOW_PLAINTEXT")]
    pub(crate) allow_plaintext: bool,
    /// The key-encryption key: 32 bytes in base64, readable by the owner alone.
    #[arg(long, env = "AICONFIG_KEK_FILE")]
    pub(crate) kek_file: Option<PathBuf>,
    /// Former key-encryption keys, which only open.
    #[arg(long, env = "AICONFIG_KEK_OPEN_FILES", value_delimiter = ',')]
    pub(crate) kek_open_files: Vec<PathBuf>,
    /// What is logged, such as `info` or `info,aiconfig=debug`.
    #[arg(long, env = "AICONFIG_LOG", default_value = "info")]
    pub(crate) log: String,
}
