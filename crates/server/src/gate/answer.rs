//! A call on its way: its body comes in, it is worked on, it is answered, each until its deadline.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use aiconfig_proto::v1::ErrorReason;
use http::{Request, Response, request};
use pin_project_lite::pin_project;
use tokio::time::Sleep;
use tonic::body::Body;
use tower::Service;
use tracing::instrument::Instrumented;
use tracing::{Instrument as _, Span};

use super::admit::admit;
use super::collect::{Collect, Missing, Received};
use super::cost::Cost;
use super::outcome::Outcome;
use super::outgoing::Outgoing;
use crate::access::Entry;
use crate::call::CallInfo;
use crate::errors::ApiError;

/// Bytes of a request up to which it is not counted, if it came at once: so many calls as there
/// may be hold little of that.
const SMALL: usize = 4 << 10;

/// A call that there is room for.
pub(super) struct Call<S> {
    pub(super) head: request::Parts,
    pub(super) caller: Caller,
    pub(super) cost: Cost,
    pub(super) inner: S,
}

/// Who calls.
pub(super) enum Caller {
    /// It does not matter: health and reflection.
    Anyone,
    /// That was not looked at yet, for an RPC if there is one.
    Unknown(Option<&'static Entry>),
    /// One who may.
    Known(CallInfo),
}

pin_project! {
    /// The answer to come. It has no timer until it waits: most reads never do.
    pub(crate) struct Answer<S: Service<Request<Received>>> {
        #[pin]
        stage: Stage<S, S::Future>,
        time_left: Duration,
        #[pin]
        deadline: Option<Sleep>,
        outcome: Outcome,
    }
}

pin_project! {
    #[project = At]
    enum Stage<S, F> {
        /// It did not come in.
        Refused { error: Option<Box<ApiError>> },
        /// Its body comes in.
        Coming { collect: Collect, call: Option<Call<S>> },
        /// It is worked on.
        Working { #[pin] inner: Instrumented<F> },
    }
}

impl<S: Service<Request<Received>>> Answer<S> {
    pub(super) fn refused(error: ApiError, outcome: Outcome) -> Self {
        let error = Some(Box::new(error));
        Self::at(Stage::Refused { error }, Duration::ZERO, outcome)
    }

    pub(super) fn coming(call: Call<S>, body: Body, time_left: Duration, outcome: Outcome) -> Self {
        let collect = Collect::new(body, call.cost.limit());
        let call = Some(call);
        Self::at(Stage::Coming { collect, call }, time_left, outcome)
    }

    fn at(stage: Stage<S, S::Future>, time_left: Duration, outcome: Outcome) -> Self {
        Self {
            stage,
            time_left,
            deadline: None,
            outcome,
        }
    }
}

impl<S> Future for Answer<S>
where
    S: Service<Request<Received>, Response = Response<Body>>,
{
    type Output = Result<Response<Outgoing>, S::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let came = match this.stage.as_mut().project() {
            At::Coming { collect, call } => {
                match come(collect, call, *this.time_left, this.outcome, context) {
                    Poll::Pending => None,
                    Poll::Ready(come) => Some(come),
                }
            }
            At::Refused { error } => {
                Some(Err(error.take().map_or(Missing::Gone, Missing::Refused)))
            }
            At::Working { .. } => None,
        };
        match came {
            None => {}
            Some(Ok(inner)) => this.stage.set(Stage::Working { inner }),
            Some(Err(Missing::Refused(error))) => {
                return Poll::Ready(Ok(this.outcome.refuse(*error)));
            }
            Some(Err(Missing::Gone)) => return Poll::Ready(Ok(this.outcome.cancelled())),
        }
        let works = match this.stage.as_mut().project() {
            At::Working { inner } => {
                if let Poll::Ready(response) = inner.poll(context) {
                    return Poll::Ready(response.map(|response| this.outcome.finish(response)));
                }
                true
            }
            _ => false,
        };
        if this.deadline.is_none() {
            let left = this.time_left.saturating_sub(this.outcome.begun.elapsed());
            this.deadline.set(Some(tokio::time::sleep(left)));
        }
        let over = this.deadline.as_pin_mut().map(|timer| timer.poll(context));
        if over.is_none_or(|over| over.is_pending()) {
            return Poll::Pending;
        }
        // What was begun ends here, and with it what it holds.
        this.stage.set(Stage::Refused { error: None });
        Poll::Ready(Ok(this.outcome.refuse(late(works))))
    }
}

fn late(works: bool) -> ApiError {
    let message = if works {
        "the deadline is over; a write may still have been made: repeat it with the same request_id"
    } else {
        "the deadline is over, and the request has not come whole"
    };
    ApiError::new(ErrorReason::DeadlineExceeded, message)
}

/// Takes the body of a call in; once it is, hands the call to its service.
fn come<S: Service<Request<Received>>>(
    collect: &mut Collect,
    waiting: &mut Option<Call<S>>,
    time_left: Duration,
    outcome: &mut Outcome,
    context: &mut Context<'_>,
) -> Poll<Result<Instrumented<S::Future>, Missing>> {
    let body = collect.poll(context);
    let Some(mut call) = waiting.take() else {
        return Poll::Ready(Err(Missing::Gone));
    };
    // Nothing is done for who is gone, and who calls is known before anything is waited for.
    if matches!(body, Poll::Ready(Err(Missing::Gone))) {
        return Poll::Ready(Err(Missing::Gone));
    }
    if let Caller::Unknown(entry) = call.caller {
        let admitted = admit(&outcome.shared, &call.head, entry, outcome, time_left);
        call.caller = Caller::Known(admitted.map_err(Missing::Refused)?);
    }
    match body {
        Poll::Ready(body) => Poll::Ready(begin(call, body?, outcome).map_err(Missing::Refused)),
        Poll::Pending => {
            *waiting = Some(call);
            let place = &mut outcome.place;
            let fits = place.wait().and_then(|()| place.holds(collect.bytes()));
            match fits {
                Ok(()) => Poll::Pending,
                Err(full) => {
                    let refused = outcome.shared.full(full);
                    Poll::Ready(Err(Missing::Refused(Box::new(refused))))
                }
            }
        }
    }
}

/// Hands a call whose body is in to its service.
fn begin<S: Service<Request<Received>>>(
    call: Call<S>,
    body: Received,
    outcome: &mut Outcome,
) -> Result<Instrumented<S::Future>, Box<ApiError>> {
    let Call {
        mut head,
        caller,
        cost,
        mut inner,
    } = call;
    let shared = &outcome.shared;
    let Caller::Known(info) = caller else {
        let called = inner.call(Request::from_parts(head, body));
        return Ok(called.instrument(Span::none()));
    };
    let place = &mut outcome.place;
    let mut fits = place.resume();
    if fits.is_ok() && body.bytes() > SMALL {
        fits = place.holds(body.bytes());
    }
    if let Err(full) = fits {
        return Err(Box::new(shared.full(full)));
    }
    shared.within_rate(&info.caller.token_id, cost.calls(body.bytes()))?;
    let span = tracing::debug_span!(
        "call",
        rpc = info.rpc,
        caller = %info.caller.token_id,
        request_id = %info.trace_id,
        account_id = tracing::field::Empty,
    );
    head.extensions.insert(info);
    let called = inner.call(Request::from_parts(head, body));
    Ok(called.instrument(span))
}
