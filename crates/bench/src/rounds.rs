//! Every target under load in turn, several times over: the machine is shared, so what is compared
//! is measured side by side, in alternating order.

use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tonic::metadata::{Ascii, MetadataValue};

use crate::args::Args;
use crate::load::{self, Calls, Measured};
use crate::process::{Process, beside, free_port, listens};
use crate::world::{World, connect};
use crate::{Failure, say};

/// Accounts of the server that is measured.
pub(crate) const ACCOUNTS: u32 = 1_000;
/// Load that is not measured, before each that is.
const WARM_UP: Duration = Duration::from_millis(400);

const SINGLE: &str = "/igny8.aiconfig.v1.ModelConfigService/GetModelConfig";
const BATCH: &str = "/igny8.aiconfig.v1.ModelConfigService/BatchGetModelConfigs";

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// The server that does nothing.
    Noop,
    /// `GetModelConfig` without the key.
    WithoutKey,
    /// `GetModelConfig` with the key.
    WithKey,
    /// `BatchGetModelConfigs` of 100 accounts.
    Batch,
    /// `GetModelConfig` without the key, with as many accounts as were asked for.
    ManyAccounts,
}

impl Kind {
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Noop => "no-op",
            Self::WithoutKey => "GetModelConfig without key",
            Self::WithKey => "GetModelConfig with key",
            Self::Batch => "BatchGetModelConfigs of 100",
            Self::ManyAccounts => "GetModelConfig, many accounts",
        }
    }
}

/// A target with what each round measured.
pub(crate) struct Row {
    pub(crate) kind: Kind,
    pub(crate) rounds: Vec<Measured>,
}

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
}

struct Target<'a> {
    process: &'a Process,
    calls: Calls,
    row: Row,
}

impl<'a> Target<'a> {
    async fn new(
        kind: Kind,
        process: &'a Process,
        path: &'static str,
        token: &MetadataValue<Ascii>,
        bodies: Rc<[Bytes]>,
    ) -> Result<Self, Failure> {
        let calls = Calls {
            channel: connect(process).await?,
            path: PathAndQuery::from_static(path),
            token: token.clone(),
            bodies,
        };
        let rounds = Vec::new();
        let row = Row { kind, rounds };
        Ok(Self {
            process,
            calls,
            row,
        })
    }
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
    if let Some(only) = &args.only {
        let wanted = |kind: Kind| kind == Kind::Noop || kind.title().contains(only.as_str());
        targets.retain(|target| wanted(target.row.kind));
    }
    for round in 0..args.rounds {
        for target in &mut targets {
            let (process, calls) = (target.process, &target.calls);
            load::put(process, calls, args.in_flight, WARM_UP).await?;
            let measured = load::put(process, calls, args.in_flight, args.span()).await?;
            say(&progress(round, args.rounds, target.row.kind, &measured));
            target.row.rounds.push(measured);
        }
        // There and back, so that what drifts hits all alike.
        targets.reverse();
    }
    let mut rows: Vec<Row> = targets.into_iter().map(|target| target.row).collect();
    rows.sort_by_key(|row| row.kind as u8);
    let of_many = |(world, ready_mib): &(World, u64)| -> Result<Large, Failure> {
        Ok(Large {
            accounts: world.accounts,
            ready_ms: world.process.ready_in.as_millis(),
            ready_mib: *ready_mib,
            loaded_mib: world.process.resident_mib()?,
        })
    };
    Ok(Run {
        args: args.clone(),
        rows,
        micro,
        ready_ms: world.process.ready_in.as_millis(),
        large: many.as_ref().map(of_many).transpose()?,
    })
}

fn progress(round: u32, rounds: u32, kind: Kind, measured: &Measured) -> String {
    let (title, round) = (kind.title(), round + 1);
    let Measured { rate, cpu_us, .. } = measured;
    format!("round {round}/{rounds}  {title:<30} {cpu_us:>8.2} µs CPU a call {rate:>9.0} calls/s")
}

fn start_noop(bytes: usize) -> Result<(Process, TempDir), Failure> {
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
