//! `resolve` alone, in this process: time and allocations a call, as JSON.
#![forbid(unsafe_code)]

use std::alloc::System;
use std::hint::black_box;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

use aiconfig_application::{Application, OpenOptions, SystemClock};
use aiconfig_domain::{
    Account, AccountId, AccountState, Change, FunctionName, IntegrationType, ModelFields, Override,
    Plan, Record, Resource, Snapshot, Timestamp,
};
use aiconfig_persistence::{Store, StoreConfig};
use aiconfig_resolution::{Query, resolve};
use aiconfig_vault::kek::KekConfig;
use aiconfig_vault::random::OsRandom;
use serde_json::json;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use zeroizing_alloc::ZeroAlloc;

/// The server's allocator, counted below the wiping. The count adds some nanoseconds to each
/// allocation, so the times err on the high side.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<&StatsAlloc<System>> = ZeroAlloc(&INSTRUMENTED_SYSTEM);

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Accounts in the state: enough that they do not all fit into the nearest caches.
const ACCOUNTS: i64 = 10_000;
/// Calls of a round, and rounds; the median round counts.
const CALLS: u32 = 20_000;
const ROUNDS: usize = 31;
/// The text function that is resolved.
const FUNCTION: &str = "generate_content";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let (snapshot, now) = shipped().await?;
    let nothing = ModelFields::default;
    let row = ModelFields {
        model: Some("gpt-4o".into()),
        temperature: Some(0.3),
        max_tokens: Some(4_000),
        ..nothing()
    };
    let mut found = Vec::new();
    for (case, function, plan, rows) in [
        ("the platform's defaults", FUNCTION, Plan::Free, None),
        (
            "an account's own model",
            FUNCTION,
            Plan::Growth,
            Some(("openai", row)),
        ),
        ("images", "generate_images", Plan::Free, None),
    ] {
        let state = populated(&snapshot, plan, rows.as_ref())?;
        let name = FunctionName::parse(function).ok_or("not a function")?;
        let queries: Vec<Query> = (1..=ACCOUNTS)
            .filter_map(|id| {
                Some(Query {
                    function: name.clone(),
                    account: AccountId::new(id)?,
                    overrides: nothing(),
                    explain: false,
                })
            })
            .collect();
        let (nanoseconds, allocations) = measure(&state, &queries, now)?;
        found.push(json!({
            "case": case,
            "nanoseconds": nanoseconds,
            "allocations": allocations,
        }));
    }
    serde_json::to_writer_pretty(std::io::stdout(), &found)?;
    writeln!(std::io::stdout())?;
    Ok(())
}

/// The state of a new installation.
async fn shipped() -> Result<(Snapshot, Timestamp), Failure> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("aiconfig.db");
    let url = format!("sqlite://{}", file.display());
    let store = Store::connect(&StoreConfig::new(url.into())).await?;
    store.migrate([7; 16]).await?;
    let options = OpenOptions {
        keks: KekConfig {
            generate_at: Some(dir.path().join("kek")),
            ..KekConfig::default()
        },
        clock: Box::new(SystemClock),
        random: Box::new(OsRandom),
        seed: true,
    };
    let app = Application::open(store, options).await?;
    Ok((app.live().snapshot.clone(), app.now()))
}

/// The state with accounts of one plan, each with the same row.
fn populated(
    snapshot: &Snapshot,
    plan: Plan,
    row: Option<&(&str, ModelFields)>,
) -> Result<Snapshot, Failure> {
    let mut state = snapshot.clone();
    let mut put = |resource| {
        state.apply(&Record {
            change: Change::Put(resource),
            revision: 2,
            time: Timestamp::default(),
            actor: Arc::from("bench"),
        });
    };
    for id in (1..=ACCOUNTS).filter_map(AccountId::new) {
        put(Resource::Account(AccountState::Live(Account {
            account_id: id,
            plan,
            display_name: format!("Account {id}"),
            active: true,
            source_version: 1,
        })));
        if let Some((kind, fields)) = row {
            put(Resource::Override(Override {
                account_id: id,
                integration_type: IntegrationType::parse(kind).ok_or("not a type")?,
                enabled: true,
                fields: fields.clone(),
            }));
        }
    }
    Ok(state)
}

/// Nanoseconds and allocations a call.
fn measure(state: &Snapshot, queries: &[Query], now: Timestamp) -> Result<(f64, f64), Failure> {
    let counted = Region::new(&INSTRUMENTED_SYSTEM);
    for query in queries {
        black_box(resolve(state, black_box(query), now)).map_err(|refused| refused.message)?;
    }
    let allocated = u32::try_from(counted.change().allocations)?;
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            for query in queries.iter().cycle().take(CALLS as usize) {
                drop(black_box(resolve(state, black_box(query), now)));
            }
            begun.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    let calls = f64::from(u32::try_from(queries.len())?);
    Ok((rounds[ROUNDS / 2], f64::from(allocated) / calls))
}
