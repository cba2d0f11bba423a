//! Instructions, as `callgrind` counts them: unlike times they are the same on a busy machine.
//!
//! What the kernel does is not counted, and valgrind knows no SHA instructions of the processor:
//! hashes cost more here than they do.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use bytes::Bytes;
use http::uri::PathAndQuery;
use serde::Serialize;
use tempfile::TempDir;

use crate::args::Args;
use crate::load::{self, Calls};
use crate::noop;
use crate::place::{self, Database};
use crate::process::{Process, beside};
use crate::rounds::{ACCOUNTS, BATCH, SINGLE};
use crate::targets::{Kind, WARM_UP};
use crate::world::{World, connect};
use crate::{Failure, say};

/// The name of this measurement for `--only`.
pub(crate) const TITLE: &str = "instructions";

/// What of a program is counted in `micro`.
const COUNTED: &str = "--toggle-collect=*counted_calls*";
/// Programs that come with valgrind.
const VALGRIND: &str = "valgrind";
const CONTROL: &str = "callgrind_control";
const ANNOTATE: &str = "callgrind_annotate";
/// What wipes freed memory.
const WIPES: &str = "clear_bytes";

/// Instructions of each of these.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Instructions {
    pub(crate) resolve: Vec<Resolve>,
    pub(crate) calls: Vec<Call>,
}

/// Of `resolve` alone, with the drop of its answer.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Resolve {
    pub(crate) case: String,
    pub(crate) accounts: u32,
    pub(crate) instructions: f64,
}

/// Of a server, for a call, outside of the kernel.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Call {
    pub(crate) target: Kind,
    pub(crate) instructions: f64,
    /// Of them, those that wipe what is freed.
    pub(crate) wiping: f64,
}

/// What `micro` says of a counted case.
#[derive(serde::Deserialize)]
struct Counted {
    case: String,
    accounts: u32,
    calls: u32,
}

/// Counts, if valgrind is there.
pub(crate) async fn measure(args: &Args) -> Result<Option<Instructions>, Failure> {
    if Command::new(VALGRIND).arg("--version").output().is_err() {
        say("valgrind is missing: no instructions are counted (apt-get install valgrind)");
        return Ok(None);
    }
    say("counting the instructions of resolve");
    let dir = tempfile::Builder::new()
        .prefix("aiconfig-bench-")
        .tempdir()?;
    let mut counted = Instructions::default();
    for case in 0.. {
        match of_resolve(args, dir.path(), case)? {
            Some(found) => counted.resolve.push(found),
            None => break,
        }
    }
    say("counting the instructions of calls");
    counted.calls = of_calls(args, &dir).await?;
    Ok(Some(counted))
}

fn of_resolve(args: &Args, dir: &Path, case: u32) -> Result<Option<Resolve>, Failure> {
    let file = dir.join(format!("resolve-{case}"));
    let output = Command::new(VALGRIND)
        .args(["--tool=callgrind", "--collect-atstart=no", COUNTED])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(beside("micro")?)
        .args(["--counted-case", &case.to_string()])
        .args(["--seed", &args.seed.to_string()])
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("micro failed under valgrind: {said}").into());
    }
    let Some(Counted {
        case,
        accounts,
        calls,
    }) = serde_json::from_slice(&output.stdout)?
    else {
        return Ok(None);
    };
    Ok(Some(Resolve {
        case,
        accounts,
        instructions: total(&file)? / f64::from(calls),
    }))
}

/// A call of the no-op and of the server. The population is made without valgrind.
async fn of_calls(args: &Args, dir: &TempDir) -> Result<Vec<Call>, Failure> {
    let World {
        process,
        token,
        accounts,
        place,
        seed,
        admin,
    } = World::build(&Database::start(place::Kind::Sqlite), ACCOUNTS, args.seed).await?;
    drop(process);
    let file = |name: &str| dir.path().join(name);
    let world = World {
        process: place.serve_under(&watched(&file("server")), &[("AICONFIG_DUMPABLE", "true")])?,
        token,
        accounts,
        place,
        seed,
        admin,
    };
    let bytes = world.sample(false).await?;
    let limit = noop::start_under(&watched(&file("noop")), noop::WIPING, bytes)?;
    let singles = world.singles(false);
    let mut counted = Vec::new();
    for (target, process, out, path, bodies) in [
        (Kind::Noop, &limit, "noop", SINGLE, Rc::clone(&singles)),
        (Kind::WithoutKey, &world.process, "server", SINGLE, singles),
        (
            Kind::WithKey,
            &world.process,
            "server",
            SINGLE,
            world.singles(true),
        ),
        (
            Kind::Batch,
            &world.process,
            "server",
            BATCH,
            world.batches(),
        ),
    ] {
        let watched = Watched {
            process,
            out: file(out),
        };
        let found = watched.count(args, &world, target, path, bodies);
        counted.push(found.await?);
    }
    Ok(counted)
}

/// The command that a server is started under: nothing is counted until it is told to.
fn watched(out: &Path) -> [String; 4] {
    [
        VALGRIND.to_owned(),
        "--tool=callgrind".to_owned(),
        "--instr-atstart=no".to_owned(),
        format!("--callgrind-out-file={}", out.display()),
    ]
}

/// A server under valgrind.
struct Watched<'a> {
    process: &'a Process,
    out: PathBuf,
}

impl Watched<'_> {
    async fn count(
        &self,
        args: &Args,
        world: &World,
        target: Kind,
        path: &'static str,
        bodies: Rc<[Bytes]>,
    ) -> Result<Call, Failure> {
        let mut calls = Calls {
            channel: connect(self.process).await?,
            path: PathAndQuery::from_static(path),
            token: world.token.clone(),
            bodies,
            from: 0,
        };
        let warm = load::put(self.process, &calls, args.in_flight, WARM_UP).await?;
        calls.from += usize::try_from(warm.calls)? / usize::from(args.in_flight);
        self.tell("--instr=on")?;
        self.tell("--zero")?;
        let measured = load::put(self.process, &calls, args.in_flight, args.span()).await?;
        self.tell("--dump")?;
        self.tell("--instr=off")?;
        let dump = self.newest_dump()?;
        let calls = crate::load::float(measured.calls);
        let call = Call {
            target,
            instructions: total(&dump)? / calls,
            wiping: inclusive(&dump, WIPES)? / calls,
        };
        say(&format!(
            "{:<46} {:>8.0} instructions a call, {:.0} of them wipe",
            target.title(),
            call.instructions,
            call.wiping
        ));
        Ok(call)
    }

    fn tell(&self, what: &str) -> Result<(), Failure> {
        let pid = self.process.pid().to_string();
        let output = Command::new(CONTROL).args([what, &pid]).output()?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("{CONTROL} {what} failed: {said}").into())
    }

    /// Dumps are numbered from 1.
    fn newest_dump(&self) -> Result<PathBuf, Failure> {
        let numbered = |number: u32| PathBuf::from(format!("{}.{number}", self.out.display()));
        let dumps = (1..).map(numbered).take_while(|dump| dump.is_file());
        dumps.last().ok_or_else(|| "callgrind wrote no dump".into())
    }
}

/// All that was counted.
fn total(dump: &Path) -> Result<f64, Failure> {
    let text = std::fs::read_to_string(dump)?;
    let totals = text
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("totals:"));
    let totals = totals.ok_or("a file of callgrind without its sum")?;
    Ok(totals.trim().parse()?)
}

/// What was counted in functions of a name, and in those that they called.
fn inclusive(dump: &Path, function: &str) -> Result<f64, Failure> {
    let output = Command::new(ANNOTATE)
        .args(["--inclusive=yes", "--threshold=100"])
        .arg(dump)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().filter(|line| line.contains(function));
    let counts = lines.filter_map(|line| {
        let count = line.split_whitespace().next()?;
        count.replace(',', "").parse::<f64>().ok()
    });
    Ok(counts.sum())
}
