//! The rounds of prompts, beside a no-op whose answer is as long as theirs.

use aiconfig_bench::prompts::TEXT_BYTES;
use serde::Serialize;

use crate::args::Args;
use crate::noop;
use crate::prompt_calls::{EFFECTIVE, RENDER, of_accounts, of_few, of_library, renders, sample};
use crate::targets::{self, Kind, Row, Target};
use crate::world::World;
use crate::{Failure, say};

/// The cache of the server whose texts are to be read from the database: as small as it may be.
const CACHE_MIB: u64 = 1;

/// A server with many customised prompts.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct ManyPrompts {
    pub(crate) texts: u32,
    pub(crate) text_mib: u64,
    pub(crate) cache_mib: u64,
    /// In RAM once it is ready, and after the load.
    pub(crate) ready_mib: u64,
    pub(crate) loaded_mib: u64,
}

impl ManyPrompts {
    /// How many of a hundred texts the cache has room for, without what it needs beside them: of
    /// requests for any text no more than these find theirs there.
    pub(crate) fn cached_percent(&self) -> f64 {
        let room = f64::from(u32::try_from(self.cache_mib << 20).unwrap_or(u32::MAX));
        let all = f64::from(self.texts) * f64::from(u32::try_from(TEXT_BYTES).unwrap_or(u32::MAX));
        (100.0 * room / all).min(100.0)
    }
}

/// Measures on a server with prompts, and on one of many accounts, which are given some first.
pub(crate) async fn measure(
    args: &Args,
    world: &World,
    many: Option<World>,
) -> Result<(Vec<Row>, Option<ManyPrompts>), Failure> {
    let bytes = sample(world).await?;
    let many = match many {
        Some(many) => {
            say("writing prompts of a tenth of the accounts");
            let (many, texts) = many.with_prompts(CACHE_MIB).await?;
            let ready_mib = many.process.resident_mib()?;
            sample(&many).await?;
            Some((many, texts, ready_mib))
        }
        None => None,
    };
    let noop = noop::start(noop::WIPING, bytes)?;
    let (token, server) = (&world.token, &world.process);
    let same = "/igny8.aiconfig.v1.ModelConfigService/GetModelConfig";
    let mut targets = vec![
        Target::new(Kind::PromptNoop, &noop, same, token, world.singles(false)).await?,
        Target::new(
            Kind::GlobalPrompt,
            server,
            EFFECTIVE,
            token,
            of_library(world),
        )
        .await?,
        Target::new(
            Kind::OwnPrompt,
            server,
            EFFECTIVE,
            token,
            of_accounts(world),
        )
        .await?,
        Target::new(Kind::Render, server, RENDER, token, renders(world)).await?,
    ];
    if let Some((many, ..)) = &many {
        let (token, server) = (&many.token, &many.process);
        let few = Target::new(Kind::ManyOwnPrompt, server, EFFECTIVE, token, of_few(many)).await?;
        let all = of_accounts(many);
        let all = Target::new(Kind::StoredPrompt, server, EFFECTIVE, token, all).await?;
        targets.extend([few, all.one_at_a_time()]);
    }
    let rows = targets::measure(targets, args).await?;
    let of_many = |(world, texts, ready_mib): &(World, u32, u64)| -> Result<_, Failure> {
        Ok(ManyPrompts {
            texts: *texts,
            text_mib: (u64::from(*texts) * u64::try_from(TEXT_BYTES)?) >> 20,
            cache_mib: CACHE_MIB,
            ready_mib: *ready_mib,
            loaded_mib: world.process.resident_mib()?,
        })
    };
    Ok((rows, many.as_ref().map(of_many).transpose()?))
}
