//! Requests that many tests make.

use aiconfig_proto::v1;
use prost_types::value::Kind;
use prost_types::{Struct, Value};

/// A JSON text.
#[must_use]
pub fn text(text: &str) -> Value {
    Value {
        kind: Some(Kind::StringValue(text.to_owned())),
    }
}

/// A JSON number.
#[must_use]
pub const fn number(number: f64) -> Value {
    Value {
        kind: Some(Kind::NumberValue(number)),
    }
}

/// A JSON object.
#[must_use]
pub fn config(members: &[(&str, Value)]) -> Struct {
    let member = |(name, value): &(&str, Value)| ((*name).to_owned(), value.clone());
    Struct {
        fields: members.iter().map(member).collect(),
    }
}

/// The first push of an active account.
#[must_use]
pub fn account(id: i64, plan: v1::Plan) -> v1::UpsertAccountRequest {
    let account = v1::Account {
        account_id: id,
        plan: plan.into(),
        active: true,
        source_version: 1,
        ..Default::default()
    };
    v1::UpsertAccountRequest {
        account: Some(account),
        ..Default::default()
    }
}

/// The main call for writing content.
#[must_use]
pub fn query(id: i64) -> v1::GetModelConfigRequest {
    v1::GetModelConfigRequest {
        account_id: id,
        function_name: "generate_content".to_owned(),
        ..Default::default()
    }
}

/// A save of `openai` settings.
#[must_use]
pub fn save(id: i64, members: &[(&str, Value)]) -> v1::SaveIntegrationSettingsRequest {
    v1::SaveIntegrationSettingsRequest {
        account_id: id,
        integration_type: "openai".to_owned(),
        config: Some(config(members)),
        ..Default::default()
    }
}
