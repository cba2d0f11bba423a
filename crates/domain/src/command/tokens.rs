//! Making and revoking bearer tokens; the verifier is stored apart from this state.

use super::providers::{check_etag, exists, put, refuse_any};
use super::{CommandContext, Decision};
use crate::{Reason, Rejection, Resource, ResourceKey, Snapshot, Token, TokenId, Violation};

/// Adds a token.
#[derive(Clone, Debug)]
pub struct CreateToken {
    /// The token.
    pub value: Token,
    /// Whether a role that may read keys is allowed: on the command line only.
    pub allow_key_roles: bool,
}

/// Revokes a token.
#[derive(Clone, Debug)]
pub struct RevokeToken {
    /// The token.
    pub token_id: TokenId,
    /// The etag that the caller last saw; absent skips the check.
    pub expected_etag: Option<String>,
}

impl CreateToken {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        context: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let mut value = command.value.clone();
        value.account_ids.sort_unstable();
        value.account_ids.dedup();
        value.revoke_time = None;
        let labelled =
            (1..=255).contains(&value.label.chars().count()) && !value.label.contains('\0');
        refuse_any(
            [
                ("label", labelled, "1 to 255 characters, no NUL"),
                (
                    "role",
                    command.allow_key_roles || !value.role.may_read_keys(),
                    "a token that may read keys is made on the command line only",
                ),
                (
                    "account_ids",
                    value.account_ids.len() <= 1_000,
                    "up to 1000 accounts",
                ),
                (
                    "expire_time",
                    value.expire_time.is_none_or(|at| at > context.now),
                    "must be in the future",
                ),
            ]
            .into_iter()
            .filter(|(_, fits, _)| !fits)
            .map(|(field, _, rule)| Violation::new(field, rule))
            .collect(),
        )?;
        if snapshot.token(value.token_id.as_str()).is_some() {
            return Err(exists("Token", value.token_id.as_str()));
        }
        Ok(put(Resource::Token(value)))
    }
}

impl RevokeToken {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        context: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let id = command.token_id.as_str();
        let token = snapshot
            .token(id)
            .map(|stored| &stored.value)
            .ok_or_else(|| {
                Rejection::new(Reason::TokenNotFound, format!("there is no token {id}"))
                    .about("Token", id)
            })?;
        let key = ResourceKey::Token(token.token_id.clone());
        check_etag(snapshot, &key, command.expected_etag.as_deref())?;
        if token.revoke_time.is_some() {
            return Ok(Decision {
                subject: Some(key),
                ..Decision::default()
            });
        }
        Ok(put(Resource::Token(Token {
            revoke_time: Some(context.now),
            ..token.clone()
        })))
    }
}
