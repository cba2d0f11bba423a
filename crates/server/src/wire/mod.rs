//! Messages to the domain's types and back.

mod account;
mod fields;
mod model_config;
mod provider;
mod settings;

pub(crate) use account::{account, account_push, plan};
pub(crate) use fields::{fields_in, fields_out, source, time};
pub(crate) use model_config::model_config;
pub(crate) use provider::{key, provider, provider_in};
pub(crate) use settings::{global_patch, global_settings, json, settings_view};

use aiconfig_domain::{AccountId, ProviderName, Rejection};

/// An account id of a request.
pub(crate) fn account_id(id: i64) -> Result<AccountId, Rejection> {
    AccountId::new(id).ok_or_else(|| Rejection::invalid_field("account_id", "greater than 0"))
}

/// A provider's name of a request.
pub(crate) fn provider_name(name: &str) -> Result<ProviderName, Rejection> {
    ProviderName::parse(name)
        .ok_or_else(|| Rejection::invalid_field("provider", ProviderName::RULE))
}

/// An etag that a caller expects; empty: any.
pub(crate) fn etag(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}
