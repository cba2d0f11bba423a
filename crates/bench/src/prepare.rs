//! The calls that bring keys, accounts and their settings into a server.

use std::sync::Arc;

use aiconfig_bench::population::{plan, rows};
use aiconfig_domain::{ModelFields, Plan};
use aiconfig_proto::v1::{
    self, account_service_client::AccountServiceClient,
    integration_settings_service_client::IntegrationSettingsServiceClient,
    provider_service_client::ProviderServiceClient,
};
use prost_types::{Struct, Value, value::Kind};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;

use crate::Failure;
use crate::world::signed;

/// Accounts of one push.
const PUSH: u32 = 1_000;

/// Adds a key of a provider and makes it the one that is released.
pub(crate) async fn add_key(
    channel: &Channel,
    admin: &MetadataValue<Ascii>,
    provider: &str,
) -> Result<(), Failure> {
    let mut client = ProviderServiceClient::new(channel.clone());
    let added = v1::AddProviderKeyRequest {
        provider: provider.to_owned(),
        // As long as the keys that the large vendors give out.
        api_key: format!("sk-test-{provider}-{}", "0123456789abcdef".repeat(9)),
        ..v1::AddProviderKeyRequest::default()
    };
    let added = client.add_provider_key(signed(added, admin)).await?;
    let added = added.into_inner().provider_key.ok_or("no key was added")?;
    let promoted = v1::PromoteProviderKeyRequest {
        provider: provider.to_owned(),
        version: added.version,
        ..v1::PromoteProviderKeyRequest::default()
    };
    client.promote_provider_key(signed(promoted, admin)).await?;
    Ok(())
}

fn wire(plan: Plan) -> v1::Plan {
    match plan {
        Plan::Free => v1::Plan::Free,
        Plan::Starter => v1::Plan::Starter,
        Plan::Growth => v1::Plan::Growth,
        Plan::Scale => v1::Plan::Scale,
    }
}

/// Registers accounts 1 to `accounts`.
pub(crate) async fn push(
    channel: &Channel,
    admin: &MetadataValue<Ascii>,
    accounts: u32,
) -> Result<(), Failure> {
    let mut client = AccountServiceClient::new(channel.clone());
    for first in (1..=accounts).step_by(PUSH as usize) {
        let last = accounts.min(first + PUSH - 1);
        let account = |id: u32| v1::Account {
            account_id: i64::from(id),
            plan: wire(plan(id)).into(),
            display_name: format!("Account {id}"),
            active: true,
            source_version: 1,
            ..v1::Account::default()
        };
        let accounts = (first..=last).map(account).collect();
        let pushed = v1::BatchUpsertAccountsRequest {
            accounts,
            ..v1::BatchUpsertAccountsRequest::default()
        };
        client.batch_upsert_accounts(signed(pushed, admin)).await?;
    }
    Ok(())
}

/// Saves the settings of all accounts whose plan lets them have any.
pub(crate) async fn override_some(
    channel: &Channel,
    backend: &MetadataValue<Ascii>,
    accounts: u32,
) -> Result<(), Failure> {
    let mut client = IntegrationSettingsServiceClient::new(channel.clone());
    for id in (1..=accounts).filter(|id| plan(*id).rules().may_override) {
        for (integration_type, fields) in rows(plan(id)) {
            let saved = v1::SaveIntegrationSettingsRequest {
                account_id: i64::from(id),
                integration_type: integration_type.to_owned(),
                config: Some(config(&fields)),
                ..v1::SaveIntegrationSettingsRequest::default()
            };
            let saved = signed(saved, backend);
            client.save_integration_settings(saved).await?;
        }
    }
    Ok(())
}

/// What the rows of the population hold, as a client sends it.
fn config(fields: &ModelFields) -> Struct {
    let text = |value: &Option<Arc<str>>| Some(Kind::StringValue(value.as_deref()?.to_owned()));
    let members = [
        ("service", text(&fields.service)),
        ("model", text(&fields.model)),
        ("temperature", fields.temperature.map(Kind::NumberValue)),
        (
            "max_tokens",
            fields.max_tokens.map(|most| Kind::NumberValue(most.into())),
        ),
    ];
    let given = members.into_iter().filter(|(_, kind)| kind.is_some());
    Struct {
        fields: given
            .map(|(name, kind)| (name.to_owned(), Value { kind }))
            .collect(),
    }
}
