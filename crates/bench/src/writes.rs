//! How many writes a second are made durable: each changes a setting of an account, in a revision
//! of its own.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use aiconfig_proto::v1::{self, model_config_service_client::ModelConfigServiceClient};
use bytes::Bytes;
use http::uri::PathAndQuery;
use prost::Message as _;
use prost_types::{Struct, Value, value::Kind};
use serde::Serialize;

use crate::args::Args;
use crate::load::{self, Calls, Measured};
use crate::stats::median;
use crate::targets::WARM_UP;
use crate::world::{UNPREPARED, World, connect, request, signed};
use crate::{Failure, say};

/// The name of this measurement for `--only`.
pub(crate) const TITLE: &str = "writes";

const SAVE: &str = "/igny8.aiconfig.v1.IntegrationSettingsService/SaveIntegrationSettings";
/// Writes in flight: enough that one always waits for its turn.
const IN_FLIGHT: u16 = 16;
/// Different requests of the load. An account gets another value each time.
const REQUESTS: u32 = 1 << 16;
/// The first account whose plan lets it have settings of one service, and how many on the next is.
const FIRST: u32 = 2;
const TURN: u32 = 4;
/// Requests left out between two loads: what the fastest of those in flight is ahead of the others.
/// One that is made twice in a row would change nothing.
const APART: usize = 256;
/// Syncs of the disk beside the writes, and bytes before each.
const SYNCS: usize = 200;
const SYNCED: usize = 4096;

/// What a load of writes came to.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Writes {
    pub(crate) in_flight: u16,
    /// Each round.
    pub(crate) rates: Vec<f64>,
    pub(crate) cpu_us: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    /// What the disk takes to have 4 KiB on it: no write that is alone can be faster.
    pub(crate) sync_us: f64,
}

/// Writes for as many rounds as the reads have.
pub(crate) async fn measure(args: &Args, world: &World) -> Result<Writes, Failure> {
    let mut calls = Calls {
        channel: connect(&world.process).await?,
        path: PathAndQuery::from_static(SAVE),
        token: world.token.clone(),
        bodies: bodies(world.accounts),
        from: 0,
    };
    let mut rounds: Vec<Measured> = Vec::new();
    let mut syncs = Vec::new();
    for round in 1..=args.rounds {
        let warm = load::put(&world.process, &calls, IN_FLIGHT, WARM_UP).await?;
        calls.from += usize::try_from(warm.calls)? / usize::from(IN_FLIGHT) + APART;
        let before = revision(world).await?;
        let measured = load::put(&world.process, &calls, IN_FLIGHT, args.span()).await?;
        calls.from += usize::try_from(measured.calls)? / usize::from(IN_FLIGHT) + APART;
        // A write that changes nothing is none.
        if revision(world).await? - before < measured.calls {
            return Err(UNPREPARED.into());
        }
        syncs.push(sync_us(world.place.path())?);
        let Measured { rate, p50_us, .. } = measured;
        let rounds_of = args.rounds;
        say(&format!(
            "round {round}/{rounds_of}  writes, {IN_FLIGHT} in flight: {rate:.0} a second, p50 {p50_us:.0} µs"
        ));
        rounds.push(measured);
    }
    let of = |what: fn(&Measured) -> f64| median(rounds.iter().map(what));
    Ok(Writes {
        in_flight: IN_FLIGHT,
        rates: rounds.iter().map(|round| round.rate).collect(),
        cpu_us: of(|m| m.cpu_us),
        p50_us: of(|m| m.p50_us),
        p99_us: of(|m| m.p99_us),
        sync_us: median(syncs),
    })
}

/// A change of a setting of an account that may have any; the `number` decides which and to what.
pub(crate) fn change(accounts: u32, number: u32) -> v1::SaveIntegrationSettingsRequest {
    let growing = accounts / TURN;
    let account = FIRST + TURN * (number % growing);
    let most = 100 + number / growing % 3_000;
    let value = Value {
        kind: Some(Kind::NumberValue(most.into())),
    };
    v1::SaveIntegrationSettingsRequest {
        account_id: account.into(),
        integration_type: "openai".to_owned(),
        config: Some(Struct {
            fields: [("max_tokens".to_owned(), value)].into(),
        }),
        ..v1::SaveIntegrationSettingsRequest::default()
    }
}

fn bodies(accounts: u32) -> Rc<[Bytes]> {
    let encoded = |number| change(accounts, number).encode_to_vec().into();
    (0..REQUESTS).map(encoded).collect()
}

async fn revision(world: &World) -> Result<u64, Failure> {
    let mut client = ModelConfigServiceClient::new(connect(&world.process).await?);
    let answer = client.get_model_config(signed(request(1, false), &world.token));
    let config = answer.await?.into_inner().model_config;
    Ok(config.ok_or(UNPREPARED)?.revision)
}

/// Microseconds, as a median, until the disk has what was added to a file.
fn sync_us(folder: &Path) -> Result<f64, Failure> {
    let path = folder.join("synced");
    let mut file = File::create(&path)?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        let begun = Instant::now();
        file.write_all(&[7; SYNCED])?;
        file.sync_data()?;
        times.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    std::fs::remove_file(path)?;
    Ok(median(times))
}

#[cfg(test)]
mod tests {
    use aiconfig_bench::population::plan;

    use super::*;

    #[test]
    fn an_account_is_changed_to_another_value_each_time() {
        let (one, other) = (change(1_000, 3), change(1_000, 253));
        assert_eq!(one.account_id, other.account_id);
        assert_ne!(one.config, other.config);
        assert_ne!(one.account_id, change(1_000, 4).account_id);
        for number in 0..1_000 {
            let account = u32::try_from(change(1_000, number).account_id).unwrap();
            assert!(plan(account).rules().may_override && account <= 1_000);
        }
    }
}
