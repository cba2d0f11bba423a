//! The codec of all calls: protobuf, with buffers as large as the messages that most calls have.

use std::marker::PhantomData;

use prost::Message;
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, EncodeBuf, Encoder};
use tonic_prost::{ProstCodec, ProstDecoder};

/// Bytes that a call's buffers begin with, the one for reading and the one for writing; a longer
/// message makes them grow. The library's own choice is 8 KiB each: an allocator that wipes would
/// wipe 16 KiB for each call, and blocks of up to 1 KiB are those that it has at hand.
const READ: usize = 512;
const WRITE: usize = 1024;
/// Bytes of a stream's messages that are collected before they are sent: the library's own choice.
const TOGETHER: usize = 32 << 10;

/// As [`ProstCodec`], with buffers of another size.
#[derive(Clone, Copy, Debug)]
pub struct LeanCodec<T, U>(PhantomData<(T, U)>);

/// Its encoder.
#[derive(Clone, Copy, Debug)]
pub struct LeanEncoder<T>(PhantomData<T>);

impl<T, U> Default for LeanCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for LeanCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = LeanEncoder<T>;
    type Decoder = ProstDecoder<U>;

    fn encoder(&mut self) -> LeanEncoder<T> {
        LeanEncoder(PhantomData)
    }

    fn decoder(&mut self) -> ProstDecoder<U> {
        ProstCodec::<T, U>::raw_decoder(BufferSettings::new(READ, TOGETHER))
    }
}

impl<T: Message> Encoder for LeanEncoder<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, item: T, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        let encoded = item.encode(buffer);
        encoded.map_err(|_| Status::internal("an answer is longer than memory"))
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(WRITE, TOGETHER)
    }
}
