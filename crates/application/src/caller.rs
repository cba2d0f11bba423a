//! Who calls, and what every write carries beside its command.

use std::net::IpAddr;
use std::sync::Arc;

use aiconfig_domain::{AccountId, Role};
use zeroize::Zeroizing;

/// An authenticated caller.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The public part of its token; the command line is `cli`.
    pub token_id: Arc<str>,
    /// What it may do.
    pub role: Role,
    /// The accounts that it is bound to; empty: all.
    pub account_ids: Vec<AccountId>,
    /// The end user behind the call, if one was named.
    pub actor: Option<Arc<str>>,
    /// The address that it calls from; the command line has none.
    pub peer: Option<IpAddr>,
}

impl Caller {
    /// The command line of the server's own machine: its operating-system user may do all.
    #[must_use]
    pub fn command_line() -> Self {
        Self {
            token_id: "cli".into(),
            role: Role::Admin,
            account_ids: Vec::new(),
            actor: None,
            peer: None,
        }
    }

    /// Who is recorded as having made a change: the named user, else the token.
    #[must_use]
    pub fn name(&self) -> Arc<str> {
        self.actor
            .clone()
            .unwrap_or_else(|| format!("token:{}", self.token_id).into())
    }

    /// Whether the caller may see an account at all.
    #[must_use]
    pub fn covers(&self, account: AccountId) -> bool {
        self.account_ids.is_empty() || self.account_ids.contains(&account)
    }
}

/// What a write carries beside its command. It has no `Debug`: a body can hold a key.
#[derive(Clone)]
pub struct WriteCall {
    /// Who calls.
    pub caller: Caller,
    /// The RPC, such as `AccountService/UpsertAccount`.
    pub rpc: &'static str,
    /// The caller's own id for the request; `None`: the server made `trace_id` only.
    pub request_id: Option<String>,
    /// The id of this call in logs; it names the outcome where the caller gave no request id.
    pub trace_id: String,
    /// The request's fields but `request_id`, encoded; kept only as a keyed hash, then wiped.
    pub body: Zeroizing<Vec<u8>>,
    /// All checks, no change.
    pub validate_only: bool,
    /// Why, in the caller's words; goes into the audit record.
    pub reason: String,
}

impl WriteCall {
    /// Whether its caller may make it again with the same request id, or waits for an answer over
    /// the network; what this machine does itself is done once.
    pub(crate) const fn is_repeatable(&self) -> bool {
        self.request_id.is_some() || self.caller.peer.is_some()
    }
}
