//! The layer in front of every RPC: who calls, may they, and until when.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use aiconfig_application::{Application, Caller};
use aiconfig_domain::Role;
use aiconfig_proto::v1::ErrorReason;
use futures::future::BoxFuture;
use tonic::Status;
use tonic::body::Body;
use tonic::transport::server::TcpConnectInfo;
use tower::{Layer, Service};

use crate::access::{self, Entry};
use crate::call::CallInfo;
use crate::errors::ApiError;

/// The deadline of a call that names none, and the longest that one can name.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(5);
const LONGEST_DEADLINE: Duration = Duration::from_secs(30);

/// Makes the gate.
#[derive(Clone)]
pub(crate) struct GateLayer {
    pub(crate) app: Arc<Application>,
}

impl<S> Layer<S> for GateLayer {
    type Service = Gate<S>;

    fn layer(&self, inner: S) -> Gate<S> {
        Gate {
            app: Arc::clone(&self.app),
            inner,
        }
    }
}

/// See the module.
#[derive(Clone)]
pub(crate) struct Gate<S> {
    app: Arc<Application>,
    inner: S,
}

impl<S> Service<http::Request<Body>> for Gate<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send,
{
    type Response = http::Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let path = request.uri().path();
        if path.starts_with("/grpc.health.v1.Health/") || path.starts_with("/grpc.reflection.") {
            return Box::pin(self.inner.call(request));
        }
        let limit = deadline(request.headers());
        match admit(&self.app, &request, limit) {
            Ok(info) => {
                request.extensions_mut().insert(info);
                let answer = self.inner.call(request);
                Box::pin(async move {
                    match tokio::time::timeout(limit, answer).await {
                        Ok(answer) => answer,
                        Err(_) => Ok(refuse(ApiError::new(
                            ErrorReason::DeadlineExceeded,
                            "the deadline is over",
                        ))),
                    }
                })
            }
            Err(error) => Box::pin(std::future::ready(Ok(refuse(error)))),
        }
    }
}

fn refuse(error: ApiError) -> http::Response<Body> {
    Status::from(error).into_http()
}

/// Authenticates, then authorises.
fn admit(
    app: &Application,
    request: &http::Request<Body>,
    time_left: Duration,
) -> Result<CallInfo, ApiError> {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let bearer = header("authorization").and_then(|value| {
        value
            .strip_prefix("Bearer ")
            .or_else(|| value.strip_prefix("bearer "))
    });
    let mut caller = bearer
        .and_then(|bearer| app.authenticate(bearer))
        .ok_or_else(|| {
            ApiError::new(
                ErrorReason::Unauthenticated,
                "the call needs a valid bearer token in `authorization`",
            )
        })?;
    let entry = access::of_path(request.uri().path())
        .ok_or_else(|| ApiError::new(ErrorReason::Unimplemented, "there is no such RPC"))?;
    authorise(&caller, entry)?;
    let actor = header("x-aiconfig-actor")
        .map(str::to_owned)
        .filter(|actor| !actor.is_empty());
    if actor.is_some() && !caller.role.may_name_actor() {
        return Err(ApiError::new(
            ErrorReason::ActorForbidden,
            "only BACKEND and ADMIN tokens may name an actor",
        ));
    }
    caller.actor = actor.map(|actor| actor.chars().take(255).collect::<String>().into());
    caller.peer = request
        .extensions()
        .get::<TcpConnectInfo>()
        .and_then(TcpConnectInfo::remote_addr)
        .map(|peer| peer.ip());
    let trace_id = header("x-request-id")
        .filter(|id| (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()))
        .map_or_else(|| app.new_trace_id(), str::to_owned);
    Ok(CallInfo {
        caller: Arc::new(caller),
        trace_id: trace_id.into(),
        rpc: entry.rpc,
        time_left,
    })
}

/// Whether the caller's role, and its binding to accounts, let it call an RPC.
fn authorise(caller: &Caller, entry: &Entry) -> Result<(), ApiError> {
    let Entry { rpc, roles, bound } = entry;
    let role = caller.role.as_str();
    let message = if !roles.contains(&caller.role) {
        let may: Vec<&str> = roles.iter().copied().map(Role::as_str).collect();
        format!(
            "a {role} token may not call {rpc}; these may: {}",
            may.join(", ")
        )
    } else if !bound && !caller.account_ids.is_empty() {
        format!("{rpc} is for the whole platform; this token is bound to accounts")
    } else {
        return Ok(());
    };
    Err(ApiError::new(ErrorReason::RoleForbidden, message))
}

/// The call's deadline: its `grpc-timeout` within bounds.
fn deadline(headers: &http::HeaderMap) -> Duration {
    let text = headers
        .get("grpc-timeout")
        .and_then(|value| value.to_str().ok());
    let asked = text.and_then(|text| {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let number: u64 = number.parse().ok()?;
        Some(match unit {
            "H" => Duration::from_secs(number.saturating_mul(3600)),
            "M" => Duration::from_secs(number.saturating_mul(60)),
            "S" => Duration::from_secs(number),
            "m" => Duration::from_millis(number),
            "u" => Duration::from_micros(number),
            "n" => Duration::from_nanos(number),
            _ => return None,
        })
    });
    asked.map_or(DEFAULT_DEADLINE, |asked| asked.min(LONGEST_DEADLINE))
}
