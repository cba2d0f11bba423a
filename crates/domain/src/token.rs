//! Bearer tokens as a resource: who may call. The verifier is no part of it.

use serde::{Deserialize, Serialize};

use crate::{AccountId, Role, Timestamp, TokenId};

/// A bearer token without its secret and without what verifies it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The public part of the token.
    pub token_id: TokenId,
    /// What the token is for, in words.
    pub label: String,
    /// What its bearer may do.
    pub role: Role,
    /// The accounts that it is bound to; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub account_ids: Vec<AccountId>,
    /// From when on it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expire_time: Option<Timestamp>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoke_time: Option<Timestamp>,
}

impl Token {
    /// Whether the token is accepted at a time.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoke_time.is_none() && self.expire_time.is_none_or(|at| now < at)
    }

    /// Whether its bearer may see an account at all.
    #[must_use]
    pub fn covers(&self, account: AccountId) -> bool {
        self.account_ids.is_empty() || self.account_ids.contains(&account)
    }
}
