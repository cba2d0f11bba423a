//! No `Debug` of a message prints a secret, directly or through a message around it.

use std::fmt::Debug;

use aiconfig_proto::v1::{
    AddProviderKeyRequest, BatchGetModelConfigsResponse, CreateTokenResponse,
    GetModelConfigResponse, ModelConfig, SaveIntegrationSettingsRequest,
    batch_get_model_configs_response as batch,
};
use prost_types::{Struct, Value, value::Kind};

const CANARY: &str = "sk-canary-0123456789abcdef";

#[track_caller]
fn check(message: &impl Debug) {
    for text in [format!("{message:?}"), format!("{message:#?}")] {
        assert!(!text.contains("canary"), "{text}");
        assert!(text.contains("[redacted]"), "{text}");
    }
}

fn config() -> ModelConfig {
    ModelConfig {
        api_key: CANARY.to_owned(),
        model: "gpt-4o-mini".to_owned(),
        ..ModelConfig::default()
    }
}

#[test]
fn the_request_that_brings_a_key() {
    check(&AddProviderKeyRequest {
        api_key: CANARY.to_owned(),
        ..AddProviderKeyRequest::default()
    });
}

#[test]
fn the_answer_that_shows_a_token() {
    check(&CreateTokenResponse {
        secret: CANARY.to_owned(),
        ..CreateTokenResponse::default()
    });
}

#[test]
fn the_settings_that_a_browser_sent() {
    let value = Value {
        kind: Some(Kind::StringValue(CANARY.to_owned())),
    };
    check(&SaveIntegrationSettingsRequest {
        config: Some(Struct {
            fields: [("apiKey".to_owned(), value)].into(),
        }),
        ..SaveIntegrationSettingsRequest::default()
    });
}

#[test]
fn a_config_and_what_is_around_it() {
    check(&config());
    check(&GetModelConfigResponse {
        model_config: Some(config()),
    });
    let result = batch::result::Result::ModelConfig(config());
    check(&result);
    check(&BatchGetModelConfigsResponse {
        results: vec![batch::Result {
            result: Some(result),
        }],
    });
}

#[test]
fn the_rest_is_still_shown() {
    let text = format!("{:?}", config());
    assert!(text.contains("gpt-4o-mini"), "{text}");
    let text = format!("{:?}", ModelConfig::default());
    assert!(text.contains("api_key: [empty]"), "{text}");
}
