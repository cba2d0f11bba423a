//! What becomes of a call: its errors in our words, its marks, and what is told and counted of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aiconfig_proto::v1::ErrorReason;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use http_body_util::BodyExt as _;
use tonic::body::Body;
use tonic::{Code, Status};

use super::Shared;
use super::outgoing::Outgoing;
use crate::call::TraceId;
use crate::errors::ApiError;
use crate::transport::Place;

/// The id of a call, in its request and its answer.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// How old the state is that a read was answered from, where the database is away.
const STALE: HeaderName = HeaderName::from_static("x-aiconfig-stale-seconds");
/// From which age on it is told; the log is looked at far more often.
const STALE_FROM: Duration = Duration::from_secs(3);

/// What is needed once a call is answered.
pub(super) struct Outcome {
    pub(super) shared: Arc<Shared>,
    /// `None` for health and reflection: they are passed on as they are, and not counted.
    pub(super) rpc: Option<&'static str>,
    pub(super) begun: Instant,
    pub(super) trace_id: TraceId,
    /// Whether the client gave the id and gets it back.
    pub(super) told: bool,
    /// The call's place, given back when it is answered.
    pub(super) place: Place,
    /// Whether the call goes on, and needs its place, while its answer goes out.
    pub(super) goes_on: bool,
    /// How long its answer may go on, if there is an end to that: reflection, which asks for no
    /// token, is a stream.
    pub(super) lasts: Option<Duration>,
    pub(super) answered: bool,
}

impl Outcome {
    /// The answer of a service.
    pub(super) fn finish(&mut self, mut response: Response<Body>) -> Response<Outgoing> {
        // An error is an answer of headers alone; everything else is a message and then OK.
        let mut code = Code::Ok;
        if self.rpc.is_some()
            && let Some(status) = Status::from_header_map(response.headers())
        {
            let status = reworded(status).map_or_else(|ours| ours, Status::from);
            code = status.code();
            if code != Code::Ok {
                response = with_request_info(&status, &self.trace_id).into_http();
            }
        }
        self.mark(response, code)
    }

    /// The answer to a call that is not worked on, or no longer.
    pub(super) fn refuse(&mut self, error: ApiError) -> Response<Outgoing> {
        let status = error.into_status(Some(&self.trace_id));
        // A deadline that is over is no refusal: it took as long as it took.
        if status.code() != Code::DeadlineExceeded {
            self.place.link().refused();
        }
        let code = status.code();
        self.mark(status.into_http(), code)
    }

    /// What is left to say where the client gave the call up.
    pub(super) fn cancelled(&mut self) -> Response<Outgoing> {
        let code = Code::Cancelled;
        let status = Status::new(code, "the client gave the call up");
        self.mark(status.into_http(), code)
    }

    fn mark(&mut self, mut response: Response<Body>, code: Code) -> Response<Outgoing> {
        let link = Arc::clone(self.place.link());
        let mut place = std::mem::replace(&mut self.place, Place::outside(Arc::clone(&link)));
        if !self.goes_on {
            place.leave();
        }
        if self.told
            && let Ok(id) = HeaderValue::from_str(&self.trace_id.to_string())
        {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        if self.rpc.is_some() {
            let age = self.shared.app.staleness();
            if age >= STALE_FROM {
                response = marked_stale(response, age);
            }
        }
        self.note(code);
        let place = self.goes_on.then_some(place);
        response.map(|body| Outgoing::new(body, link, place, self.lasts))
    }

    /// Counts the call, and writes a line of it.
    fn note(&mut self, code: Code) {
        self.answered = true;
        let Some(rpc) = self.rpc else {
            return;
        };
        let took = self.begun.elapsed();
        self.shared.meters.answered(rpc, code, took);
        let request_id = &self.trace_id;
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        match code {
            Code::Internal | Code::Unknown | Code::DataLoss | Code::Unavailable => {
                tracing::warn!(rpc, ?code, micros, %request_id, "a call failed");
            }
            _ => tracing::debug!(rpc, ?code, micros, %request_id, "answered"),
        }
    }
}

impl Drop for Outcome {
    /// A call that is dropped unanswered was reset by its client, or its connection ended.
    fn drop(&mut self) {
        if !self.answered {
            self.note(Code::Cancelled);
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
