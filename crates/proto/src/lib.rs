//! Generated messages, clients and servers of the API, and its descriptor set.
#![forbid(unsafe_code)]

pub mod codec;
pub mod reason;
mod redact;

/// The package `igny8.aiconfig.v1`: messages, enums, and a `…_client` and a `…_server` module for
/// each service.
#[expect(
    clippy::allow_attributes,
    clippy::large_enum_variant,
    clippy::pedantic,
    reason = "generated: its form is not ours to choose, and its docs are the comments of the API"
)]
pub mod v1 {
    tonic::include_proto!("igny8.aiconfig.v1");
}

/// The encoded `google.protobuf.FileDescriptorSet` of all files with what they import, comments
/// and the error details of `google.rpc` included: all that reflection has to know of this API.
pub const FILE_DESCRIPTOR_SET: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/descriptor_set.bin"));
