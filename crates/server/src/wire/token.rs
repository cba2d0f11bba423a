//! Bearer tokens, without their secrets.

use aiconfig_application::TokenSpec;
use aiconfig_domain::{AccountId, Rejection, RevokeToken, Stored, Token, TokenId};
use aiconfig_proto::v1;

use super::common::{Faults, expected_etag, read_time, time};
use super::enums::{read_role, role};

/// Accounts that a token can be bound to.
const ACCOUNT_LIMIT: usize = 1_000;

/// A token on the wire.
pub(crate) fn token(stored: &Stored<Token>, etag: String) -> v1::Token {
    let Stored { value, meta } = stored;
    let Token {
        token_id,
        label,
        role: of,
        account_ids,
        expire_time,
        revoke_time,
    } = value;
    v1::Token {
        token_id: token_id.to_string(),
        label: label.clone(),
        role: role(*of),
        account_ids: account_ids.iter().map(|id| id.get()).collect(),
        expire_time: expire_time.map(time),
        revoke_time: revoke_time.map(time),
        etag,
        revision: meta.revision,
        create_time: Some(time(meta.create_time)),
        update_time: Some(time(meta.update_time)),
        updated_by: meta.updated_by.to_string(),
    }
}

/// Reads what a new token is to be. Over the network no token may read keys.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn token_spec(request: v1::CreateTokenRequest) -> Result<TokenSpec, Rejection> {
    let v1::CreateTokenRequest {
        label,
        role: number,
        account_ids,
        expire_time,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mut faults = Faults::default();
    if label.is_empty() {
        faults.add("label", "1 to 255 characters");
    }
    faults.name("label", &label);
    let role = read_role(&mut faults, "role", number);
    if account_ids.len() > ACCOUNT_LIMIT {
        faults.add("account_ids", "up to 1000 accounts");
    }
    let ids: Vec<Option<AccountId>> = account_ids
        .into_iter()
        .take(ACCOUNT_LIMIT)
        .enumerate()
        .map(|(at, id)| faults.account_id(&format!("account_ids[{at}]"), id))
        .collect();
    let expire_time = expire_time.and_then(|at| read_time(&mut faults, "expire_time", at));
    let account_ids = ids.into_iter().flatten().collect();
    faults.finish(role.map(|role| TokenSpec {
        label,
        role,
        account_ids,
        expire_time,
        allow_key_roles: false,
    }))
}

/// Reads a revocation.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn revoke_token(request: v1::RevokeTokenRequest) -> Result<RevokeToken, Rejection> {
    let v1::RevokeTokenRequest {
        token_id,
        expected_etag: etag,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mut faults = Faults::default();
    let id = faults.need("token_id", TokenId::parse(&token_id), TokenId::RULE);
    let expected_etag = expected_etag(etag);
    faults.finish(id.map(|token_id| RevokeToken {
        token_id,
        expected_etag,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_a_new_token_is_told() {
        let request = v1::CreateTokenRequest {
            account_ids: vec![1, 0],
            ..v1::CreateTokenRequest::default()
        };
        let refused = token_spec(request).unwrap_err();
        let paths: Vec<&str> = refused
            .violations
            .iter()
            .map(|v| v.field.as_str())
            .collect();
        assert_eq!(paths, ["label", "role", "account_ids[1]"]);
    }
}
