//! The main job over a real socket, on SQLite and on PostgreSQL.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::too_many_lines,
    reason = "a test fails by panicking"
)]

use aiconfig_proto::v1::{
    self, account_service_client::AccountServiceClient,
    global_settings_service_client::GlobalSettingsServiceClient,
    history_service_client::HistoryServiceClient,
    integration_settings_service_client::IntegrationSettingsServiceClient,
    model_config_service_client::ModelConfigServiceClient,
    provider_service_client::ProviderServiceClient,
};
use aiconfig_tests::{Place, Server, account, query, reason, save, text};
use aiconfig_testsupport::PgServer;
use prost_types::{Value, value::Kind};
use tonic::Code;
use tonic_types::StatusExt;

const KEY: &str = "sk-proj-canary0123456789abcdefghij";

#[tokio::test]
async fn the_scenarios_on_sqlite() {
    let place = Place::sqlite();
    scenarios(&place).await;
}

#[tokio::test]
async fn the_scenarios_on_postgresql() {
    let place = Place::postgres(&PgServer::shared().create_database());
    scenarios(&place).await;
}

async fn scenarios(place: &Place) {
    let server = Server::start(place);
    let mut accounts =
        AccountServiceClient::with_interceptor(server.channel().await, server.token("admin"));
    let mut providers =
        ProviderServiceClient::with_interceptor(server.channel().await, server.token("admin"));
    let mut globals = GlobalSettingsServiceClient::with_interceptor(
        server.channel().await,
        server.token("admin"),
    );
    let mut settings = IntegrationSettingsServiceClient::with_interceptor(
        server.channel().await,
        server.token("backend"),
    );
    let mut backend =
        ModelConfigServiceClient::with_interceptor(server.channel().await, server.token("backend"));
    let mut admin =
        ModelConfigServiceClient::with_interceptor(server.channel().await, server.token("admin"));
    for (id, plan) in [(1, v1::Plan::Free), (2, v1::Plan::Growth)] {
        assert!(
            accounts
                .upsert_account(account(id, plan))
                .await
                .unwrap()
                .into_inner()
                .applied
        );
    }
    assert!(
        !accounts
            .upsert_account(account(1, v1::Plan::Scale))
            .await
            .unwrap()
            .into_inner()
            .applied
    );

    // The key: added, promoted, released to the backend and to nobody else.
    let keyed = v1::GetModelConfigRequest {
        include_api_key: true,
        ..query(2)
    };
    assert_eq!(
        reason(&backend.get_model_config(keyed.clone()).await.unwrap_err()),
        "PROVIDER_KEY_MISSING"
    );
    let add = v1::AddProviderKeyRequest {
        provider: "openai".to_owned(),
        api_key: KEY.to_owned(),
        request_id: "add-1".to_owned(),
        ..Default::default()
    };
    let added = providers
        .add_provider_key(add.clone())
        .await
        .unwrap()
        .into_inner()
        .provider_key
        .unwrap();
    assert_eq!((added.mask.as_str(), added.version), ("sk-proj-…ghij", 1));
    let again = providers
        .add_provider_key(add.clone())
        .await
        .unwrap()
        .into_inner()
        .provider_key
        .unwrap();
    assert_eq!(again, added, "the same request id gives the first answer");
    let other = v1::AddProviderKeyRequest {
        api_key: format!("{KEY}x"),
        ..add
    };
    assert_eq!(
        reason(&providers.add_provider_key(other).await.unwrap_err()),
        "REQUEST_ID_REUSED"
    );
    let promote = v1::PromoteProviderKeyRequest {
        provider: "openai".to_owned(),
        version: 1,
        ..Default::default()
    };
    providers.promote_provider_key(promote).await.unwrap();
    let released = backend
        .get_model_config(keyed.clone())
        .await
        .unwrap()
        .into_inner()
        .model_config
        .unwrap();
    assert_eq!(
        (
            released.api_key.as_str(),
            released.model.as_str(),
            released.using_global
        ),
        (KEY, "gpt-4o-mini", true)
    );
    assert_eq!(
        admin
            .get_model_config(keyed.clone())
            .await
            .unwrap_err()
            .code(),
        Code::PermissionDenied
    );
    let plain = admin
        .get_model_config(query(2))
        .await
        .unwrap()
        .into_inner()
        .model_config
        .unwrap();
    assert!(plain.api_key.is_empty() && plain.key_available);

    // An account customises; its credentials go nowhere; Free may not.
    let members = [
        ("model", text("gpt-4o")),
        (
            "temperature",
            Value {
                kind: Some(Kind::NumberValue(0.8)),
            },
        ),
        ("apiKey", text("secret")),
    ];
    let saved = settings
        .save_integration_settings(save(2, &members))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(saved.stripped_fields, ["apiKey"]);
    let own = backend
        .get_model_config(query(2))
        .await
        .unwrap()
        .into_inner()
        .model_config
        .unwrap();
    assert_eq!(
        (own.model.as_str(), own.temperature, own.max_tokens),
        ("gpt-4o", Some(0.8), Some(8192))
    );
    assert_eq!(own.sources["model"], i32::from(v1::FieldSource::Account));
    let refused = settings
        .save_integration_settings(save(1, &members))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "PLAN_FORBIDS_OVERRIDES")
    );
    let bad = settings
        .save_integration_settings(save(
            2,
            &[("model", text("no-such")), ("colour", text("red"))],
        ))
        .await
        .unwrap_err();
    assert_eq!(
        bad.get_error_details()
            .bad_request()
            .unwrap()
            .field_violations
            .len(),
        2
    );

    // A new global default reaches whoever has not chosen.
    let section = v1::ModelFields {
        model: Some("gpt-4.1".to_owned()),
        ..Default::default()
    };
    let update = v1::UpdateGlobalSettingsRequest {
        global_settings: Some(v1::GlobalSettings {
            sections: [("openai".to_owned(), section)].into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let updated = globals
        .update_global_settings(update.clone())
        .await
        .unwrap()
        .into_inner();
    assert!(updated.changed);
    assert!(
        !globals
            .update_global_settings(update)
            .await
            .unwrap()
            .into_inner()
            .changed
    );
    for (id, model) in [(1, "gpt-4.1"), (2, "gpt-4o"), (99, "gpt-4.1")] {
        let request = v1::GetModelConfigRequest {
            min_revision: updated.revision,
            ..query(id)
        };
        let config = backend
            .get_model_config(request)
            .await
            .unwrap()
            .into_inner()
            .model_config
            .unwrap();
        assert_eq!(
            (config.model.as_str(), config.account_known),
            (model, id != 99)
        );
    }
    let reset = v1::ResetIntegrationSettingsRequest {
        account_id: 2,
        integration_type: "openai".to_owned(),
        ..Default::default()
    };
    let reset = settings
        .reset_integration_settings(reset)
        .await
        .unwrap()
        .into_inner();
    assert!(reset.changed && reset.integration_settings.unwrap().using_global);

    // A second server on the same database, and a fresh start, have the same state.
    let digest = digest(&server, reset.revision).await;
    let second = Server::start(place);
    assert_eq!(self::digest(&second, reset.revision).await, digest);
    let written = accounts
        .upsert_account(account(3, v1::Plan::Scale))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        self::digest(&second, written.revision).await,
        self::digest(&server, written.revision).await
    );
}

async fn digest(server: &Server, min_revision: u64) -> (String, u64) {
    let mut history =
        HistoryServiceClient::with_interceptor(server.channel().await, server.token("admin"));
    let answer = history
        .get_state_digest(v1::GetStateDigestRequest { min_revision })
        .await
        .unwrap()
        .into_inner();
    (answer.digest, answer.revision)
}
