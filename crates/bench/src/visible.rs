//! How soon a second server of the same database sees what the first one wrote.

use std::time::{Duration, Instant};

use aiconfig_proto::v1::{
    integration_settings_service_client::IntegrationSettingsServiceClient,
    model_config_service_client::ModelConfigServiceClient,
};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde::Serialize;

use crate::Failure;
use crate::args::Args;
use crate::world::{UNPREPARED, World, connect, request, signed};
use crate::writes::change;

/// The name of this measurement for `--only`.
pub(crate) const TITLE: &str = "second server";

/// Writes that are waited for, and of a quick look.
const WRITES: u32 = 300;
const QUICK: u32 = 50;
/// The longest pause before a write. Pauses differ, so that writes meet any moment of a poll.
const PAUSE_MS: u64 = 60;
/// The first of the writes; those before are of the load.
const FIRST: u32 = 1 << 20;

/// How soon writes were seen, in ms from the answer of the first server to that of the second.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Visible {
    pub(crate) writes: u32,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) most_ms: f64,
}

/// Starts the second server, writes to the first one, and asks the second for the state that has
/// the write, which it answers as soon as it has it.
pub(crate) async fn measure(args: &Args, world: &World) -> Result<Visible, Failure> {
    let second = world.place.serve(&[])?;
    let mut writer = IntegrationSettingsServiceClient::new(connect(&world.process).await?);
    let mut reader = ModelConfigServiceClient::new(connect(&second).await?);
    let mut random = StdRng::seed_from_u64(args.seed);
    let count = if args.quick { QUICK } else { WRITES };
    let mut times = Vec::new();
    for number in FIRST..FIRST + count {
        let pause = Duration::from_millis(random.random_range(0..PAUSE_MS));
        tokio::time::sleep(pause).await;
        let saved = signed(change(world.accounts, number), &world.token);
        let saved = writer.save_integration_settings(saved).await?.into_inner();
        if !saved.changed {
            return Err(UNPREPARED.into());
        }
        let begun = Instant::now();
        let mut read = request(1, false);
        read.min_revision = saved.revision;
        reader.get_model_config(signed(read, &world.token)).await?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let at = |place: usize| times.get(place.min(times.len() - 1)).copied();
    let (half, last) = (times.len() / 2, times.len() * 99 / 100);
    Ok(Visible {
        writes: count,
        p50_ms: at(half).unwrap_or_default(),
        p99_ms: at(last).unwrap_or_default(),
        most_ms: at(usize::MAX).unwrap_or_default(),
    })
}
