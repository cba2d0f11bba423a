//! `Debug` of the messages that hold secrets: everything but the secret.
//!
//! Each takes its message apart without `..`, so that a new field stops the build until somebody
//! has decided whether it may be printed.

use std::fmt;

use crate::v1::{
    AddProviderKeyRequest, CreateTokenResponse, ModelConfig, SaveIntegrationSettingsRequest,
};

/// Stands for a secret: says whether there is one, not even how long it is.
struct Redacted(bool);

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 { "[redacted]" } else { "[empty]" })
    }
}

impl fmt::Debug for AddProviderKeyRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            provider,
            api_key,
            expected_etag,
            request_id,
            validate_only,
            reason,
        } = self;
        f.debug_struct("AddProviderKeyRequest")
            .field("provider", provider)
            .field("api_key", &Redacted(!api_key.is_empty()))
            .field("expected_etag", expected_etag)
            .field("request_id", request_id)
            .field("validate_only", validate_only)
            .field("reason", reason)
            .finish()
    }
}

impl fmt::Debug for CreateTokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            token,
            secret,
            secret_omitted,
            revision,
        } = self;
        f.debug_struct("CreateTokenResponse")
            .field("token", token)
            .field("secret", &Redacted(!secret.is_empty()))
            .field("secret_omitted", secret_omitted)
            .field("revision", revision)
            .finish()
    }
}

/// A browser's JSON may hold credentials anywhere until the service has stripped them.
impl fmt::Debug for SaveIntegrationSettingsRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            account_id,
            integration_type,
            config,
            update_mask,
            enabled,
            expected_etag,
            request_id,
            validate_only,
            reason,
        } = self;
        f.debug_struct("SaveIntegrationSettingsRequest")
            .field("account_id", account_id)
            .field("integration_type", integration_type)
            .field("config", &Redacted(config.is_some()))
            .field("update_mask", update_mask)
            .field("enabled", enabled)
            .field("expected_etag", expected_etag)
            .field("request_id", request_id)
            .field("validate_only", validate_only)
            .field("reason", reason)
            .finish()
    }
}

impl fmt::Debug for ModelConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            account_id,
            function_name,
            plan: _,
            modality: _,
            service,
            provider,
            model,
            temperature,
            max_tokens,
            image,
            api_key,
            key_available,
            key_provider,
            key_fingerprint,
            sources,
            adjustments,
            using_global,
            account_known,
            dormant_overrides,
            prices,
            prompt_types,
            revision,
            evaluated_at,
            etag,
            explanation,
        } = self;
        f.debug_struct("ModelConfig")
            .field("account_id", account_id)
            .field("function_name", function_name)
            .field("plan", &self.plan())
            .field("modality", &self.modality())
            .field("service", service)
            .field("provider", provider)
            .field("model", model)
            .field("temperature", temperature)
            .field("max_tokens", max_tokens)
            .field("image", image)
            .field("api_key", &Redacted(!api_key.is_empty()))
            .field("key_available", key_available)
            .field("key_provider", key_provider)
            .field("key_fingerprint", key_fingerprint)
            .field("sources", sources)
            .field("adjustments", adjustments)
            .field("using_global", using_global)
            .field("account_known", account_known)
            .field("dormant_overrides", dormant_overrides)
            .field("prices", prices)
            .field("prompt_types", prompt_types)
            .field("revision", revision)
            .field("evaluated_at", evaluated_at)
            .field("etag", etag)
            .field("explanation", explanation)
            .finish()
    }
}
