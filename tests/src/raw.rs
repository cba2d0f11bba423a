//! Calls by path, with bytes that need not be a message.

use std::time::Duration;

use bytes::{Buf, BufMut};
use prost::Message as _;
use prost_types::FileDescriptorSet;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::MetadataMap;
use tonic::transport::Channel;
use tonic::{Request, Response, Status, Streaming};
use tonic_types::StatusExt as _;

/// Passes bytes on as they are.
#[derive(Clone, Copy, Default)]
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut bytes = vec![0; from.remaining()];
        from.copy_to_slice(&mut bytes);
        Ok(Some(bytes))
    }
}

/// Calls an RPC by its full path.
///
/// # Errors
/// The status that was answered.
pub async fn call(
    channel: &Channel,
    path: &str,
    metadata: MetadataMap,
    body: Vec<u8>,
) -> Result<Response<Vec<u8>>, Status> {
    let mut client = tonic::client::Grpc::new(channel.clone());
    client.ready().await.unwrap();
    let request = Request::from_parts(metadata, tonic::Extensions::default(), body);
    client.unary(request, path.parse().unwrap(), Bytes).await
}

/// The status of a service as the health service tells it: 1 is serving.
///
/// # Errors
/// The status that was answered.
pub async fn health(channel: &Channel, service: &str) -> Result<i32, Status> {
    let request = HealthRequest {
        service: service.to_owned(),
    };
    let body = request.encode_to_vec();
    let path = "/grpc.health.v1.Health/Check";
    let answer = call(channel, path, MetadataMap::new(), body).await?;
    let answer = HealthAnswer::decode(answer.get_ref().as_slice()).unwrap();
    Ok(answer.status)
}

/// The statuses of a service from now on, as the health service tells them when they change.
pub struct HealthWatch(Streaming<Vec<u8>>);

impl HealthWatch {
    /// Begins to watch.
    pub async fn begin(channel: &Channel, service: &str) -> Self {
        let request = HealthRequest {
            service: service.to_owned(),
        };
        let mut client = tonic::client::Grpc::new(channel.clone());
        client.ready().await.unwrap();
        let mut request = Request::new(request.encode_to_vec());
        request.set_timeout(Duration::from_mins(1));
        let path = "/grpc.health.v1.Health/Watch".parse().unwrap();
        let answer = client.server_streaming(request, path, Bytes).await.unwrap();
        Self(answer.into_inner())
    }

    /// The next status: 1 is serving, 2 is not.
    pub async fn next(&mut self) -> i32 {
        let answer = self.0.message().await.unwrap().unwrap();
        HealthAnswer::decode(answer.as_slice()).unwrap().status
    }
}

#[derive(Clone, PartialEq, prost::Message)]
struct HealthRequest {
    #[prost(string, tag = "1")]
    service: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct HealthAnswer {
    #[prost(int32, tag = "1")]
    status: i32,
}

/// Every RPC of the protos as `Service/Method`.
#[must_use]
pub fn rpcs() -> Vec<String> {
    let set = FileDescriptorSet::decode(aiconfig_proto::FILE_DESCRIPTOR_SET).unwrap();
    let ours = set.file.iter();
    let ours = ours.filter(|file| file.package() == "igny8.aiconfig.v1");
    let mut names = Vec::new();
    for service in ours.flat_map(|file| &file.service) {
        for method in &service.method {
            names.push(format!("{}/{}", service.name(), method.name()));
        }
    }
    names
}

/// The machine-readable reason of a refusal; empty if it has none.
#[must_use]
pub fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    let info = details.error_info();
    info.map(|info| info.reason.clone()).unwrap_or_default()
}
