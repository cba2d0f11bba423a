//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::place::Kind;

/// Measures the main call of a built server beside a server that does nothing.
///
/// Starts both on free loopback ports, puts each target under load in turn, several times over,
/// and prints a table with the bars of docs/benchmarks.md. Builds nothing: `make bench` does.
/// Exit codes: 0 measured, whether or not every bar is met; 1 it failed and says why.
#[derive(Clone, Debug, Parser)]
#[command(name = "aiconfig-bench", version)]
pub(crate) struct Args {
    /// A quick look: 3 rounds of 1 second, no server with many accounts.
    #[arg(long)]
    pub(crate) quick: bool,
    /// The databases that servers are measured on.
    #[arg(long, value_delimiter = ',', default_value = "sqlite,postgres")]
    pub(crate) databases: Vec<Kind>,
    /// Seconds of load on each target in each round.
    #[arg(long, default_value = "4", default_value_if("quick", "true", "1"), value_parser = positive)]
    pub(crate) seconds: f64,
    /// Rounds over all targets; medians are taken over them.
    #[arg(long, default_value = "7", default_value_if("quick", "true", "3"), value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) rounds: u32,
    /// Starts a second server with this many accounts, each with settings of its own, to see what
    /// they cost a start, in memory and a call; 0: none. A million take some minutes to write.
    #[arg(long, default_value = "1000000", default_value_if("quick", "true", "0"), value_parser = many)]
    pub(crate) accounts: u32,
    /// Calls in flight, all on one connection.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=250))]
    pub(crate) in_flight: u16,
    /// Accounts that get copies of 20 profiles, all in one call.
    #[arg(long, default_value = "10000", default_value_if("quick", "true", "1000"), value_parser = clap::value_parser!(u32).range(1..=50_000))]
    pub(crate) clone_to: u32,
    /// Only the targets whose name has this in it, beside the no-op; or one of the other
    /// measurements: alone, instructions, start, writes, second server, round trips, clone.
    #[arg(long)]
    pub(crate) only: Option<String>,
    /// Numbers of accounts for `resolve` and `apply` alone, in a process without a server.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "1000,100000,1000000",
        default_value_if("quick", "true", "1000,100000"),
        value_parser = clap::value_parser!(u32).range(1_000..=10_000_000)
    )]
    pub(crate) sizes: Vec<u32>,
    /// Which accounts are asked for, and in which order, follows from this number.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Where the table, the figures and the chart go.
    #[arg(long, default_value = "target/bench")]
    pub(crate) out: PathBuf,
}

impl Args {
    /// How long a target is under load.
    pub(crate) fn span(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }

    /// Whether a target or another measurement is to be made.
    pub(crate) fn wants(&self, title: &str) -> bool {
        self.only
            .as_ref()
            .is_none_or(|only| title.contains(only.as_str()))
    }

    /// The accounts of the second server, if there is to be one.
    pub(crate) fn accounts(&self) -> Option<u32> {
        (self.accounts > 0).then_some(self.accounts)
    }
}

fn many(text: &str) -> Result<u32, String> {
    let accounts: u32 = text.parse().map_err(|_| "not a number".to_owned())?;
    if accounts == 0 || (1_001..=10_000_000).contains(&accounts) {
        Ok(accounts)
    } else {
        Err("must be 0, or from 1001 to 10000000".to_owned())
    }
}

fn positive(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.1..=3_600.0).contains(&seconds) {
        Ok(seconds)
    } else {
        Err("must be from 0.1 to 3600".to_owned())
    }
}
