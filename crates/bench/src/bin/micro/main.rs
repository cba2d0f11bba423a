//! `resolve`, `apply`, merges and renders alone, in this process: time and allocations a call, and
//! what the state takes in memory, as JSON.
#![forbid(unsafe_code)]

mod texts;

use std::alloc::System;
use std::hint::black_box;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aiconfig_application::{Application, OpenOptions, SystemClock};
use aiconfig_bench::population::{PLANS, plan, resources};
use aiconfig_domain::{
    AccountId, Change, FunctionName, Meta, ModelFields, Plan, Record, Resource, Snapshot, Timestamp,
};
use aiconfig_persistence::{Store, StoreConfig};
use aiconfig_resolution::{Query, resolve};
use aiconfig_vault::kek::KekConfig;
use aiconfig_vault::random::OsRandom;
use clap::Parser;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use zeroizing_alloc::ZeroAlloc;

/// The server's allocator, counted below the wiping. The count adds some nanoseconds to each
/// allocation, so the times err on the high side.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<&StatsAlloc<System>> = ZeroAlloc(&INSTRUMENTED_SYSTEM);

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Calls of a round, and rounds; the median round counts.
const CALLS: usize = 10_000;
const ROUNDS: usize = 31;
/// The longest to wait for the database: a program that counts instructions runs fifty times slower.
const PATIENCE: Duration = Duration::from_mins(2);
/// What is resolved, for accounts of which plan.
const CASES: [(&str, &str, Plan); 4] = [
    ("the platform's defaults", "generate_content", Plan::Free),
    ("an account's own model", "generate_content", Plan::Growth),
    ("an account's own service", "generate_content", Plan::Scale),
    ("images", "generate_images", Plan::Free),
];

/// Measures `resolve` and `apply` on states of several sizes, and merges and renders of texts.
#[derive(Parser)]
struct Args {
    /// Numbers of accounts, each of which has settings of its own.
    #[arg(long, value_delimiter = ',', default_value = "1000,100000,1000000")]
    sizes: Vec<u32>,
    /// Which accounts are asked for, and in which order, follows from this number.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Resolves one case by its number, and nothing else: for a program that counts what
    /// `counted_calls` does. Prints which case it is and how many calls were made, or `null`.
    #[arg(long)]
    counted_case: Option<usize>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let args = Args::parse();
    if let Some(number) = args.counted_case {
        return count(&args, number).await;
    }
    let texts = texts::measure(args.seed)?;
    let (shipped, now) = shipped().await?;
    let (mut resolved, mut states) = (Vec::new(), Vec::new());
    for accounts in args.sizes {
        let mut random = StdRng::seed_from_u64(args.seed);
        let counted = Region::new(&INSTRUMENTED_SYSTEM);
        let state = populated(&shipped, accounts);
        let change = counted.change();
        let heap = change
            .bytes_allocated
            .saturating_sub(change.bytes_deallocated);
        for (case, function, plan) in CASES {
            let queries = queries(function, plan, accounts, &mut random)?;
            let measured = measure_resolve(&state, &queries, now)?;
            resolved.push(json!({
                "case": case,
                "accounts": accounts,
                "nanoseconds": measured.0,
                "allocations": measured.1,
            }));
        }
        states.push(json!({
            "accounts": accounts,
            "apply_us": measure_apply(state, accounts, &mut random),
            "heap_mib": heap >> 20,
        }));
    }
    let found: Value = json!({ "resolve": resolved, "states": states, "texts": texts });
    serde_json::to_writer_pretty(std::io::stdout(), &found)?;
    writeln!(std::io::stdout())?;
    Ok(())
}

/// Calls that are counted, after some that are not: they meet everything as it will be.
const COUNTED: usize = 1_000;
/// Accounts where calls are counted: more cost the same instructions but for the look-up.
const COUNTED_ACCOUNTS: u32 = 1_000;

async fn count(args: &Args, number: usize) -> Result<(), Failure> {
    let mut found = Value::Null;
    if let Some((case, function, plan)) = CASES.get(number) {
        let mut random = StdRng::seed_from_u64(args.seed);
        let (shipped, now) = shipped().await?;
        let state = populated(&shipped, COUNTED_ACCOUNTS);
        let queries = queries(function, *plan, COUNTED_ACCOUNTS, &mut random)?;
        let (before, counted) = queries.split_at(queries.len() - COUNTED);
        for query in before.iter().take(COUNTED) {
            drop(black_box(resolve(&state, query, now)));
        }
        counted_calls(&state, counted, now);
        found = json!({
            "case": case,
            "accounts": COUNTED_ACCOUNTS,
            "calls": counted.len(),
        });
    }
    writeln!(std::io::stdout(), "{found}")?;
    Ok(())
}

/// Known by its name to who counts.
#[inline(never)]
fn counted_calls(state: &Snapshot, queries: &[Query], now: Timestamp) {
    for query in queries {
        drop(black_box(resolve(state, black_box(query), now)));
    }
}

/// The state of a new installation.
async fn shipped() -> Result<(Snapshot, Timestamp), Failure> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("aiconfig.db");
    let url = format!("sqlite://{}", file.display());
    let config = StoreConfig {
        call_timeout: PATIENCE,
        acquire_timeout: PATIENCE,
        ..StoreConfig::new(url.into())
    };
    let store = Store::connect(&config).await?;
    store.migrate([7; 16]).await?;
    let options = OpenOptions {
        keks: KekConfig {
            generate_at: Some(dir.path().join("kek")),
            ..KekConfig::default()
        },
        clock: Box::new(SystemClock),
        random: Box::new(OsRandom),
        text_cache_bytes: 1024 * 1024,
        seed: true,
    };
    let app = Application::open(store, options).await?;
    Ok((app.live().snapshot.clone(), app.now()))
}

/// The state with the population, read in as at a start.
fn populated(snapshot: &Snapshot, accounts: u32) -> Snapshot {
    let mut state = snapshot.clone();
    let meta = Meta {
        revision: 2,
        create_time: Timestamp::default(),
        update_time: Timestamp::default(),
        updated_by: Arc::from("bench"),
    };
    for resource in (1..=accounts).flat_map(resources) {
        state.restore(resource, meta.clone());
    }
    state
}

/// A number of an account of a plan, any of them.
fn any_account(of: Plan, accounts: u32, random: &mut StdRng) -> u32 {
    loop {
        let account = random.random_range(1..=accounts);
        if plan(account) == of {
            return account;
        }
    }
}

fn queries(
    function: &str,
    plan: Plan,
    accounts: u32,
    random: &mut StdRng,
) -> Result<Vec<Query>, Failure> {
    let function = FunctionName::parse(function).ok_or("not a function")?;
    let query = |_| {
        let account = any_account(plan, accounts, random);
        Ok(Query {
            function: function.clone(),
            account: AccountId::new(i64::from(account)).ok_or("not an account")?,
            overrides: ModelFields::default(),
            explain: false,
        })
    };
    (0..CALLS).map(query).collect()
}

/// Nanoseconds and allocations of a call.
fn measure_resolve(
    state: &Snapshot,
    queries: &[Query],
    now: Timestamp,
) -> Result<(f64, f64), Failure> {
    let counted = Region::new(&INSTRUMENTED_SYSTEM);
    for query in queries {
        black_box(resolve(state, black_box(query), now)).map_err(|refused| refused.message)?;
    }
    let allocated = u32::try_from(counted.change().allocations)?;
    let calls = f64::from(u32::try_from(queries.len())?);
    let rounds = (0..ROUNDS).map(|_| {
        let begun = Instant::now();
        for query in queries {
            drop(black_box(resolve(state, black_box(query), now)));
        }
        begun.elapsed().as_secs_f64() * 1e9 / calls
    });
    Ok((middle(rounds.collect()), f64::from(allocated) / calls))
}

/// Microseconds in which a change of an account's row leads from one published state to the next:
/// the old one is shared until the new one replaces it, as in the server.
fn measure_apply(mut state: Snapshot, accounts: u32, random: &mut StdRng) -> f64 {
    let mut change = |revision| {
        let of = PLANS[2];
        let rows = resources(any_account(of, accounts, random));
        let row = rows.into_iter().find_map(|resource| match resource {
            Resource::Override(mut row) => {
                row.fields.max_tokens = i32::try_from(revision % 4_000).ok();
                Some(Resource::Override(row))
            }
            _ => None,
        });
        row.map(|row| Record {
            change: Change::Put(row),
            revision,
            time: Timestamp::default(),
            actor: Arc::from("bench"),
        })
    };
    let records: Vec<Record> = (3..).map_while(&mut change).take(CALLS).collect();
    let mut times = Vec::with_capacity(CALLS);
    for record in &records {
        let begun = Instant::now();
        let mut next = state.clone();
        next.apply(black_box(record));
        state = next;
        times.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    middle(times)
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
