//! Answers that are written out before the codec gets them.

use std::marker::PhantomData;

use aiconfig_proto::codec::LeanCodec;
use bytes::BufMut as _;
use prost::Message;
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, EncodeBuf, Encoder};

/// The bytes of an answer. It has no `Debug`: a key may be in it.
pub(crate) struct Encoded(pub(crate) Vec<u8>);

/// Reads requests `Q`, and passes written answers on.
pub(crate) struct EncodedCodec<Q>(PhantomData<Q>);

/// Its encoder.
pub(crate) struct EncodedEncoder(BufferSettings);

impl<Q> Default for EncodedCodec<Q> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<Q: Message + Default + Send + 'static> Codec for EncodedCodec<Q> {
    type Encode = Encoded;
    type Decode = Q;
    type Encoder = EncodedEncoder;
    type Decoder = <LeanCodec<(), Q> as Codec>::Decoder;

    fn encoder(&mut self) -> EncodedEncoder {
        EncodedEncoder(LeanCodec::<(), Q>::default().encoder().buffer_settings())
    }

    fn decoder(&mut self) -> Self::Decoder {
        LeanCodec::<(), Q>::default().decoder()
    }
}

impl Encoder for EncodedEncoder {
    type Item = Encoded;
    type Error = Status;

    fn encode(&mut self, item: Encoded, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item.0);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        self.0
    }
}
