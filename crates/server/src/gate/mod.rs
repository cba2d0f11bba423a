//! The layer in front of every RPC: who calls, may they, is there room, and until when; and what
//! is told and counted of it.

mod admit;
mod answer;
mod deadline;
mod failures;

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use aiconfig_application::Application;
use aiconfig_proto::v1::ErrorReason;
use http::{HeaderMap, Request, Response};
use tokio::sync::Semaphore;
use tonic::body::Body;
use tower::{Layer, Service};
use tracing::Instrument;

use crate::errors::ApiError;
use crate::metrics::Meters;
pub(crate) use answer::with_request_info;
use answer::{Answer, Outcome};
use failures::Failures;

/// What the gate holds callers to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Calls that are worked on at the same time; more are refused at once.
    pub(crate) in_flight: usize,
    /// The deadline of a call that names none.
    pub(crate) default_deadline: Duration,
    /// The longest deadline that counts.
    pub(crate) longest_deadline: Duration,
}

/// What all connections share.
pub(crate) struct Shared {
    app: Arc<Application>,
    meters: Meters,
    room: Arc<Semaphore>,
    failures: Failures,
    limits: Limits,
}

/// Makes the gate.
#[derive(Clone)]
pub(crate) struct GateLayer(Arc<Shared>);

impl GateLayer {
    pub(crate) fn new(app: Arc<Application>, limits: Limits) -> Self {
        Self(Arc::new(Shared {
            app,
            meters: Meters::new(),
            room: Arc::new(Semaphore::new(limits.in_flight)),
            failures: Failures::default(),
            limits,
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
    S: Service<Request<Body>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Answer<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let path = request.uri().path();
        if path.starts_with("/grpc.health.v1.Health/") || path.starts_with("/grpc.reflection.") {
            return Answer::Open {
                inner: self.inner.call(request),
            };
        }
        let shared = &self.shared;
        let begun = Instant::now();
        hide_token(request.headers_mut());
        let admitted = admit::admit(shared, &request);
        let outcome = |rpc, trace_id, told, permit| Outcome {
            shared: Arc::clone(shared),
            rpc,
            begun,
            trace_id,
            told,
            permit,
        };
        let error = match admitted {
            Ok((info, told)) => match Arc::clone(&shared.room).try_acquire_owned() {
                Ok(permit) => {
                    let outcome = outcome(info.rpc, info.trace_id.clone(), told, Some(permit));
                    let time_left = info.time_left;
                    let span = tracing::debug_span!(
                        "call",
                        rpc = info.rpc,
                        caller = %info.caller.token_id,
                        request_id = %info.trace_id,
                        account_id = tracing::field::Empty,
                    );
                    request.extensions_mut().insert(info);
                    let inner = self.inner.call(request).instrument(span);
                    return Answer::Admitted {
                        inner,
                        time_left,
                        deadline: None,
                        outcome,
                    };
                }
                Err(_) => Box::new(admit::Refused {
                    error: ApiError::new(
                        ErrorReason::Overloaded,
                        "the server has as many calls as it takes; try again",
                    ),
                    trace_id: info.trace_id,
                    told,
                }),
            },
            Err(refused) => refused,
        };
        let admit::Refused {
            error,
            trace_id,
            told,
        } = *error;
        let rpc = admit::rpc_of(request.uri().path());
        Answer::Refused {
            error: Some(error),
            outcome: outcome(rpc, trace_id, told, None),
        }
    }
}

/// Marks the bearer token as what it is, so that nothing further in shows it.
fn hide_token(headers: &mut HeaderMap) {
    if let Some(value) = headers.get_mut(http::header::AUTHORIZATION) {
        value.set_sensitive(true);
    }
}
