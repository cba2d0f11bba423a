//! Authenticates, then authorises.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use aiconfig_application::{Caller, Refusal};
use aiconfig_domain::Role;
use aiconfig_proto::reason::to_wire;
use aiconfig_proto::v1::ErrorReason;
use http::request::Parts;

use super::Shared;
use super::outcome::Outcome;
use crate::access::Entry;
use crate::call::CallInfo;
use crate::errors::ApiError;

/// Characters of an actor's name that are kept.
const ACTOR: usize = 255;

/// Lets a call in: what the layers within need to know of it.
pub(super) fn admit(
    shared: &Shared,
    head: &Parts,
    entry: Option<&'static Entry>,
    outcome: &Outcome,
    time_left: Duration,
) -> Result<CallInfo, Box<ApiError>> {
    let header = |name: &str| head.headers.get(name).and_then(|v| v.to_str().ok());
    let bearer = header("authorization").and_then(|value| {
        let (scheme, token) = value.split_at_checked(7)?;
        scheme.eq_ignore_ascii_case("bearer ").then_some(token)
    });
    let caller = bearer.and_then(|bearer| shared.app.authenticate(bearer));
    let peer = outcome.place.link().peer();
    let Some(mut caller) = caller else {
        return Err(Box::new(unauthenticated(shared, peer)));
    };
    caller.peer = Some(peer);
    let Some(entry) = entry else {
        let error = ApiError::new(ErrorReason::Unimplemented, "there is no such RPC");
        return Err(Box::new(error));
    };
    let actor = header("x-aiconfig-actor").filter(|actor| !actor.is_empty());
    if let Err(error) = authorise(&caller, entry).and_then(|()| may_name(&caller, actor)) {
        shared.app.note_refusal(&Refusal {
            caller: &caller,
            rpc: entry.rpc,
            request_id: &outcome.trace_id.to_string(),
            error_reason: to_wire(error.reason),
            resource: "",
            reason: "",
        });
        return Err(Box::new(error));
    }
    caller.actor = actor.map(|actor| actor.chars().take(ACTOR).collect::<String>().into());
    Ok(CallInfo {
        caller: Arc::new(caller),
        trace_id: outcome.trace_id.clone(),
        rpc: entry.rpc,
        time_left,
    })
}

impl Shared {
    /// Counts a call against the rate of its token.
    pub(super) fn within_rate(&self, token: &Arc<str>, calls: u32) -> Result<(), Box<ApiError>> {
        let Some(rates) = &self.rates else {
            return Ok(());
        };
        let exists = |id: &str| {
            let live = self.app.live();
            let token = live.snapshot.token(id);
            token.is_some_and(|token| token.value.is_live(self.app.now()))
        };
        rates.take(token, calls, exists).map_err(|wait| {
            let message = "the token makes more calls than it may; try again later";
            let error = ApiError::new(ErrorReason::RateLimited, message);
            Box::new(error.with("calls", calls.to_string()).after(wait))
        })
    }
}

/// One text for a missing, an unknown, an expired and a revoked token.
fn unauthenticated(shared: &Shared, peer: IpAddr) -> ApiError {
    shared.meters.unauthenticated();
    if let Some(wait) = shared.failures.note(peer, shared.app.now()) {
        let message = "too many calls without a valid token from this address; try again later";
        return ApiError::new(ErrorReason::RateLimited, message).after(wait);
    }
    ApiError::new(
        ErrorReason::Unauthenticated,
        "the call needs a valid bearer token in `authorization`",
    )
}

/// Whether the caller's role, and its binding to accounts, let it call an RPC.
fn authorise(caller: &Caller, entry: &Entry) -> Result<(), ApiError> {
    let Entry {
        rpc, roles, bound, ..
    } = entry;
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
