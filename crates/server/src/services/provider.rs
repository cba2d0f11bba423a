//! `ProviderService`: providers and the life of their keys.

use aiconfig_application::{Applied, Sidecar};
use aiconfig_domain::{
    AddKey, Command, CreateProvider, DestroyKey, PromoteKey, ProviderField, ProviderName, Reason,
    Rejection, ResourceKey, RevokeKey, RollbackKey, SetKeyFreeze, UpdateProvider,
};
use aiconfig_proto::v1::{self, provider_service_server::ProviderService};
use aiconfig_vault::key::unusual_prefix;
use prost::Message;
use secrecy::SecretString;
use tonic::{Request, Response, Status};

use super::Services;
use crate::call::{opening, settle};
use crate::errors::ApiError;
use crate::wire;

fn provider_of(applied: &Applied<'_>, name: &str) -> Option<v1::Provider> {
    Some(wire::provider(
        applied.snapshot,
        applied.snapshot.provider(name)?,
    ))
}

fn key_of(applied: &Applied<'_>) -> Option<v1::ProviderKey> {
    let Some(ResourceKey::ProviderKey(name, version)) = &applied.decision.subject else {
        return None;
    };
    Some(wire::key(
        applied.snapshot,
        applied.snapshot.provider_key(name, *version)?,
    ))
}

fn former(applied: &Applied<'_>) -> Option<i32> {
    applied
        .decision
        .former
        .as_ref()
        .and_then(|version| version.parse().ok())
}

fn version(number: i32) -> Result<u32, Rejection> {
    u32::try_from(number)
        .ok()
        .filter(|v| *v > 0)
        .ok_or_else(|| Rejection::invalid_field("version", "1 or more"))
}

fn missing(name: &str) -> ApiError {
    Rejection::new(
        Reason::ProviderNotFound,
        format!("there is no provider {name}"),
    )
    .about("Provider", name)
    .into()
}

/// The fields that a mask names; without one, those that are given.
fn masked(
    message: &v1::Provider,
    mask: Option<prost_types::FieldMask>,
) -> Result<Vec<ProviderField>, Rejection> {
    let given = |field: &ProviderField| match field {
        ProviderField::DisplayName => !message.display_name.is_empty(),
        ProviderField::Modalities => !message.modalities.is_empty(),
        ProviderField::BaseUrl => !message.base_url.is_empty(),
        ProviderField::ProbePath => !message.probe_path.is_empty(),
        ProviderField::KeyFallback => !message.key_fallback.is_empty(),
    };
    let all = ProviderField::ALL.iter().copied();
    let Some(mask) = mask else {
        return Ok(all.filter(given).collect());
    };
    if mask.paths == ["*"] {
        return Ok(all.collect());
    }
    let known: Vec<&str> = all.map(ProviderField::path).collect();
    let refusal = || Rejection {
        reason: Reason::MaskInvalid,
        ..Rejection::invalid_field("update_mask", format!("of {} and *", known.join(", ")))
    };
    mask.paths
        .iter()
        .map(|path| ProviderField::parse(path).ok_or_else(refusal))
        .collect()
}

#[tonic::async_trait]
impl ProviderService for Services {
    async fn create_provider(
        &self,
        request: Request<v1::CreateProviderRequest>,
    ) -> Result<Response<v1::CreateProviderResponse>, Status> {
        let name = request
            .get_ref()
            .provider
            .as_ref()
            .map(|provider| provider.name.clone())
            .unwrap_or_default();
        let parse = |body: v1::CreateProviderRequest| {
            let value = wire::provider_in(body.provider.unwrap_or_default())?;
            Ok(Command::CreateProvider(CreateProvider { value }))
        };
        self.0
            .write(
                request,
                "ProviderService/CreateProvider",
                parse,
                |applied| v1::CreateProviderResponse {
                    provider: provider_of(applied, &name),
                    revision: applied.snapshot.revision(),
                },
            )
            .await
    }

    async fn get_provider(
        &self,
        request: Request<v1::GetProviderRequest>,
    ) -> Result<Response<v1::GetProviderResponse>, Status> {
        let live = self
            .0
            .read(&request, request.get_ref().min_revision)
            .await?;
        let name = &request.get_ref().name;
        let stored = live.snapshot.provider(name).ok_or_else(|| missing(name))?;
        Ok(Response::new(v1::GetProviderResponse {
            provider: Some(wire::provider(&live.snapshot, stored)),
        }))
    }

    async fn list_providers(
        &self,
        request: Request<v1::ListProvidersRequest>,
    ) -> Result<Response<v1::ListProvidersResponse>, Status> {
        let live = self
            .0
            .read(&request, request.get_ref().min_revision)
            .await?;
        let providers: Vec<_> = live
            .snapshot
            .providers()
            .map(|one| wire::provider(&live.snapshot, one))
            .collect();
        Ok(Response::new(v1::ListProvidersResponse {
            total_size: i32::try_from(providers.len()).unwrap_or(i32::MAX),
            providers,
            next_page_token: String::new(),
            revision: live.snapshot.revision(),
        }))
    }

    async fn update_provider(
        &self,
        request: Request<v1::UpdateProviderRequest>,
    ) -> Result<Response<v1::UpdateProviderResponse>, Status> {
        let name = request
            .get_ref()
            .provider
            .as_ref()
            .map(|provider| provider.name.clone())
            .unwrap_or_default();
        let parse = |body: v1::UpdateProviderRequest| {
            let message = body.provider.unwrap_or_default();
            let fields = masked(&message, body.update_mask)?;
            let value = wire::provider_in(message)?;
            Ok(Command::UpdateProvider(UpdateProvider {
                value,
                fields,
                expected_etag: wire::etag(body.expected_etag),
            }))
        };
        self.0
            .write(
                request,
                "ProviderService/UpdateProvider",
                parse,
                |applied| v1::UpdateProviderResponse {
                    provider: provider_of(applied, &name),
                    warnings: applied.decision.warnings.clone(),
                    changed: applied.changed,
                    revision: applied.snapshot.revision(),
                },
            )
            .await
    }

    async fn add_provider_key(
        &self,
        request: Request<v1::AddProviderKeyRequest>,
    ) -> Result<Response<v1::AddProviderKeyResponse>, Status> {
        let (call, mut body) = opening(request, "ProviderService/AddProviderKey")?;
        let secret = SecretString::from(std::mem::take(&mut body.api_key));
        if let Some(stored) = self.0.stored(&call).await? {
            return Ok(Response::new(stored));
        }
        let provider = wire::provider_name(&body.provider).map_err(ApiError::from)?;
        let (mask, fingerprint) = self
            .0
            .app
            .describe_key(&provider, &secret)
            .map_err(ApiError::from)?;
        let warning = unusual_prefix(provider.as_str(), &secret);
        let expected_etag = wire::etag(body.expected_etag);
        let command = Command::AddKey(AddKey {
            provider,
            mask,
            fingerprint,
            expected_etag,
        });
        let answer = |applied: &Applied<'_>| v1::AddProviderKeyResponse {
            provider_key: key_of(applied),
            warnings: applied
                .decision
                .warnings
                .iter()
                .cloned()
                .chain(warning.clone())
                .collect(),
            revision: applied.snapshot.revision(),
        };
        let encode = v1::AddProviderKeyResponse::encode_to_vec;
        let written = self
            .0
            .app
            .write(&call, |_| Ok(command), Sidecar::Key(secret), answer, encode)
            .await;
        Ok(Response::new(settle(written.map_err(ApiError::from)?)?))
    }

    async fn list_provider_keys(
        &self,
        request: Request<v1::ListProviderKeysRequest>,
    ) -> Result<Response<v1::ListProviderKeysResponse>, Status> {
        let live = self
            .0
            .read(&request, request.get_ref().min_revision)
            .await?;
        let name = wire::provider_name(&request.get_ref().provider).map_err(ApiError::from)?;
        live.snapshot
            .provider(name.as_str())
            .ok_or_else(|| missing(name.as_str()))?;
        let keys: Vec<_> = live
            .snapshot
            .provider_keys(&name)
            .map(|key| wire::key(&live.snapshot, key))
            .collect();
        Ok(Response::new(v1::ListProviderKeysResponse {
            total_size: i32::try_from(keys.len()).unwrap_or(i32::MAX),
            provider_keys: keys,
            next_page_token: String::new(),
            revision: live.snapshot.revision(),
        }))
    }

    async fn promote_provider_key(
        &self,
        request: Request<v1::PromoteProviderKeyRequest>,
    ) -> Result<Response<v1::PromoteProviderKeyResponse>, Status> {
        let parse = |body: v1::PromoteProviderKeyRequest| {
            Ok(Command::PromoteKey(PromoteKey {
                provider: wire::provider_name(&body.provider)?,
                version: version(body.version)?,
                expected_primary: expected(body.expected_primary_version)?,
                expected_etag: wire::etag(body.expected_etag),
            }))
        };
        self.0
            .write(
                request,
                "ProviderService/PromoteProviderKey",
                parse,
                |applied| v1::PromoteProviderKeyResponse {
                    provider_key: key_of(applied),
                    former_primary_version: former(applied),
                    changed: applied.changed,
                    revision: applied.snapshot.revision(),
                },
            )
            .await
    }

    async fn rollback_provider_key(
        &self,
        request: Request<v1::RollbackProviderKeyRequest>,
    ) -> Result<Response<v1::RollbackProviderKeyResponse>, Status> {
        let parse = |body: v1::RollbackProviderKeyRequest| {
            Ok(Command::RollbackKey(RollbackKey {
                provider: wire::provider_name(&body.provider)?,
                expected_primary: expected(body.expected_primary_version)?,
                expected_etag: wire::etag(body.expected_etag),
            }))
        };
        self.0
            .write(
                request,
                "ProviderService/RollbackProviderKey",
                parse,
                |applied| v1::RollbackProviderKeyResponse {
                    provider_key: key_of(applied),
                    former_primary_version: former(applied),
                    changed: applied.changed,
                    revision: applied.snapshot.revision(),
                },
            )
            .await
    }

    async fn revoke_provider_key(
        &self,
        request: Request<v1::RevokeProviderKeyRequest>,
    ) -> Result<Response<v1::RevokeProviderKeyResponse>, Status> {
        let parse = |body: v1::RevokeProviderKeyRequest| {
            Ok(Command::RevokeKey(RevokeKey {
                provider: wire::provider_name(&body.provider)?,
                version: version(body.version)?,
                expected_etag: wire::etag(body.expected_etag),
            }))
        };
        self.0
            .write(
                request,
                "ProviderService/RevokeProviderKey",
                parse,
                |applied| v1::RevokeProviderKeyResponse {
                    provider_key: key_of(applied),
                    changed: applied.changed,
                    revision: applied.snapshot.revision(),
                },
            )
            .await
    }

    async fn destroy_provider_key(
        &self,
        request: Request<v1::DestroyProviderKeyRequest>,
    ) -> Result<Response<v1::DestroyProviderKeyResponse>, Status> {
        let parse = |body: v1::DestroyProviderKeyRequest| {
            Ok(Command::DestroyKey(DestroyKey {
                provider: wire::provider_name(&body.provider)?,
                version: version(body.version)?,
                fingerprint: body.fingerprint,
                expected_etag: wire::etag(body.expected_etag),
            }))
        };
        self.0
            .write(
                request,
                "ProviderService/DestroyProviderKey",
                parse,
                |applied| v1::DestroyProviderKeyResponse {
                    provider_key: key_of(applied),
                    changed: applied.changed,
                    revision: applied.snapshot.revision(),
                },
            )
            .await
    }

    async fn set_key_freeze(
        &self,
        request: Request<v1::SetKeyFreezeRequest>,
    ) -> Result<Response<v1::SetKeyFreezeResponse>, Status> {
        let name = request.get_ref().provider.clone();
        let parse = |body: v1::SetKeyFreezeRequest| {
            let provider: Option<ProviderName> = if body.provider.is_empty() {
                None
            } else {
                Some(wire::provider_name(&body.provider)?)
            };
            let expected_etag = wire::etag(body.expected_etag);
            Ok(Command::SetKeyFreeze(SetKeyFreeze {
                provider,
                frozen: body.frozen,
                expected_etag,
            }))
        };
        self.0
            .write(request, "ProviderService/SetKeyFreeze", parse, |applied| {
                v1::SetKeyFreezeResponse {
                    provider: provider_of(applied, &name),
                    all_keys_frozen: applied.snapshot.key_freeze().all,
                    changed: applied.changed,
                    revision: applied.snapshot.revision(),
                }
            })
            .await
    }
}

fn expected(version: Option<i32>) -> Result<Option<u32>, Rejection> {
    let read = |version: i32| {
        u32::try_from(version)
            .map_err(|_| Rejection::invalid_field("expected_primary_version", "0 or more"))
    };
    version.map(read).transpose()
}
