//! A closed loop: so many calls in flight on one connection, each followed at once by the next.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hdrhistogram::Histogram;
use http::uri::PathAndQuery;
use tokio::task::LocalSet;
use tonic::Request;
use tonic::client::Grpc;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;

use crate::Failure;
use crate::process::Process;
use crate::raw::Raw;

/// Digits of a latency that are kept.
const DIGITS: u8 = 3;

/// What is called, where, and with what.
#[derive(Clone)]
pub(crate) struct Calls {
    pub(crate) channel: Channel,
    pub(crate) path: PathAndQuery,
    pub(crate) token: MetadataValue<Ascii>,
    /// Encoded requests, sent in turn.
    pub(crate) bodies: Rc<[Bytes]>,
    /// How many of its requests each call in flight leaves out at first.
    pub(crate) from: usize,
}

/// What one load came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    /// Answered calls.
    pub(crate) calls: u64,
    /// Of them, a second.
    pub(crate) rate: f64,
    /// User and system time of the server a call, in µs.
    pub(crate) cpu_us: f64,
    /// Half of the calls were answered within these µs.
    pub(crate) p50_us: f64,
    /// 99 of 100 calls were answered within these µs.
    pub(crate) p99_us: f64,
    /// Bytes of an answer, on average.
    pub(crate) answer_bytes: f64,
}

#[derive(Default)]
struct Answered {
    calls: u64,
    bytes: usize,
}

/// Puts a server under load.
///
/// # Errors
/// The first call that fails ends it: figures of failing calls mean nothing.
pub(crate) async fn put(
    server: &Process,
    calls: &Calls,
    in_flight: u16,
    span: Duration,
) -> Result<Measured, Failure> {
    let latencies = Rc::new(RefCell::new(Histogram::<u64>::new(DIGITS)?));
    let tasks = LocalSet::new();
    let before = server.cpu()?;
    let begun = Instant::now();
    let share = calls.bodies.len() / usize::from(in_flight);
    let workers: Vec<_> = (0..usize::from(in_flight))
        .map(|at| {
            let worker = work(
                calls.clone(),
                at * share + calls.from,
                begun + span,
                Rc::clone(&latencies),
            );
            tasks.spawn_local(worker)
        })
        .collect();
    tasks.await;
    let elapsed = begun.elapsed();
    let cpu = server.cpu()?.saturating_sub(before);
    let mut sum = Answered::default();
    for worker in workers {
        let Answered { calls, bytes } = worker.await??;
        sum.calls += calls;
        sum.bytes += bytes;
    }
    if sum.calls == 0 {
        return Err("no call was answered".into());
    }
    let latencies = latencies.borrow();
    let micros = |quantile| float(latencies.value_at_quantile(quantile)) / 1_000.0;
    let count = float(sum.calls);
    Ok(Measured {
        calls: sum.calls,
        rate: count / elapsed.as_secs_f64(),
        cpu_us: cpu.as_secs_f64() * 1e6 / count,
        p50_us: micros(0.50),
        p99_us: micros(0.99),
        answer_bytes: float(u64::try_from(sum.bytes)?) / count,
    })
}

async fn work(
    calls: Calls,
    from: usize,
    until: Instant,
    latencies: Rc<RefCell<Histogram<u64>>>,
) -> Result<Answered, Failure> {
    let Calls {
        channel,
        path,
        token,
        bodies,
        from: _,
    } = calls;
    let mut client = Grpc::new(channel);
    let mut answered = Answered::default();
    for body in bodies.iter().cycle().skip(from % bodies.len().max(1)) {
        let begun = Instant::now();
        if begun >= until {
            break;
        }
        client.ready().await?;
        let mut request = Request::new(body.clone());
        request
            .metadata_mut()
            .insert("authorization", token.clone());
        let answer = client.unary(request, path.clone(), Raw).await?;
        let took = u64::try_from(begun.elapsed().as_nanos())?;
        latencies.borrow_mut().record(took)?;
        answered.calls += 1;
        answered.bytes += answer.into_inner();
    }
    Ok(answered)
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}
