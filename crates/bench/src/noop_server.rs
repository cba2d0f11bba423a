//! The server that does nothing: on the same runtime and transport settings as `aiconfig serve`, it
//! answers every `GetModelConfig` with the same message.

use std::net::SocketAddr;
use std::time::Duration;

use aiconfig_proto::v1::{
    self,
    model_config_service_server::{ModelConfigService, ModelConfigServiceServer},
};
use clap::Parser;
use prost::Message as _;
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// Bytes of a request, as in the server.
const MESSAGE: usize = 1 << 20;

/// Answers every `GetModelConfig` with one constant message.
#[derive(Parser)]
struct Args {
    /// Where to listen.
    #[arg(long)]
    listen: SocketAddr,
    /// Bytes of the encoded answer.
    #[arg(long)]
    bytes: usize,
}

/// Holds the answer. It is one long text: cheaper to copy and to encode than what a real answer
/// is made of, as the limit should be.
struct Noop(v1::GetModelConfigResponse);

#[tonic::async_trait]
impl ModelConfigService for Noop {
    async fn get_model_config(
        &self,
        _: Request<v1::GetModelConfigRequest>,
    ) -> Result<Response<v1::GetModelConfigResponse>, Status> {
        Ok(Response::new(self.0.clone()))
    }

    async fn batch_get_model_configs(
        &self,
        _: Request<v1::BatchGetModelConfigsRequest>,
    ) -> Result<Response<v1::BatchGetModelConfigsResponse>, Status> {
        Ok(Response::new(v1::BatchGetModelConfigsResponse::default()))
    }
}

fn answer(bytes: usize) -> v1::GetModelConfigResponse {
    let of = |length: usize| v1::GetModelConfigResponse {
        model_config: Some(v1::ModelConfig {
            model: "x".repeat(length),
            ..v1::ModelConfig::default()
        }),
    };
    let fits = |length: &usize| of(*length).encoded_len() <= bytes;
    of((0..=bytes).rev().find(fits).unwrap_or_default())
}

/// Serves until it is killed.
///
/// # Errors
/// If it cannot listen.
pub async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let Args { listen, bytes } = Args::parse();
    let listener = TcpListener::bind(listen).await?;
    let service = ModelConfigServiceServer::new(Noop(answer(bytes)));
    // From here on the same as in crates/server/src/transport/limits.rs, with its defaults.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder()
        .timeout(Duration::from_secs(62))
        .max_concurrent_streams(256)
        .http2_max_pending_accept_reset_streams(Some(256))
        .http2_max_local_error_reset_streams(Some(1024))
        .http2_max_header_list_size(8 << 10)
        .max_frame_size(16 << 10)
        .initial_stream_window_size(256 << 10)
        .initial_connection_window_size(1 << 20)
        .http2_adaptive_window(Some(false))
        .http2_keepalive_interval(Some(Duration::from_secs(20)))
        .http2_keepalive_timeout(Some(Duration::from_secs(10)))
        .max_connection_age(Duration::from_hours(1))
        .accept_http1(false)
        .add_service(service.max_decoding_message_size(MESSAGE))
        .serve_with_incoming(incoming)
        .await?;
    Ok(())
}
