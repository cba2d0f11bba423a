//! `ProviderService`: providers and the life of their keys.

use std::sync::OnceLock;

use aiconfig_application::{Applied, Sidecar};
use aiconfig_domain::{
    AddKey, Command, KeyState, Modality, Provider, ProviderKey, ProviderName, Reason, Rejection,
    ResourceKey, Snapshot, Stored,
};
use aiconfig_proto::v1::{self, provider_service_server::ProviderService};
use aiconfig_vault::key::unusual_prefix;
use secrecy::SecretString;
use tonic::{Request, Response, Status};

use super::Services;
use crate::errors::ApiError;
use crate::lists::filter::{Name, Test, tests};
use crate::lists::{ListQuery, Paging};
use crate::wire;

fn provider(snapshot: &Snapshot, stored: &Stored<Provider>) -> v1::Provider {
    let etag = snapshot.etag(&ResourceKey::Provider(stored.value.name.clone()));
    wire::provider(stored, &snapshot.key_freeze(), etag)
}

fn provider_named(snapshot: &Snapshot, name: &str) -> Option<v1::Provider> {
    Some(provider(snapshot, snapshot.provider(name)?))
}

fn key(snapshot: &Snapshot, stored: &Stored<ProviderKey>) -> v1::ProviderKey {
    let value = &stored.value;
    let etag = snapshot.etag(&ResourceKey::ProviderKey(
        value.provider.clone(),
        value.version,
    ));
    wire::provider_key(stored, etag)
}

/// The key that a write was about.
fn written_key(applied: &Applied<'_>) -> Option<v1::ProviderKey> {
    let Some(ResourceKey::ProviderKey(name, version)) = &applied.decision.subject else {
        return None;
    };
    let stored = applied.snapshot.provider_key(name, *version)?;
    Some(key(applied.snapshot, stored))
}

/// The provider that a write was about.
fn written_provider(applied: &Applied<'_>) -> Option<v1::Provider> {
    let Some(ResourceKey::Provider(name)) = &applied.decision.subject else {
        return None;
    };
    provider_named(applied.snapshot, name.as_str())
}

fn former_primary(applied: &Applied<'_>) -> Option<i32> {
    applied.decision.former.as_ref()?.parse().ok()
}

fn found<'a>(snapshot: &'a Snapshot, name: &str) -> Result<&'a Stored<Provider>, ApiError> {
    let name = wire::name("name", name, ProviderName::parse, ProviderName::RULE)?;
    snapshot.provider(name.as_str()).ok_or_else(|| {
        let message = format!("there is no provider {name}; ListProviders names them");
        let missing = Rejection::new(Reason::ProviderNotFound, message);
        missing.about("Provider", name.as_str()).into()
    })
}

fn read_filter(text: &str, snapshot: &Snapshot) -> Result<Test<Provider>, ApiError> {
    const NAMES: &[Name] = &[Name::Exact("modality"), Name::Exact("key_frozen")];
    let freeze = snapshot.key_freeze();
    tests(text, NAMES, |condition| {
        Ok(if condition.name == "modality" {
            let wanted = condition.one_of("MODALITY_", &Modality::ALL, Modality::as_str)?;
            Box::new(move |provider: &Provider| provider.modalities.contains(&wanted))
                as Test<Provider>
        } else {
            let (wanted, freeze) = (condition.flag()?, freeze.clone());
            Box::new(move |provider| freeze.providers.contains(&provider.name) == wanted)
        })
    })
}

fn read_key_filter(text: &str) -> Result<Test<ProviderKey>, ApiError> {
    tests(text, &[Name::Exact("state")], |condition| {
        let wanted = condition.one_of("KEY_STATE_", &KeyState::ALL, KeyState::as_str)?;
        Ok(Box::new(move |key: &ProviderKey| key.state == wanted) as Test<_>)
    })
}

#[tonic::async_trait]
impl ProviderService for Services {
    async fn create_provider(
        &self,
        request: Request<v1::CreateProviderRequest>,
    ) -> Result<Response<v1::CreateProviderResponse>, Status> {
        let parse = |body| Ok(Command::CreateProvider(wire::new_provider(body)?));
        self.0
            .write(request, parse, |applied| v1::CreateProviderResponse {
                provider: written_provider(applied),
                revision: applied.snapshot.revision(),
            })
            .await
    }

    async fn get_provider(
        &self,
        request: Request<v1::GetProviderRequest>,
    ) -> Result<Response<v1::GetProviderResponse>, Status> {
        let asked = request.get_ref();
        let live = self.0.read(&request, asked.min_revision).await?;
        let found = found(&live.snapshot, &asked.name)?;
        Ok(Response::new(v1::GetProviderResponse {
            provider: Some(provider(&live.snapshot, found)),
        }))
    }

    async fn list_providers(
        &self,
        request: Request<v1::ListProvidersRequest>,
    ) -> Result<Response<v1::ListProvidersResponse>, Status> {
        let asked = request.get_ref();
        let live = self.0.read(&request, asked.min_revision).await?;
        let matches = read_filter(&asked.filter, &live.snapshot)?;
        let providers = live.snapshot.providers();
        let query = ListQuery::new("ListProviders", &asked.filter);
        let page = Paging::new(asked.page_size, &asked.page_token, query)?.page_by(
            providers.filter(|stored| matches(&stored.value)),
            |stored| stored.value.name.to_string(),
            false,
            |stored| provider(&live.snapshot, stored),
        );
        Ok(Response::new(v1::ListProvidersResponse {
            providers: page.items,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
            revision: live.snapshot.revision(),
        }))
    }

    async fn update_provider(
        &self,
        request: Request<v1::UpdateProviderRequest>,
    ) -> Result<Response<v1::UpdateProviderResponse>, Status> {
        let parse = |body| Ok(Command::UpdateProvider(wire::update_provider(body)?));
        self.0
            .write(request, parse, |applied| v1::UpdateProviderResponse {
                provider: written_provider(applied),
                warnings: applied.decision.warnings.clone(),
                changed: applied.changed,
                revision: applied.snapshot.revision(),
            })
            .await
    }

    async fn add_provider_key(
        &self,
        request: Request<v1::AddProviderKeyRequest>,
    ) -> Result<Response<v1::AddProviderKeyResponse>, Status> {
        let warning = OnceLock::new();
        let parse = |mut body: v1::AddProviderKeyRequest| {
            let secret = SecretString::from(std::mem::take(&mut body.api_key));
            let (provider, expected_etag) = wire::add_key(&body)?;
            let (mask, fingerprint) = self.0.app.describe_key(&provider, &secret)?;
            if let Some(unusual) = unusual_prefix(provider.as_str(), &secret) {
                warning.get_or_init(|| unusual);
            }
            let command = Command::AddKey(AddKey {
                provider,
                mask,
                fingerprint,
                expected_etag,
            });
            Ok((command, Sidecar::Key(secret)))
        };
        self.0
            .write_with(request, parse, |applied| v1::AddProviderKeyResponse {
                provider_key: written_key(applied),
                warnings: warning.get().cloned().into_iter().collect(),
                revision: applied.snapshot.revision(),
            })
            .await
    }

    async fn list_provider_keys(
        &self,
        request: Request<v1::ListProviderKeysRequest>,
    ) -> Result<Response<v1::ListProviderKeysResponse>, Status> {
        let asked = request.get_ref();
        let live = self.0.read(&request, asked.min_revision).await?;
        let name = &found(&live.snapshot, &asked.provider)?.value.name;
        let matches = read_key_filter(&asked.filter)?;
        let keys = live.snapshot.provider_keys(name);
        let query = ListQuery {
            parent: &asked.provider,
            ..ListQuery::new("ListProviderKeys", &asked.filter)
        };
        let page = Paging::new(asked.page_size, &asked.page_token, query)?.page_by(
            keys.filter(|stored| matches(&stored.value)),
            |stored| format!("{:010}", stored.value.version),
            true,
            |stored| key(&live.snapshot, stored),
        );
        Ok(Response::new(v1::ListProviderKeysResponse {
            provider_keys: page.items,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
            revision: live.snapshot.revision(),
        }))
    }

    async fn promote_provider_key(
        &self,
        request: Request<v1::PromoteProviderKeyRequest>,
    ) -> Result<Response<v1::PromoteProviderKeyResponse>, Status> {
        let parse = |body| Ok(Command::PromoteKey(wire::promote_key(body)?));
        self.0
            .write(request, parse, |applied| v1::PromoteProviderKeyResponse {
                provider_key: written_key(applied),
                former_primary_version: former_primary(applied),
                changed: applied.changed,
                revision: applied.snapshot.revision(),
            })
            .await
    }

    async fn rollback_provider_key(
        &self,
        request: Request<v1::RollbackProviderKeyRequest>,
    ) -> Result<Response<v1::RollbackProviderKeyResponse>, Status> {
        let parse = |body| Ok(Command::RollbackKey(wire::rollback_key(body)?));
        self.0
            .write(request, parse, |applied| v1::RollbackProviderKeyResponse {
                provider_key: written_key(applied),
                former_primary_version: former_primary(applied),
                changed: applied.changed,
                revision: applied.snapshot.revision(),
            })
            .await
    }

    async fn revoke_provider_key(
        &self,
        request: Request<v1::RevokeProviderKeyRequest>,
    ) -> Result<Response<v1::RevokeProviderKeyResponse>, Status> {
        let parse = |body| Ok(Command::RevokeKey(wire::revoke_key(body)?));
        self.0
            .write(request, parse, |applied| v1::RevokeProviderKeyResponse {
                provider_key: written_key(applied),
                changed: applied.changed,
                revision: applied.snapshot.revision(),
            })
            .await
    }

    async fn destroy_provider_key(
        &self,
        request: Request<v1::DestroyProviderKeyRequest>,
    ) -> Result<Response<v1::DestroyProviderKeyResponse>, Status> {
        let parse = |body| Ok(Command::DestroyKey(wire::destroy_key(body)?));
        self.0
            .write(request, parse, |applied| v1::DestroyProviderKeyResponse {
                provider_key: written_key(applied),
                changed: applied.changed,
                revision: applied.snapshot.revision(),
            })
            .await
    }

    async fn set_key_freeze(
        &self,
        request: Request<v1::SetKeyFreezeRequest>,
    ) -> Result<Response<v1::SetKeyFreezeResponse>, Status> {
        let name = request.get_ref().provider.clone();
        let parse = |body| Ok(Command::SetKeyFreeze(wire::set_key_freeze(body)?));
        self.0
            .write(request, parse, |applied| v1::SetKeyFreezeResponse {
                provider: provider_named(applied.snapshot, &name),
                all_keys_frozen: applied.snapshot.key_freeze().all,
                changed: applied.changed,
                revision: applied.snapshot.revision(),
            })
            .await
    }
}
