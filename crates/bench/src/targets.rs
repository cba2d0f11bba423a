//! What is put under load, in turn and several times over: the machine is shared, so what is
//! compared is measured side by side, in alternating order.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use serde::Serialize;
use tonic::metadata::{Ascii, MetadataValue};

use crate::args::Args;
use crate::load::{self, Calls, Measured};
use crate::process::Process;
use crate::world::connect;
use crate::{Failure, say};

/// Load that is not measured, before each that is.
pub(crate) const WARM_UP: Duration = Duration::from_millis(400);

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// The server that does nothing.
    Noop,
    /// The same, with an allocator that does not wipe.
    PlainNoop,
    /// `GetModelConfig` without the key.
    WithoutKey,
    /// `GetModelConfig` with the key.
    WithKey,
    /// `BatchGetModelConfigs` of 100 accounts.
    Batch,
    /// `GetModelConfig` without the key, with as many accounts as were asked for.
    ManyAccounts,
    /// The server that does nothing, with an answer as long as that of a prompt.
    PromptNoop,
    /// `GetEffectivePrompt` of the library's text.
    GlobalPrompt,
    /// `GetEffectivePrompt` of accounts' own texts, all of them in the cache.
    OwnPrompt,
    /// `RenderPrompt` of the same.
    Render,
    /// Like [`Kind::OwnPrompt`], with as many accounts as were asked for.
    ManyOwnPrompt,
    /// `GetEffectivePrompt` of so many texts that the cache has next to none of them, one call
    /// at a time.
    StoredPrompt,
}

impl Kind {
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Noop => "no-op",
            Self::PlainNoop => "no-op without wiping",
            Self::WithoutKey => "GetModelConfig without key",
            Self::WithKey => "GetModelConfig with key",
            Self::Batch => "BatchGetModelConfigs of 100",
            Self::ManyAccounts => "GetModelConfig, many accounts",
            Self::PromptNoop => "no-op of a prompt's size",
            Self::GlobalPrompt => "GetEffectivePrompt, global",
            Self::OwnPrompt => "GetEffectivePrompt, own, cached",
            Self::Render => "RenderPrompt, own, cached",
            Self::ManyOwnPrompt => "GetEffectivePrompt, cached, many accounts",
            Self::StoredPrompt => "GetEffectivePrompt, not cached, one at a time",
        }
    }

    /// The no-op that it is held against.
    pub(crate) const fn limit(self) -> Self {
        match self {
            Self::Noop
            | Self::PlainNoop
            | Self::WithoutKey
            | Self::WithKey
            | Self::Batch
            | Self::ManyAccounts => Self::Noop,
            Self::PromptNoop
            | Self::GlobalPrompt
            | Self::OwnPrompt
            | Self::Render
            | Self::ManyOwnPrompt
            | Self::StoredPrompt => Self::PromptNoop,
        }
    }
}

/// A target with what each round measured.
pub(crate) struct Row {
    pub(crate) kind: Kind,
    pub(crate) rounds: Vec<Measured>,
}

/// A server with the calls that it is to answer.
pub(crate) struct Target<'a> {
    process: &'a Process,
    calls: Calls,
    /// Calls in flight, unless as many as the command line says.
    in_flight: Option<u16>,
    row: Row,
}

impl<'a> Target<'a> {
    pub(crate) async fn new(
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
            from: 0,
        };
        let rounds = Vec::new();
        let row = Row { kind, rounds };
        Ok(Self {
            process,
            calls,
            in_flight: None,
            row,
        })
    }

    /// One call at a time: what a call takes, without the queue of a closed loop.
    pub(crate) fn one_at_a_time(mut self) -> Self {
        self.in_flight = Some(1);
        self
    }

    async fn put(&mut self, args: &Args, span: Duration) -> Result<Measured, Failure> {
        let in_flight = self.in_flight.unwrap_or(args.in_flight);
        let measured = load::put(self.process, &self.calls, in_flight, span).await?;
        // On with those requests that were not sent yet: a cache may have seen the others.
        self.calls.from += usize::try_from(measured.calls)? / usize::from(in_flight);
        Ok(measured)
    }
}

/// Measures those targets that are wanted, and none if only a no-op is left.
pub(crate) async fn measure(
    mut targets: Vec<Target<'_>>,
    args: &Args,
) -> Result<Vec<Row>, Failure> {
    let is_limit = |target: &Target<'_>| target.row.kind == target.row.kind.limit();
    targets.retain(|target| is_limit(target) || args.wants(target.row.kind.title()));
    if targets.iter().all(is_limit) {
        return Ok(Vec::new());
    }
    for round in 0..args.rounds {
        for target in &mut targets {
            target.put(args, WARM_UP).await?;
            let measured = target.put(args, args.span()).await?;
            say(&progress(round, args.rounds, target.row.kind, &measured));
            target.row.rounds.push(measured);
        }
        // There and back, so that what drifts hits all alike.
        targets.reverse();
    }
    let mut rows: Vec<Row> = targets.into_iter().map(|target| target.row).collect();
    rows.sort_by_key(|row| row.kind as u8);
    Ok(rows)
}

fn progress(round: u32, rounds: u32, kind: Kind, measured: &Measured) -> String {
    let (title, round) = (kind.title(), round + 1);
    let Measured { rate, cpu_us, .. } = measured;
    format!("round {round}/{rounds}  {title:<46} {cpu_us:>8.2} µs CPU a call {rate:>9.0} calls/s")
}
