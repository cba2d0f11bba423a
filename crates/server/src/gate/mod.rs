//! The layer in front of every RPC: is there room, who calls, may they, how often, and until when;
//! and what is told and counted of it.

mod admit;
mod answer;
mod collect;
mod cost;
mod deadline;
mod failures;
mod outcome;
mod outgoing;
mod rates;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use aiconfig_application::Application;
use aiconfig_proto::v1::ErrorReason;
use http::{HeaderMap, Request, Response};
use tonic::body::Body;
use tower::{Layer, Service};

use crate::access;
use crate::call::TraceId;
use crate::config::Config;
use crate::errors::ApiError;
use crate::metrics::{self, Meters};
use crate::transport::{Full, Link, Place, Room};
use answer::{Answer, Call, Caller};
use collect::Received;
pub(crate) use cost::{CLONE_MESSAGE, Cost, KEY_MESSAGE, MESSAGE, OPEN_MESSAGE};
use failures::Failures;
use outcome::Outcome;
pub(crate) use outcome::with_request_info;
use outgoing::Outgoing;
pub(crate) use rates::Rate;
use rates::Rates;

/// What the gate holds callers to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Calls of a token; `None`: as many as it makes.
    pub(crate) rate: Option<Rate>,
    /// The deadline of a call that names none.
    pub(crate) default_deadline: Duration,
    /// The longest deadline that counts.
    pub(crate) longest_deadline: Duration,
}

impl From<&Config> for Limits {
    fn from(config: &Config) -> Self {
        Self {
            rate: config.rate(),
            default_deadline: config.default_deadline(),
            longest_deadline: config.longest_deadline(),
        }
    }
}

/// What all connections share.
pub(crate) struct Shared {
    app: Arc<Application>,
    meters: Meters,
    room: Arc<Room>,
    rates: Option<Rates>,
    failures: Failures,
    limits: Limits,
    /// Calls that found no room; they wrap.
    turned_away: AtomicU32,
}

/// Makes the gate.
#[derive(Clone)]
pub(crate) struct GateLayer(Arc<Shared>);

impl GateLayer {
    pub(crate) fn new(app: Arc<Application>, room: Arc<Room>, limits: Limits) -> Self {
        Self(Arc::new(Shared {
            app,
            meters: Meters::new(),
            room,
            rates: limits.rate.map(Rates::new),
            failures: Failures::default(),
            limits,
            turned_away: AtomicU32::new(0),
        }))
    }
}

impl<S> Layer<S> for GateLayer {
    type Service = Gate<S>;

    fn layer(&self, inner: S) -> Gate<S> {
        Gate {
            shared: Arc::clone(&self.0),
            inner,
        }
    }
}

/// See the module.
#[derive(Clone)]
pub(crate) struct Gate<S> {
    shared: Arc<Shared>,
    inner: S,
}

impl<S> Service<Request<Body>> for Gate<S>
where
    S: Service<Request<Received>, Response = Response<Body>> + Clone,
{
    type Response = Response<Outgoing>;
    type Error = S::Error;
    type Future = Answer<S>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let shared = &self.shared;
        let begun = Instant::now();
        let (mut head, body) = request.into_parts();
        hide_token(&mut head.headers);
        let link = head.extensions.remove::<Arc<Link>>();
        let link = link.unwrap_or_else(|| Link::unknown(&shared.room));
        let path = head.uri.path();
        let entry = access::of_path(path);
        let health = path.starts_with("/grpc.health.v1.Health/");
        let open = health || path.starts_with("/grpc.reflection.");
        let (trace_id, told) = TraceId::of(&head.headers);
        let mut outcome = Outcome {
            shared: Arc::clone(shared),
            rpc: (!open).then(|| entry.map_or("unknown", |entry| entry.rpc)),
            begun,
            trace_id,
            told,
            place: Place::outside(link),
            goes_on: entry.is_some_and(|entry| entry.cost.goes_on()),
            lasts: (open && !health).then_some(shared.limits.longest_deadline),
            answered: false,
        };
        let cost = if open {
            outcome.place.link().pass();
            Cost::open(!health)
        } else {
            let cost = entry.map_or(Cost::of(""), |entry| entry.cost);
            if let Err(full) = outcome.place.enter(cost.writes) {
                return Answer::refused(shared.full(full), outcome);
            }
            cost
        };
        let asked = deadline::asked(&head.headers);
        let time_left = asked.unwrap_or(shared.limits.default_deadline);
        let time_left = time_left.min(shared.limits.longest_deadline);
        // The one that was found ready is the one to call.
        let next = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, next);
        let caller = if open {
            Caller::Anyone
        } else {
            Caller::Unknown(entry)
        };
        let call = Call {
            head,
            caller,
            cost,
            inner,
        };
        Answer::coming(call, body, time_left, outcome)
    }
}

impl Shared {
    /// What a call is told that there is no room for.
    fn full(&self, full: Full) -> ApiError {
        metrics::turned_away(full);
        let message = match full {
            Full::Calls => "the server has as many calls as it takes; try again",
            Full::Writes => "the server has as many writes as it takes; try again",
            Full::Bodies => "too many calls wait for the rest of their requests; try again",
            Full::Bytes => "the requests that are here take as much memory as they may; try again",
            Full::Answers => "answers on this connection wait to be read; read them first",
        };
        // Half a second to one and a half, so that not all come back at once.
        let number = self.turned_away.fetch_add(1, Ordering::Relaxed);
        let spread = number.wrapping_mul(0x9E37_79B9) >> 22;
        let wait = Duration::from_millis(500 + u64::from(spread));
        ApiError::new(ErrorReason::Overloaded, message).after(wait)
    }
}

/// Marks the bearer token as what it is, so that nothing further in shows it.
fn hide_token(headers: &mut HeaderMap) {
    if let Some(value) = headers.get_mut(http::header::AUTHORIZATION) {
        value.set_sensitive(true);
    }
}
