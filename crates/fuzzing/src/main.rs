//! Runs fuzz targets on any toolchain, and one input again.
#![forbid(unsafe_code)]

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use aiconfig_fuzzing::{Finding, Length, TARGETS, Target, any_seed, replay, run};
use clap::Parser;

/// Looks at every seed of fuzz targets, then at changes of them at random; without names, at all
/// targets.
///
/// Exit codes: 0 every law held, 1 one did not, 2 the command line is wrong.
#[derive(Parser)]
struct Args {
    /// Targets.
    #[arg(value_parser = target)]
    targets: Vec<&'static Target>,
    /// How long to go on after the seeds, for each target.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Where the random numbers begin; drawn if it is left out.
    #[arg(long)]
    seed: Option<u64>,
    /// Files to look at instead.
    #[arg(long)]
    input: Vec<PathBuf>,
}

fn target(name: &str) -> Result<&'static Target, String> {
    let names = || TARGETS.iter().map(|target| target.name).collect::<Vec<_>>();
    Target::named(name).ok_or_else(|| format!("the targets are {}", names().join(", ")))
}

fn main() -> ExitCode {
    let args = Args::parse();
    let targets = if args.targets.is_empty() {
        TARGETS.to_vec()
    } else {
        args.targets.clone()
    };
    for target in targets {
        let line = look(target, &args);
        let (line, failed) = line.map_or_else(|why| (why, true), |line| (line, false));
        let _ = writeln!(std::io::stdout(), "{line}");
        if failed {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// A line on what came of a target.
fn look(target: &'static Target, args: &Args) -> Result<String, String> {
    let said = |finding: Finding| finding.to_string();
    if !args.input.is_empty() {
        for file in &args.input {
            let input = fs::read(file).map_err(|why| format!("{}: {why}", file.display()))?;
            replay(target, &input).map_err(said)?;
        }
        return Ok(format!("{}: every law held", target.name));
    }
    let seed = args.seed.unwrap_or_else(any_seed);
    let length = Length {
        rounds: u64::MAX,
        time: Duration::from_secs(args.seconds),
    };
    let report = run(target, seed, length).map_err(said)?;
    Ok(format!(
        "{}: {} seeds and {} changes of them in {:.1} s, --seed {seed}",
        target.name,
        report.seeds,
        report.rounds,
        report.took.as_secs_f64()
    ))
}
