//! What a run measures, with the servers that it needs for that.

use std::rc::Rc;

use serde::Serialize;

use crate::alone::{self, Alone};
use crate::args::Args;
use crate::clones::{self, Cloned};
use crate::instructions::{self, Instructions};
use crate::noop;
use crate::place::{self, Database};
use crate::prompt_rounds::{self, ManyPrompts};
use crate::round_trips::{self, RoundTrips};
use crate::targets::{self, Kind, Row, Target};
use crate::visible::{self, Visible};
use crate::world::World;
use crate::writes::{self, Writes};
use crate::{Failure, say};

/// Accounts of the server that is measured.
pub(crate) const ACCOUNTS: u32 = 1_000;

pub(crate) const SINGLE: &str = "/igny8.aiconfig.v1.ModelConfigService/GetModelConfig";
pub(crate) const BATCH: &str = "/igny8.aiconfig.v1.ModelConfigService/BatchGetModelConfigs";

/// How a server with many accounts starts.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Large {
    pub(crate) accounts: u32,
    pub(crate) ready_ms: u128,
    /// In RAM once it is ready, and after the load.
    pub(crate) ready_mib: u64,
    pub(crate) loaded_mib: u64,
}

/// Everything that a run measured; what was not asked for is absent.
pub(crate) struct Run {
    pub(crate) args: Args,
    pub(crate) alone: Option<Alone>,
    pub(crate) instructions: Option<Instructions>,
    pub(crate) on: Vec<OnDatabase>,
}

/// What was measured on one database.
pub(crate) struct OnDatabase {
    pub(crate) database: place::Kind,
    pub(crate) rows: Vec<Row>,
    /// From the start of the server on no database until it answered, in ms.
    pub(crate) ready_ms: u128,
    pub(crate) large: Option<Large>,
    pub(crate) prompts: Option<ManyPrompts>,
    pub(crate) writes: Option<Writes>,
    pub(crate) visible: Option<Visible>,
    /// Of PostgreSQL alone.
    pub(crate) round_trips: Option<RoundTrips>,
    pub(crate) cloned: Option<Cloned>,
}

/// Prepares the servers and measures.
pub(crate) async fn measure(args: &Args) -> Result<Run, Failure> {
    let mut run = Run {
        args: args.clone(),
        alone: None,
        instructions: None,
        on: Vec::new(),
    };
    if args.wants(alone::TITLE) {
        say("measuring resolve and apply alone");
        run.alone = Some(alone::measure(args)?);
    }
    if args.wants(instructions::TITLE) {
        run.instructions = instructions::measure(args).await?;
    }
    for kind in &args.databases {
        run.on.push(on_database(args, *kind).await?);
    }
    Ok(run)
}

async fn on_database(args: &Args, kind: place::Kind) -> Result<OnDatabase, Failure> {
    let database = &Database::start(kind);
    say(&format!("{}: keys, accounts, settings", kind.title()));
    let world = World::build(database, ACCOUNTS, args.seed).await?;
    let many = match args.accounts() {
        Some(accounts) if wants_many(args) => {
            say(&format!("writing {accounts} accounts for a second server"));
            let many = World::large(database, accounts, args.seed, &[]).await?;
            let ready_mib = many.process.resident_mib()?;
            many.sample(false).await?;
            Some((many, ready_mib))
        }
        _ => None,
    };
    let mut rows = of_configs(args, &world, many.as_ref().map(|(many, _)| many)).await?;
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
    let mut on = OnDatabase {
        database: kind,
        rows,
        ready_ms: world.process.ready_in.as_millis(),
        large,
        prompts,
        writes: None,
        visible: None,
        round_trips: None,
        cloned: None,
    };
    if args.wants(writes::TITLE) {
        on.writes = Some(writes::measure(args, &world).await?);
    }
    if args.wants(visible::TITLE) {
        say("waiting for writes on a second server");
        on.visible = Some(visible::measure(args, &world).await?);
    }
    drop(world);
    if args.wants(round_trips::TITLE) {
        on.round_trips = round_trips::measure(database).await?;
    }
    if args.wants(clones::TITLE) {
        say(&format!("cloning profiles to {} accounts", args.clone_to));
        on.cloned = Some(clones::measure(database, args.clone_to, args.seed).await?);
    }
    Ok(on)
}

/// Whether anything is wanted that needs the second server.
fn wants_many(args: &Args) -> bool {
    let titles = [Kind::ManyAccounts, Kind::ManyOwnPrompt, Kind::StoredPrompt].map(Kind::title);
    titles
        .into_iter()
        .chain([START])
        .any(|title| args.wants(title))
}

/// The name of the start with many accounts for `--only`.
const START: &str = "start";

/// The main call beside the no-op.
async fn of_configs(args: &Args, world: &World, many: Option<&World>) -> Result<Vec<Row>, Failure> {
    let bytes = world.sample(false).await?;
    world.sample(true).await?;
    let noop = noop::start(noop::WIPING, bytes)?;
    let plain = noop::start(noop::PLAIN, bytes)?;
    let (token, singles, server) = (&world.token, world.singles(false), &world.process);
    let same = || Rc::clone(&singles);
    let mut targets = vec![
        Target::new(Kind::Noop, &noop, SINGLE, token, same()).await?,
        Target::new(Kind::PlainNoop, &plain, SINGLE, token, same()).await?,
        Target::new(Kind::WithoutKey, server, SINGLE, token, same()).await?,
        Target::new(Kind::WithKey, server, SINGLE, token, world.singles(true)).await?,
        Target::new(Kind::Batch, server, BATCH, token, world.batches()).await?,
    ];
    if let Some(many) = many {
        let (process, bodies) = (&many.process, many.singles(false));
        let target = Target::new(Kind::ManyAccounts, process, SINGLE, &many.token, bodies);
        targets.push(target.await?);
    }
    targets::measure(targets, args).await
}

impl OnDatabase {
    /// What was measured of a target, unless it was left out.
    pub(crate) fn row(&self, kind: Kind) -> Option<&Row> {
        self.rows.iter().find(|row| row.kind == kind)
    }
}
