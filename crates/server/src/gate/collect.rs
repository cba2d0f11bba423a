//! Takes in the body of a call before anything is done for it: a call that waits for its client
//! holds no more than what has come, whatever length it announced.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aiconfig_proto::v1::ErrorReason;
use bytes::{Bytes, BytesMut};
use http_body::{Body as _, Frame, SizeHint};
use tonic::{Status, body::Body};

use crate::errors::ApiError;

/// Bytes in front of a message: whether it is compressed, and its length.
const HEAD: usize = 5;

/// A body that is coming in.
pub(super) struct Collect {
    body: Body,
    /// Bytes that the message may have; `None`: it is a stream, which the service reads.
    limit: Option<usize>,
    taken: Taken,
}

/// Most bodies are one frame, which is not copied.
#[derive(Default)]
enum Taken {
    #[default]
    Nothing,
    One(Bytes),
    Many(BytesMut),
}

/// Why there is no body.
#[derive(Debug)]
pub(super) enum Missing {
    /// The client gave the call up, or is gone.
    Gone,
    /// The call is refused, such as for its length.
    Refused(Box<ApiError>),
}

impl Collect {
    pub(super) fn new(body: Body, limit: Option<usize>) -> Self {
        Self {
            body,
            limit,
            taken: Taken::Nothing,
        }
    }

    /// Bytes that have come.
    pub(super) fn bytes(&self) -> usize {
        self.taken.as_slice().len()
    }

    /// The body as its service gets it.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Received, Missing>> {
        let Some(limit) = self.limit else {
            let body = std::mem::take(&mut self.body);
            return Poll::Ready(Ok(Received::Stream(body)));
        };
        loop {
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                None => break,
                Some(Ok(frame)) => frame,
                Some(Err(_)) => return Poll::Ready(Err(Missing::Gone)),
            };
            let Ok(data) = frame.into_data() else {
                continue;
            };
            self.taken.add(data);
            if let Err(too_large) = self.taken.check(limit) {
                return Poll::Ready(Err(too_large));
            }
            if self.body.is_end_stream() {
                break;
            }
        }
        let whole = std::mem::take(&mut self.taken).whole();
        Poll::Ready(Ok(Received::Whole(whole)))
    }
}

impl Taken {
    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Nothing => &[],
            Self::One(bytes) => bytes,
            Self::Many(bytes) => bytes,
        }
    }

    fn check(&self, limit: usize) -> Result<(), Missing> {
        let taken = self.as_slice();
        let announced = match taken {
            [_, a, b, c, d, ..] => u32::from_be_bytes([*a, *b, *c, *d]),
            _ => 0,
        };
        let announced = usize::try_from(announced).unwrap_or(usize::MAX);
        if announced <= limit && taken.len() <= limit + HEAD {
            return Ok(());
        }
        let message = format!("the request is over {limit} bytes");
        let error = ApiError::new(ErrorReason::MessageTooLarge, message);
        let error = error.with("limit_bytes", limit.to_string());
        Err(Missing::Refused(Box::new(error)))
    }

    fn add(&mut self, data: Bytes) {
        *self = match std::mem::take(self) {
            Self::Nothing => Self::One(data),
            Self::One(first) => {
                let mut all = BytesMut::with_capacity(first.len() + data.len());
                all.extend_from_slice(&first);
                all.extend_from_slice(&data);
                Self::Many(all)
            }
            Self::Many(mut all) => {
                all.extend_from_slice(&data);
                Self::Many(all)
            }
        };
    }

    fn whole(self) -> Bytes {
        match self {
            Self::Nothing => Bytes::new(),
            Self::One(bytes) => bytes,
            Self::Many(bytes) => bytes.freeze(),
        }
    }
}

/// The body as a service gets it.
pub(crate) enum Received {
    /// It is all here.
    Whole(Bytes),
    /// It is a stream, which the service reads.
    Stream(Body),
}

impl Received {
    /// Bytes that are here.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Whole(bytes) => bytes.len(),
            Self::Stream(_) => 0,
        }
    }
}

impl http_body::Body for Received {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match self.get_mut() {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Stream(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Stream(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => {
                SizeHint::with_exact(u64::try_from(bytes.len()).unwrap_or(u64::MAX))
            }
            Self::Stream(body) => body.size_hint(),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use http_body_util::StreamBody;

    use super::*;

    fn collect(parts: &[&'static [u8]], limit: usize) -> Result<Bytes, Missing> {
        let frames: Vec<Result<Frame<Bytes>, Status>> = parts
            .iter()
            .map(|part| Ok(Frame::data(Bytes::from_static(part))))
            .collect();
        let body = Body::new(StreamBody::new(stream::iter(frames)));
        let mut collect = Collect::new(body, Some(limit));
        let mut context = Context::from_waker(std::task::Waker::noop());
        match collect.poll(&mut context) {
            Poll::Ready(Ok(Received::Whole(whole))) => Ok(whole),
            Poll::Ready(Err(missing)) => Err(missing),
            Poll::Ready(Ok(Received::Stream(_))) => panic!("it is no stream"),
            Poll::Pending => panic!("nothing is to wait for"),
        }
    }

    #[test]
    fn frames_are_put_together() {
        let check = |parts: &[&'static [u8]]| {
            let whole = collect(parts, 9).unwrap();
            assert_eq!(whole, parts.concat(), "{parts:?}");
        };
        check(&[]);
        check(&[&[0, 0, 0, 0, 2, 7, 8]]);
        check(&[&[0], &[0, 0], &[0, 2, 7], &[8]]);
    }

    #[test]
    fn length_is_looked_at_before_the_rest_comes() {
        let check = |parts: &[&'static [u8]], fits: bool| {
            let refused = collect(parts, 3);
            match refused {
                Ok(_) => assert!(fits, "{parts:?}"),
                Err(Missing::Refused(error)) => {
                    assert!(!fits, "{parts:?}");
                    assert_eq!(error.metadata, [("limit_bytes", "3".to_owned())]);
                }
                Err(missing) => panic!("{missing:?}"),
            }
        };
        check(&[&[0, 0, 0, 0, 3, 1, 2, 3]], true);
        check(&[&[0, 0, 0, 0, 4]], false);
        check(&[&[0, 0xff, 0xff], &[0xff, 0xff]], false);
        check(&[&[0, 0, 0, 0, 1, 1], &[0, 0, 0]], false);
    }
}
