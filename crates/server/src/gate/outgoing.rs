//! The body of an answer on its way to the client. What the client does not take is held here, in
//! parts, where it is counted: handed on whole it would lie in HTTP/2's buffers, out of sight.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aiconfig_proto::v1::ErrorReason;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::Sleep;
use tonic::Status;
use tonic::body::Body;

use crate::errors::ApiError;
use crate::transport::{Link, Place};

/// Bytes that are handed on at once; HTTP/2 asks for the next part when the client gave leave.
const PART: usize = 4 << 10;

/// See the module.
pub(crate) struct Outgoing {
    body: Body,
    link: Arc<Link>,
    /// Of a call that goes on meanwhile, given back at its end.
    place: Option<Place>,
    /// The end of a stream that may not go on for ever.
    end: Option<Pin<Box<Sleep>>>,
    /// What is still to be handed on of the present frame.
    rest: Bytes,
    /// How much of an answer waits, as it was counted, if a part does.
    waits: Option<usize>,
}

impl Outgoing {
    /// Of an answer on a connection.
    pub(super) fn new(
        body: Body,
        link: Arc<Link>,
        place: Option<Place>,
        lasts: Option<Duration>,
    ) -> Self {
        Self {
            body,
            link,
            place,
            end: lasts.map(|lasts| Box::pin(tokio::time::sleep(lasts))),
            rest: Bytes::new(),
            waits: None,
        }
    }

    fn went(&mut self) {
        if let Some(waits) = self.waits.take() {
            self.link.part_went(waits);
        }
    }

    /// Hands the next part on.
    fn part(&mut self) -> Frame<Bytes> {
        let part = self.rest.split_to(self.rest.len().min(PART));
        self.link.part_waits(self.rest.len());
        self.waits = Some(self.rest.len());
        Frame::data(part)
    }
}

/// The trailers of a stream that has reached its end.
fn over() -> Frame<Bytes> {
    let message = "the stream has gone on for as long as it may; open a new one";
    let error = ApiError::new(ErrorReason::DeadlineExceeded, message);
    let (head, _) = Status::from(error).into_http::<Body>().into_parts();
    Frame::trailers(head.headers)
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        this.went();
        if !this.rest.is_empty() {
            return Poll::Ready(Some(Ok(this.part())));
        }
        if let Some(end) = &mut this.end
            && end.as_mut().poll(context).is_ready()
        {
            this.end = None;
            this.body = Body::empty();
            return Poll::Ready(Some(Ok(over())));
        }
        let frame = ready!(Pin::new(&mut this.body).poll_frame(context));
        if frame.is_none() {
            this.place = None;
        }
        Poll::Ready(frame.map(|frame| {
            frame.map(|frame| match frame.into_data() {
                Ok(data) => {
                    this.rest = data;
                    this.part()
                }
                Err(other) => other,
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = u64::try_from(self.rest.len()).unwrap_or(u64::MAX);
        let mut hint = self.body.size_hint();
        let upper = hint.upper().map(|upper| upper.saturating_add(rest));
        hint.set_lower(hint.lower().saturating_add(rest));
        if let Some(upper) = upper {
            hint.set_upper(upper);
        }
        hint
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        self.went();
    }
}
