//! Measures the main call beside a server that does nothing; see docs/benchmarks.md.
#![forbid(unsafe_code)]

mod alone;
mod args;
mod bars;
mod chart;
mod clones;
mod figures;
mod fill;
mod instructions;
mod load;
mod noop;
mod place;
mod prepare;
mod process;
mod prompt_bars;
mod prompt_calls;
mod prompt_rounds;
mod proxy;
mod raw;
mod report;
mod round_trips;
mod rounds;
mod stats;
mod targets;
mod visible;
mod world;
mod write_bars;
mod writes;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

/// Why a run fails, as a sentence for the terminal.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// One thread: the driver leaves the rest of the machine to the server.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&args::Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("aiconfig-bench: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &args::Args) -> Result<(), Failure> {
    let run = rounds::measure(args).await?;
    let verdicts = bars::judge(&run);
    let table = report::write(&run, &verdicts, &args.out)?;
    writeln!(std::io::stdout(), "{table}")?;
    Ok(())
}

/// To standard error, where progress goes too.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
