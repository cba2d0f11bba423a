//! `ModelConfigService`: the main call. Its answers are written out by hand, without messages.

use std::convert::Infallible;
use std::task::{Context, Poll};

use aiconfig_application::{Caller, Live};
use aiconfig_domain::{Rejection, Timestamp};
use aiconfig_proto::v1::{self, ErrorReason};
use futures::future::BoxFuture;
use tonic::body::Body;
use tonic::codegen::StdError;
use tonic::server::{Grpc, NamedService};
use tonic::{Request, Response, Status};
use tower::{Service, service_fn};

use super::Services;
use crate::call::{covered, info};
use crate::encoded::{Encoded, EncodedCodec};
use crate::errors::ApiError;
use crate::wire::{self, Writer};

/// Items of a batch.
const BATCH: usize = 1_000;
/// Bytes that an answer takes, about: more makes the buffer grow.
const ANSWER: usize = 1024;
/// Bytes that an answer of a batch takes, most often: what is left over is wiped for nothing.
const ITEM: usize = 400;
/// What the paths of the methods begin with.
const METHODS: &str = "/igny8.aiconfig.v1.ModelConfigService/";

/// `ModelConfigService` as the router takes it.
#[derive(Clone)]
pub(crate) struct ModelConfigServer {
    services: Services,
    /// Bytes of a request.
    longest: usize,
}

impl ModelConfigServer {
    pub(crate) const fn new(services: Services, longest: usize) -> Self {
        Self { services, longest }
    }

    fn grpc<Q>(&self) -> Grpc<EncodedCodec<Q>>
    where
        EncodedCodec<Q>: tonic::codec::Codec,
    {
        Grpc::new(EncodedCodec::default()).max_decoding_message_size(self.longest)
    }
}

impl NamedService for ModelConfigServer {
    const NAME: &'static str = v1::model_config_service_server::SERVICE_NAME;
}

impl<B> Service<http::Request<B>> for ModelConfigServer
where
    B: http_body::Body + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let services = self.services.clone();
        match request.uri().path().strip_prefix(METHODS) {
            Some("GetModelConfig") => {
                let mut grpc = self.grpc();
                Box::pin(async move {
                    let method = service_fn(|request| services.get_model_config(request));
                    Ok(grpc.unary(method, request).await)
                })
            }
            Some("BatchGetModelConfigs") => {
                let mut grpc = self.grpc();
                Box::pin(async move {
                    let method = service_fn(|request| services.batch_get_model_configs(request));
                    Ok(grpc.unary(method, request).await)
                })
            }
            _ => Box::pin(async { Ok(Status::unimplemented("").into_http()) }),
        }
    }
}

impl Services {
    /// Writes one answer as a message in another one.
    fn config(
        &self,
        live: &Live,
        caller: &Caller,
        request: v1::GetModelConfigRequest,
        now: Timestamp,
        (writer, field): (&mut Writer, u32),
    ) -> Result<(), ApiError> {
        if request.include_api_key && !caller.role.may_read_keys() {
            let message = "only BACKEND tokens read keys; leave include_api_key out";
            let error = ApiError::new(ErrorReason::KeyReadForbidden, message);
            return Err(error.with("role", caller.role.as_str()));
        }
        let asked = wire::model_config_query(request)?;
        covered(caller, asked.query.account)?;
        let answer = self.0.app.model_config(live, caller, &asked, now)?;
        writer.message(field, |writer| {
            wire::model_config(writer, &asked.query, &answer);
        });
        Ok(())
    }

    async fn get_model_config(
        &self,
        request: Request<v1::GetModelConfigRequest>,
    ) -> Result<Response<Encoded>, Status> {
        let info = info(&request)?;
        let asked = request.get_ref();
        let live = self.0.read(&request, asked.min_revision).await?;
        let now = self.0.app.now();
        let mut writer = Writer::with_capacity(ANSWER);
        let place = (&mut writer, GET_MODEL_CONFIG);
        let written = self.config(&live, &info.caller, request.into_inner(), now, place);
        self.0.noting_read(&info, written)?;
        Ok(Response::new(Encoded(writer.into_bytes())))
    }

    async fn batch_get_model_configs(
        &self,
        request: Request<v1::BatchGetModelConfigsRequest>,
    ) -> Result<Response<Encoded>, Status> {
        let info = info(&request)?;
        let items = &request.get_ref().requests;
        if items.len() > BATCH {
            let refused = Rejection::invalid_field("requests", "at most 1000 items");
            return Err(ApiError::from(refused).into());
        }
        let wanted = items.iter().map(|item| item.min_revision).max();
        let live = self.0.read(&request, wanted.unwrap_or(0)).await?;
        let now = self.0.app.now();
        let items = request.into_inner().requests;
        let mut writer = Writer::with_capacity(items.len() * ITEM);
        for item in items {
            writer.message(BATCH_RESULTS, |writer| {
                let place = (&mut *writer, RESULT_MODEL_CONFIG);
                if let Err(error) = self.config(&live, &info.caller, item, now, place) {
                    writer.encoded(RESULT_ERROR, &error.into_rpc());
                }
            });
        }
        Ok(Response::new(Encoded(writer.into_bytes())))
    }
}

/// Fields of the answers that hold a configuration.
const GET_MODEL_CONFIG: u32 = 1;
const BATCH_RESULTS: u32 = 1;
const RESULT_MODEL_CONFIG: u32 = 1;
const RESULT_ERROR: u32 = 2;
