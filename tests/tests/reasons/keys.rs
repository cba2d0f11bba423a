//! Providers and the life of their keys.

use aiconfig_proto::v1;
use aiconfig_tests::{Clients, query};
use tonic::Code;

use crate::{Seen, Stage};

fn add(key: &str) -> v1::AddProviderKeyRequest {
    v1::AddProviderKeyRequest {
        provider: "openai".to_owned(),
        api_key: key.to_owned(),
        ..Default::default()
    }
}

fn promote(version: i32, expected: Option<i32>) -> v1::PromoteProviderKeyRequest {
    v1::PromoteProviderKeyRequest {
        provider: "openai".to_owned(),
        version,
        expected_primary_version: expected,
        ..Default::default()
    }
}

fn destroy(version: i32, fingerprint: &str) -> v1::DestroyProviderKeyRequest {
    v1::DestroyProviderKeyRequest {
        provider: "openai".to_owned(),
        version,
        fingerprint: fingerprint.to_owned(),
        ..Default::default()
    }
}

async fn freeze(admin: &mut Clients, frozen: bool) {
    let freeze = v1::SetKeyFreezeRequest {
        provider: "openai".to_owned(),
        frozen,
        ..Default::default()
    };
    admin.providers.set_key_freeze(freeze).await.unwrap();
}

pub(crate) async fn reach(stage: &mut Stage, seen: &mut Seen) {
    let (admin, backend) = (&mut stage.admin, &mut stage.backend);
    let keyed = || v1::GetModelConfigRequest {
        include_api_key: true,
        ..query(2)
    };
    let missing = backend.configs.get_model_config(keyed()).await;
    seen.refused(missing, (Code::FailedPrecondition, "PROVIDER_KEY_MISSING"));
    let forbidden = admin.configs.get_model_config(keyed()).await;
    seen.refused(forbidden, (Code::PermissionDenied, "KEY_READ_FORBIDDEN"));
    let get = v1::GetProviderRequest {
        name: "nobody".to_owned(),
        ..Default::default()
    };
    let unknown = admin.providers.get_provider(get).await;
    seen.refused(unknown, (Code::NotFound, "PROVIDER_NOT_FOUND"));
    let first = "sk-test-0123456789abcdefghij";
    let added = admin.providers.add_provider_key(add(first)).await.unwrap();
    let fingerprint = added.into_inner().provider_key.unwrap().fingerprint;
    let twice = admin.providers.add_provider_key(add(first)).await;
    seen.refused(twice, (Code::AlreadyExists, "DUPLICATE_KEY"));
    let unknown = admin.providers.promote_provider_key(promote(9, None)).await;
    seen.refused(unknown, (Code::NotFound, "PROVIDER_KEY_NOT_FOUND"));
    let other = admin
        .providers
        .promote_provider_key(promote(1, Some(5)))
        .await;
    seen.refused(other, (Code::Aborted, "EXPECTED_PRIMARY_MISMATCH"));
    let promoted = admin
        .providers
        .promote_provider_key(promote(1, Some(0)))
        .await;
    promoted.unwrap();
    let rollback = v1::RollbackProviderKeyRequest {
        provider: "openai".to_owned(),
        ..Default::default()
    };
    let nothing = admin.providers.rollback_provider_key(rollback).await;
    seen.refused(nothing, (Code::FailedPrecondition, "NO_RETIRED_KEY"));
    let used = destroy(1, &fingerprint);
    let used = admin.providers.destroy_provider_key(used).await;
    seen.refused(used, (Code::FailedPrecondition, "KEY_IN_USE"));
    let second = add("sk-test-zyxwvutsrqponmlkjihg");
    admin.providers.add_provider_key(second).await.unwrap();
    let other = destroy(2, &fingerprint);
    let other = admin.providers.destroy_provider_key(other).await;
    seen.refused(other, (Code::FailedPrecondition, "FINGERPRINT_MISMATCH"));
    let revoke = v1::RevokeProviderKeyRequest {
        provider: "openai".to_owned(),
        version: 2,
        ..Default::default()
    };
    admin.providers.revoke_provider_key(revoke).await.unwrap();
    let revoked = admin.providers.promote_provider_key(promote(2, None)).await;
    seen.refused(revoked, (Code::FailedPrecondition, "KEY_STATE_INVALID"));
    freeze(admin, true).await;
    let frozen = backend.configs.get_model_config(keyed()).await;
    seen.refused(frozen, (Code::FailedPrecondition, "KEY_FROZEN"));
    freeze(admin, false).await;
    backend.configs.get_model_config(keyed()).await.unwrap();
    for (base_url, released) in [
        ("https://elsewhere.example/v1", false),
        ("https://api.openai.com/v1", true),
    ] {
        let provider = v1::Provider {
            name: "openai".to_owned(),
            base_url: base_url.to_owned(),
            ..Default::default()
        };
        let moved = v1::UpdateProviderRequest {
            provider: Some(provider),
            ..Default::default()
        };
        admin.providers.update_provider(moved).await.unwrap();
        let answer = backend.configs.get_model_config(keyed()).await;
        if released {
            answer.unwrap();
        } else {
            seen.refused(answer, (Code::FailedPrecondition, "KEY_ORIGIN_CHANGED"));
        }
    }
}
