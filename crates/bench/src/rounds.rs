//! What a run measures, with the servers that it needs for that.

use std::process::Command;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::args::Args;
use crate::clones::{self, Cloned};
use crate::process::{Process, beside, free_port, listens};
use crate::prompt_rounds::{self, ManyPrompts};
use crate::targets::{self, Kind, Row, Target};
use crate::world::World;
use crate::{Failure, say};

/// Accounts of the server that is measured.
pub(crate) const ACCOUNTS: u32 = 1_000;

const SINGLE: &str = "/igny8.aiconfig.v1.ModelConfigService/GetModelConfig";
const BATCH: &str = "/igny8.aiconfig.v1.ModelConfigService/BatchGetModelConfigs";

/// What `resolve` alone takes, as the program `micro` prints it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Resolve {
    pub(crate) case: String,
    pub(crate) accounts: u32,
    pub(crate) nanoseconds: f64,
    pub(crate) allocations: f64,
}

/// What a state of a size takes, as the program `micro` prints it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) accounts: u32,
    pub(crate) apply_us: f64,
    pub(crate) heap_mib: u64,
}

/// What is measured without a server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Micro {
    pub(crate) resolve: Vec<Resolve>,
    pub(crate) states: Vec<State>,
    pub(crate) texts: Vec<Texts>,
}

/// What a function of prompt texts takes, as the program `micro` prints it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Texts {
    pub(crate) case: String,
    pub(crate) microseconds: f64,
    pub(crate) allocations: f64,
}

/// How a server with many accounts starts.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Large {
    pub(crate) accounts: u32,
    pub(crate) ready_ms: u128,
    /// In RAM once it is ready, and after the load.
    pub(crate) ready_mib: u64,
    pub(crate) loaded_mib: u64,
}

/// Everything that a run measured.
pub(crate) struct Run {
    pub(crate) args: Args,
    pub(crate) rows: Vec<Row>,
    pub(crate) micro: Micro,
    /// From the start of the server on no database until it answered, in ms.
    pub(crate) ready_ms: u128,
    pub(crate) large: Option<Large>,
    pub(crate) prompts: Option<ManyPrompts>,
    pub(crate) cloned: Cloned,
}

/// Prepares the servers and measures.
pub(crate) async fn measure(args: &Args) -> Result<Run, Failure> {
    say("measuring resolve and apply alone");
    let micro = micro(args)?;
    say("preparing: keys, accounts, settings");
    let world = World::build(ACCOUNTS, args.seed).await?;
    let bytes = world.sample(false).await?;
    world.sample(true).await?;
    let many = match args.accounts {
        Some(accounts) => {
            say(&format!("writing {accounts} accounts for a second server"));
            let many = World::large(accounts, args.seed).await?;
            let ready_mib = many.process.resident_mib()?;
            many.sample(false).await?;
            Some((many, ready_mib))
        }
        None => None,
    };
    let (noop, _dir) = start_noop(bytes)?;
    let (token, singles) = (&world.token, world.singles(false));
    let server = &world.process;
    let mut targets = vec![
        Target::new(Kind::Noop, &noop, SINGLE, token, Rc::clone(&singles)).await?,
        Target::new(Kind::WithoutKey, server, SINGLE, token, singles).await?,
        Target::new(Kind::WithKey, server, SINGLE, token, world.singles(true)).await?,
        Target::new(Kind::Batch, server, BATCH, token, world.batches()).await?,
    ];
    if let Some((many, _)) = &many {
        let (process, bodies) = (&many.process, many.singles(false));
        let target = Target::new(Kind::ManyAccounts, process, SINGLE, &many.token, bodies);
        targets.push(target.await?);
    }
    let mut rows = targets::measure(targets, args).await?;
    drop(noop);
    let (large, many) = match many {
        Some((many, ready_mib)) => {
            let large = Large {
                accounts: many.accounts,
                ready_ms: many.process.ready_in.as_millis(),
                ready_mib,
                loaded_mib: many.process.resident_mib()?,
            };
            (Some(large), Some(many))
        }
        None => (None, None),
    };
    let (of_prompts, prompts) = prompt_rounds::measure(args, &world, many).await?;
    rows.extend(of_prompts);
    let ready_ms = world.process.ready_in.as_millis();
    drop(world);
    say(&format!("cloning profiles to {} accounts", args.clone_to));
    let cloned = clones::measure(args.clone_to, args.seed).await?;
    Ok(Run {
        args: args.clone(),
        rows,
        micro,
        ready_ms,
        large,
        prompts,
        cloned,
    })
}

/// The server that does nothing, with answers of so many bytes.
pub(crate) fn start_noop(bytes: usize) -> Result<(Process, TempDir), Failure> {
    let dir = tempfile::Builder::new()
        .prefix("aiconfig-bench-")
        .tempdir()?;
    let port = free_port()?;
    let mut command = Command::new(beside("noop")?);
    command
        .args(["--listen", &format!("127.0.0.1:{port}")])
        .args(["--bytes", &bytes.to_string()]);
    let log = dir.path().join("log");
    let noop = Process::start(command, port, || listens(port), &log)?;
    Ok((noop, dir))
}

/// Runs the measurements without a server, in a program of their own for its allocator.
fn micro(args: &Args) -> Result<Micro, Failure> {
    let sizes: Vec<String> = args.sizes.iter().map(ToString::to_string).collect();
    let output = Command::new(beside("micro")?)
        .args(["--sizes", &sizes.join(",")])
        .args(["--seed", &args.seed.to_string()])
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("micro failed: {said}").into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
