//! An answer on its way out: its deadline, its errors in our words, its marks, and what is told
//! and counted of it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use aiconfig_proto::v1::ErrorReason;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use http_body_util::BodyExt as _;
use pin_project_lite::pin_project;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Sleep;
use tonic::body::Body;
use tonic::{Code, Status};
use tracing::instrument::Instrumented;

use super::Shared;
use crate::call::TraceId;
use crate::errors::ApiError;

/// The id of a call, in its request and its answer.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// How old the state is that a read was answered from, where the database is away.
const STALE: HeaderName = HeaderName::from_static("x-aiconfig-stale-seconds");
/// From which age on it is told; the log is looked at far more often.
const STALE_FROM: Duration = Duration::from_secs(3);

/// What is needed once a call is answered.
pub(super) struct Outcome {
    pub(super) shared: Arc<Shared>,
    pub(super) rpc: &'static str,
    pub(super) begun: Instant,
    pub(super) trace_id: TraceId,
    /// Whether the client gave the id and gets it back.
    pub(super) told: bool,
    /// The call's room, given back when it is answered.
    pub(super) permit: Option<OwnedSemaphorePermit>,
}

pin_project! {
    /// The answer to come.
    #[project = Stage]
    pub(crate) enum Answer<F> {
        /// Of health and reflection: passed on as it is.
        Open { #[pin] inner: F },
        /// Of a call that came in. It has no timer until it waits: most reads never do.
        Admitted {
            #[pin] inner: Instrumented<F>,
            time_left: Duration,
            #[pin] deadline: Option<Sleep>,
            outcome: Outcome,
        },
        /// Of a call that did not.
        Refused { error: Option<ApiError>, outcome: Outcome },
    }
}

impl<F, E> Future for Answer<F>
where
    F: Future<Output = Result<Response<Body>, E>>,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let (response, outcome) = match self.project() {
            Stage::Open { inner } => return inner.poll(context),
            Stage::Admitted {
                inner,
                time_left,
                mut deadline,
                outcome,
            } => match inner.poll(context) {
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(response)) => (response, outcome),
                Poll::Pending => {
                    if deadline.is_none() {
                        let left = time_left.saturating_sub(outcome.begun.elapsed());
                        deadline.set(Some(tokio::time::sleep(left)));
                    }
                    let over = deadline.as_pin_mut().map(|timer| timer.poll(context));
                    if over.is_none_or(|over| over.is_pending()) {
                        return Poll::Pending;
                    }
                    let message = "the deadline is over; a write may still have been made: \
                                   repeat it with the same request_id";
                    let error = ApiError::new(ErrorReason::DeadlineExceeded, message);
                    (Status::from(error).into_http(), outcome)
                }
            },
            Stage::Refused { error, outcome } => {
                let fallback = || ApiError::new(ErrorReason::Internal, "polled after its end");
                let error = error.take().unwrap_or_else(fallback);
                (Status::from(error).into_http(), outcome)
            }
        };
        outcome.permit = None;
        Poll::Ready(Ok(outcome.finish(response)))
    }
}

impl Outcome {
    fn finish(&self, mut response: Response<Body>) -> Response<Body> {
        // An error is an answer of headers alone; everything else is a message and then OK.
        let mut code = Code::Ok;
        if let Some(status) = Status::from_header_map(response.headers()) {
            let status = reworded(status).map_or_else(|ours| ours, Status::from);
            code = status.code();
            if code != Code::Ok {
                response = with_request_info(&status, &self.trace_id).into_http();
            }
        }
        if self.told
            && let Ok(id) = HeaderValue::from_str(&self.trace_id.to_string())
        {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        let age = self.shared.app.staleness();
        if age >= STALE_FROM {
            response = marked_stale(response, age);
        }
        let took = self.begun.elapsed();
        self.shared.meters.answered(self.rpc, code, took);
        self.log(code, took);
        response
    }

    fn log(&self, code: Code, took: Duration) {
        let (rpc, request_id) = (self.rpc, &self.trace_id);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        match code {
            Code::Internal | Code::Unknown | Code::DataLoss | Code::Unavailable => {
                tracing::warn!(rpc, ?code, micros, %request_id, "a call failed");
            }
            _ => tracing::debug!(rpc, ?code, micros, %request_id, "answered"),
        }
    }
}

/// Errors of the transport, which carry no details, in our words; `Err` is a status of ours as it
/// came.
fn reworded(status: Status) -> Result<ApiError, Status> {
    if status.code() == Code::Ok || !status.details().is_empty() {
        return Err(status);
    }
    let text = status.message();
    Ok(match status.code() {
        Code::OutOfRange | Code::ResourceExhausted if text.contains("too large") => ApiError::new(
            ErrorReason::MessageTooLarge,
            "the request is too large: 1 MiB at most, 10 MiB where it can name many accounts, 64 KiB \
             where a key or settings come in",
        ),
        Code::Internal | Code::InvalidArgument if is_unreadable(text) => ApiError::new(
            ErrorReason::RequestUnreadable,
            "the request cannot be read as the message of this RPC",
        ),
        Code::Unimplemented => ApiError::new(
            ErrorReason::Unimplemented,
            "the server has no such RPC or encoding",
        ),
        code => {
            tracing::warn!(
                ?code,
                "an error of the transport was passed on in other words"
            );
            ApiError::new(ErrorReason::Internal, "the request could not be worked on")
        }
    })
}

/// Whether an error of the transport is about the bytes that came in: no message at all, one that
/// ends too early, one that is marked as compressed though nothing was agreed on, or no protobuf.
fn is_unreadable(text: &str) -> bool {
    [
        "decod",
        "protocol error: received message",
        "Missing request message",
    ]
    .iter()
    .any(|part| text.contains(part))
}

/// Adds the id by which logs and audit know the call.
pub(crate) fn with_request_info(status: &Status, trace_id: &TraceId) -> Status {
    use tonic_types::StatusExt as _;
    let mut details = status.get_error_details();
    details.set_request_info(trace_id.to_string(), "");
    Status::with_error_details(status.code(), status.message(), details)
}

/// Puts the age of the state into the trailers; into the headers of an answer that has no body.
fn marked_stale(mut response: Response<Body>, age: Duration) -> Response<Body> {
    let value = HeaderValue::from(age.as_secs());
    if response.headers().contains_key("grpc-status") {
        response.headers_mut().insert(STALE, value);
        return response;
    }
    let mark = move |mut trailers: HeaderMap| {
        trailers.insert(STALE, value.clone());
        trailers
    };
    response.map(|body| {
        Body::new(body.map_frame(move |frame| match frame.into_trailers() {
            Ok(trailers) => http_body::Frame::trailers(mark(trailers)),
            Err(data) => data,
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::StatusExt as _;

    #[test]
    fn errors_of_the_transport_are_reworded_without_their_text() {
        for (status, reason) in [
            (
                Status::out_of_range("Error, decoded message length too large: found 9 bytes"),
                ErrorReason::MessageTooLarge,
            ),
            (
                Status::internal("failed to decode Protobuf message: Secret.key: invalid"),
                ErrorReason::RequestUnreadable,
            ),
            (
                Status::internal("Unexpected EOF decoding stream."),
                ErrorReason::RequestUnreadable,
            ),
            (
                Status::internal("Missing request message."),
                ErrorReason::RequestUnreadable,
            ),
            (
                Status::internal(
                    "protocol error: received message with compressed-flag but no grpc-encoding was specified",
                ),
                ErrorReason::RequestUnreadable,
            ),
            (Status::unimplemented("x"), ErrorReason::Unimplemented),
            (Status::unknown("x"), ErrorReason::Internal),
        ] {
            let error = reworded(status).unwrap();
            assert_eq!(error.reason, reason);
            assert!(!Status::from(error).message().contains("Secret"));
        }
        let ours = Status::from(ApiError::new(ErrorReason::Internal, "ours"));
        assert_eq!(reworded(ours).unwrap_err().message(), "ours");
    }

    #[test]
    fn errors_name_the_call() {
        let status = Status::from(ApiError::new(ErrorReason::Internal, "ours"));
        let told = with_request_info(&status, &TraceId::Given("abc".into()));
        let details = told.get_error_details();
        assert_eq!(details.request_info().unwrap().request_id, "abc");
        assert_eq!(details.error_info().unwrap().reason, "INTERNAL");
    }
}
