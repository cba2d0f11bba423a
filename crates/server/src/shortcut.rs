//! The way to the services that are called most, past the router: for each call it keeps the parts of
//! the path and wraps the bodies of request and answer.

use std::convert::Infallible;
use std::task::{Context, Poll};

use aiconfig_proto::v1::prompt_service_server::PromptServiceServer;
use futures::future::BoxFuture;
use http::{Request, Response};
use tonic::body::Body;
use tonic::codegen::StdError;
use tonic::server::NamedService;
use tower::{Layer, Service};

use crate::services::{ModelConfigServer, Services};

/// The services that have a way of their own.
#[derive(Clone)]
pub(crate) struct Frequent {
    pub(crate) model_config: ModelConfigServer,
    pub(crate) prompt: PromptServiceServer<Services>,
}

impl<S> Layer<S> for Frequent {
    type Service = Shortcut<S>;

    fn layer(&self, routes: S) -> Shortcut<S> {
        Shortcut {
            frequent: self.clone(),
            routes,
        }
    }
}

/// Those services, and the router with the others.
#[derive(Clone)]
pub(crate) struct Shortcut<S> {
    frequent: Frequent,
    routes: S,
}

impl<S, B> Service<Request<B>> for Shortcut<S>
where
    S: Service<Request<B>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
    B: http_body::Body + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    // Boxed for the router too: what is around it moves the future of every call several times.
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // The others are always ready.
        self.routes.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Frequent {
            model_config,
            prompt,
        } = &mut self.frequent;
        match request.uri().path().split('/').nth(1) {
            Some(ModelConfigServer::NAME) => model_config.call(request),
            Some(PromptServiceServer::<Services>::NAME) => prompt.call(request),
            _ => Box::pin(self.routes.call(request)),
        }
    }
}
