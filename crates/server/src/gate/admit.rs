//! Authenticates, then authorises.

use std::net::IpAddr;
use std::sync::Arc;

use aiconfig_application::{Caller, Refusal};
use aiconfig_domain::Role;
use aiconfig_proto::reason::to_wire;
use aiconfig_proto::v1::ErrorReason;
use http::Request;
use tonic::transport::server::{TcpConnectInfo, TlsConnectInfo};

use super::{Shared, deadline};
use crate::access::{self, Entry};
use crate::call::{CallInfo, TraceId};
use crate::errors::ApiError;

/// Characters of an actor's name that are kept.
const ACTOR: usize = 255;

/// A call that does not come in.
pub(super) struct Refused {
    pub(super) error: ApiError,
    pub(super) trace_id: TraceId,
    /// Whether the client gave the id itself.
    pub(super) told: bool,
}

/// The RPC of a path, for the meters; unknown ones share a name.
pub(super) fn rpc_of(path: &str) -> &'static str {
    access::of_path(path).map_or("unknown", |entry| entry.rpc)
}

/// Lets a call in, with what the layers within need to know of it, and whether its id is the
/// client's own.
pub(super) fn admit<B>(
    shared: &Shared,
    request: &Request<B>,
) -> Result<(CallInfo, bool), Box<Refused>> {
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok());
    let given = header("x-request-id")
        .filter(|id| (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()));
    let trace_id = given.map_or_else(TraceId::next, |id| TraceId::Given(id.into()));
    let told = given.is_some();
    let refuse = |error| {
        let trace_id = trace_id.clone();
        Box::new(Refused {
            error,
            trace_id,
            told,
        })
    };
    let bearer = header("authorization").and_then(|value| {
        let (scheme, token) = value.split_at_checked(7)?;
        scheme.eq_ignore_ascii_case("bearer ").then_some(token)
    });
    let caller = bearer.and_then(|bearer| shared.app.authenticate(bearer));
    let Some(mut caller) = caller else {
        return Err(refuse(unauthenticated(shared, peer_of(request))));
    };
    caller.peer = peer_of(request);
    let Some(entry) = access::of_path(request.uri().path()) else {
        let error = ApiError::new(ErrorReason::Unimplemented, "there is no such RPC");
        return Err(refuse(error));
    };
    let actor = header("x-aiconfig-actor").filter(|actor| !actor.is_empty());
    if let Err(error) = authorise(&caller, entry).and_then(|()| may_name(&caller, actor)) {
        shared.app.note_refusal(&Refusal {
            caller: &caller,
            rpc: entry.rpc,
            request_id: &trace_id.to_string(),
            error_reason: to_wire(error.reason),
            resource: "",
            reason: "",
        });
        return Err(refuse(error));
    }
    caller.actor = actor.map(|actor| actor.chars().take(ACTOR).collect::<String>().into());
    let limits = &shared.limits;
    let asked = deadline::asked(request.headers());
    let info = CallInfo {
        caller: Arc::new(caller),
        trace_id,
        rpc: entry.rpc,
        time_left: asked
            .unwrap_or(limits.default_deadline)
            .min(limits.longest_deadline),
    };
    Ok((info, told))
}

fn peer_of<B>(request: &Request<B>) -> Option<IpAddr> {
    let extensions = request.extensions();
    let plain = extensions.get::<TcpConnectInfo>();
    let secure = extensions.get::<TlsConnectInfo<TcpConnectInfo>>();
    plain
        .or_else(|| secure.map(TlsConnectInfo::get_ref))
        .and_then(TcpConnectInfo::remote_addr)
        .map(|peer| peer.ip())
}

/// One text for a missing, an unknown, an expired and a revoked token.
fn unauthenticated(shared: &Shared, peer: Option<IpAddr>) -> ApiError {
    shared.meters.unauthenticated();
    if peer.is_some_and(|peer| shared.failures.note(peer, shared.app.now())) {
        let message = "too many calls without a valid token from this address; try again later";
        return ApiError::new(ErrorReason::Overloaded, message);
    }
    ApiError::new(
        ErrorReason::Unauthenticated,
        "the call needs a valid bearer token in `authorization`",
    )
}

/// Whether the caller's role, and its binding to accounts, let it call an RPC.
fn authorise(caller: &Caller, entry: &Entry) -> Result<(), ApiError> {
    let Entry { rpc, roles, bound } = entry;
    let role = caller.role.as_str();
    let message = if !roles.contains(&caller.role) {
        let may: Vec<&str> = roles.iter().copied().map(Role::as_str).collect();
        let may = may.join(", ");
        format!("a {role} token may not call {rpc}; these may: {may}")
    } else if !bound && !caller.account_ids.is_empty() {
        format!("{rpc} is for the whole platform; this token is bound to accounts")
    } else {
        return Ok(());
    };
    Err(ApiError::new(ErrorReason::RoleForbidden, message).with("role", role))
}

/// Whether the caller may name an actor, if it does.
fn may_name(caller: &Caller, actor: Option<&str>) -> Result<(), ApiError> {
    if actor.is_none() || caller.role.may_name_actor() {
        return Ok(());
    }
    let message = "only BACKEND and ADMIN tokens may name an actor in x-aiconfig-actor";
    let error = ApiError::new(ErrorReason::ActorForbidden, message);
    Err(error.with("role", caller.role.as_str()))
}
