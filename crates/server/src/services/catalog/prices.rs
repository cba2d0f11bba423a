//! `ImportPrices`: a price file as a stream of chunks.

use aiconfig_application::{PRICE_FILE_LIMIT, PriceFile};
use aiconfig_proto::v1::{self, ErrorReason, import_prices_request::Part};
use prost::Message as _;
use sha2::{Digest, Sha256};
use tonic::{Request, Response, Status, Streaming};

use crate::call::{Gateway, opening, settle};
use crate::errors::ApiError;
use crate::wire;

/// Bytes of the file in one message.
const CHUNK_LIMIT: usize = 256 << 10;

pub(super) async fn import(
    gateway: &Gateway,
    request: Request<Streaming<v1::ImportPricesRequest>>,
) -> Result<Response<v1::ImportPricesResponse>, Status> {
    let (metadata, extensions, mut stream) = request.into_parts();
    let options = first(&mut stream).await?;
    let (mut call, options) = opening(Request::from_parts(metadata, extensions, options))?;
    let read = wire::price_options(&options).map_err(ApiError::from);
    let (options, source) = gateway.noting(&call, read)?;
    let received = rest(&mut stream).await?;
    let content = gateway.noting(&call, received)?;
    // A repeat is told by its options and its file.
    call.body.extend_from_slice(&Sha256::digest(&content));
    if let Some(stored) = gateway.stored(&call).await? {
        return Ok(Response::new(stored));
    }
    let reading = tokio::task::spawn_blocking(move || PriceFile::read(&content, source));
    let file = reading
        .await
        .map_err(|_| ApiError::new(ErrorReason::Internal, "the file could not be read"))?
        .map_err(|error| ApiError::field(ErrorReason::FieldInvalid, "chunk", &error.to_string()));
    let file = gateway.noting(&call, file)?;
    let written = gateway
        .app
        .import_prices(
            &call,
            &file,
            &options,
            |report, applied| wire::price_report(&report, applied.snapshot.revision()),
            v1::ImportPricesResponse::encode_to_vec,
        )
        .await;
    let written = written.map_err(ApiError::from).and_then(settle);
    Ok(Response::new(gateway.noting(&call, written)?))
}

/// The options, which come first.
async fn first(
    stream: &mut Streaming<v1::ImportPricesRequest>,
) -> Result<v1::ImportPricesOptions, Status> {
    match stream.message().await?.and_then(|message| message.part) {
        Some(Part::Options(options)) => Ok(options),
        _ => Err(invalid("options", "must be given in the first message").into()),
    }
}

/// The file; `Err` within is for the audit.
async fn rest(
    stream: &mut Streaming<v1::ImportPricesRequest>,
) -> Result<Result<Vec<u8>, ApiError>, Status> {
    let mut content = Vec::new();
    while let Some(message) = stream.message().await? {
        let Some(Part::Chunk(chunk)) = message.part else {
            return Ok(Err(invalid(
                "chunk",
                "must be given in each message but the first",
            )));
        };
        if chunk.is_empty() || chunk.len() > CHUNK_LIMIT {
            return Ok(Err(invalid("chunk", "1 to 262144 bytes")));
        }
        if content.len() + chunk.len() > PRICE_FILE_LIMIT {
            let message = format!("the file is over {PRICE_FILE_LIMIT} bytes");
            let error = ApiError::new(ErrorReason::MessageTooLarge, message);
            return Ok(Err(error.with("limit_bytes", PRICE_FILE_LIMIT.to_string())));
        }
        content.extend_from_slice(&chunk);
    }
    Ok(Ok(content))
}

fn invalid(field: &str, rule: &str) -> ApiError {
    ApiError::field(ErrorReason::FieldInvalid, field, rule)
}
