//! What came back from a call, taken apart.

use aiconfig_proto::v1::ErrorReason;
use bytes::{Buf as _, Bytes};
use http::Response;
use http_body_util::BodyExt as _;
use prost::Message as _;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use tonic::body::Body;
use tonic::{Code, Status};

use super::message::each_of;
use crate::status;

/// Bytes of headers and trailers that every client takes.
const HEADERS: usize = 8 << 10;
/// Bytes of an answer that every client takes.
const ANSWER: usize = 4 << 20;

/// The answer to a call.
pub(super) struct Outcome {
    /// The messages, whatever came after them.
    pub(super) answers: Vec<DynamicMessage>,
    /// All bytes of the messages.
    pub(super) bytes: Bytes,
    /// Why there is no result; `None`: there is one.
    pub(super) refused: Option<(Status, ErrorReason)>,
}

impl Outcome {
    /// Reads a response, and holds it to what every answer must be.
    pub(super) async fn of(response: Response<Body>, method: Option<&MethodDescriptor>) -> Self {
        let (head, body) = response.into_parts();
        assert_eq!(head.status, http::StatusCode::OK);
        let collected = body.collect().await.unwrap();
        let trailers = collected.trailers().cloned().unwrap_or_default();
        let size: usize = [&head.headers, &trailers]
            .into_iter()
            .flat_map(|map| map.iter())
            .map(|(name, value)| name.as_str().len() + value.len() + 32)
            .sum();
        assert!(size <= HEADERS, "{size} bytes of headers");
        let bytes = collected.to_bytes();
        let status = Status::from_header_map(&head.headers)
            .or_else(|| Status::from_header_map(&trailers))
            .unwrap();
        let refused = (status.code() != Code::Ok).then(|| {
            let reason = status::check(&status);
            (status, reason)
        });
        let answers = method.map_or_else(Vec::new, |method| messages(bytes.clone(), method));
        let alone = method.is_some_and(|method| !method.is_server_streaming());
        assert!(!alone || answers.len() == usize::from(refused.is_none()));
        for answer in &answers {
            items_are_told(answer);
        }
        Self {
            answers,
            bytes,
            refused,
        }
    }

    /// The reason of a refusal.
    pub(super) fn reason(&self) -> Option<ErrorReason> {
        self.refused.as_ref().map(|(_, reason)| *reason)
    }

    /// Whether any answer says that something changed.
    pub(super) fn says(&self, field: &str) -> Option<bool> {
        let last = self.answers.last()?;
        last.get_field_by_name(field)?.as_bool()
    }
}

/// The messages in the frames of a body.
fn messages(mut bytes: Bytes, method: &MethodDescriptor) -> Vec<DynamicMessage> {
    let mut messages = Vec::new();
    while bytes.has_remaining() {
        assert_eq!(bytes.get_u8(), 0, "a compressed answer nobody asked for");
        let length = usize::try_from(bytes.get_u32()).unwrap();
        assert!(length <= ANSWER, "an answer of {length} bytes");
        let message = DynamicMessage::decode(method.output(), bytes.split_to(length)).unwrap();
        messages.push(message);
    }
    messages
}

/// The errors of single items are held to the same as those of calls.
fn items_are_told(answer: &DynamicMessage) {
    each_of(answer, "google.rpc.Status", &mut |item| {
        let pb = tonic_types::pb::Status::decode(item.encode_to_vec().as_slice()).unwrap();
        if pb.code == 0 {
            return;
        }
        let details = pb.encode_to_vec().into();
        status::check(&Status::with_details(pb.code.into(), pb.message, details));
    });
}
