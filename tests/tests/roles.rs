//! Role by RPC, every cell, over a socket. The table stands here a second time, written from the
//! rules, so that a slip in the server's own is seen; an RPC without a line fails the test.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use aiconfig_tests::{Place, Server, call, health, reason, rpcs};
use tonic::Code;
use tonic::metadata::MetadataMap;
use tonic::transport::Channel;

const ROLES: [&str; 5] = ["ADMIN", "BACKEND", "RESOLVER", "AUDITOR", "MONITOR"];

/// Who may call: one letter a role in the order of [`ROLES`], and `*` where a token that is bound
/// to accounts may too.
const TABLE: &[(&str, &str)] = &[
    ("ModelConfigService/GetModelConfig", "ABRU- *"),
    ("ModelConfigService/BatchGetModelConfigs", "ABRU- *"),
    (
        "IntegrationSettingsService/GetIntegrationSettings",
        "AB-U- *",
    ),
    (
        "IntegrationSettingsService/ListIntegrationSettings",
        "AB-U- *",
    ),
    (
        "IntegrationSettingsService/SaveIntegrationSettings",
        "AB--- *",
    ),
    (
        "IntegrationSettingsService/ResetIntegrationSettings",
        "AB--- *",
    ),
    ("GlobalSettingsService/GetGlobalSettings", "AB-U- *"),
    ("GlobalSettingsService/UpdateGlobalSettings", "A----"),
    ("AccountService/UpsertAccount", "AB--- *"),
    ("AccountService/BatchUpsertAccounts", "AB--- *"),
    ("AccountService/GetAccount", "AB-U- *"),
    ("AccountService/ListAccounts", "AB-U- *"),
    ("AccountService/DeleteAccount", "AB--- *"),
    ("AccountService/ListPlans", "ABRU- *"),
    ("ModuleService/GetPlatformModules", "AB-U- *"),
    ("ModuleService/UpdatePlatformModules", "A----"),
    ("ModuleService/GetAccountModules", "AB-U- *"),
    ("ModuleService/UpdateAccountModules", "AB--- *"),
    ("ProviderService/CreateProvider", "A----"),
    ("ProviderService/GetProvider", "A--U-"),
    ("ProviderService/ListProviders", "A--U-"),
    ("ProviderService/UpdateProvider", "A----"),
    ("ProviderService/AddProviderKey", "A----"),
    ("ProviderService/ListProviderKeys", "A--U-"),
    ("ProviderService/PromoteProviderKey", "A----"),
    ("ProviderService/RollbackProviderKey", "A----"),
    ("ProviderService/RevokeProviderKey", "A----"),
    ("ProviderService/DestroyProviderKey", "A----"),
    ("ProviderService/SetKeyFreeze", "A----"),
    ("ModelCatalogService/CreateModel", "A----"),
    ("ModelCatalogService/GetModel", "ABRU- *"),
    ("ModelCatalogService/ListModels", "ABRU- *"),
    ("ModelCatalogService/UpdateModel", "A----"),
    ("ModelCatalogService/DeleteModel", "A----"),
    ("ModelCatalogService/SetDefaultModel", "A----"),
    ("ModelCatalogService/ImportPrices", "A----"),
    ("ModelCatalogService/ListFindings", "A--U-"),
    ("ModelCatalogService/CreateFunction", "A----"),
    ("ModelCatalogService/GetFunction", "ABRU- *"),
    ("ModelCatalogService/ListFunctions", "ABRU- *"),
    ("ModelCatalogService/UpdateFunction", "A----"),
    ("ModelCatalogService/DeleteFunction", "A----"),
    ("ModelCatalogService/CreateCreditOperation", "A----"),
    ("ModelCatalogService/ListCreditOperations", "ABRU- *"),
    ("ModelCatalogService/UpdateCreditOperation", "A----"),
    ("ModelCatalogService/DeleteCreditOperation", "A----"),
    ("ModelCatalogService/QuoteCredits", "ABRU- *"),
    ("AuthorProfileService/CreateGlobalAuthorProfile", "A----"),
    ("AuthorProfileService/GetGlobalAuthorProfile", "AB-U- *"),
    ("AuthorProfileService/ListGlobalAuthorProfiles", "AB-U- *"),
    ("AuthorProfileService/UpdateGlobalAuthorProfile", "A----"),
    ("AuthorProfileService/DeleteGlobalAuthorProfile", "A----"),
    ("AuthorProfileService/BatchSetActive", "A----"),
    ("AuthorProfileService/CloneAuthorProfiles", "AB--- *"),
    ("AuthorProfileService/CreateAuthorProfile", "AB--- *"),
    ("AuthorProfileService/GetAuthorProfile", "ABRU- *"),
    ("AuthorProfileService/ListAuthorProfiles", "ABRU- *"),
    ("AuthorProfileService/UpdateAuthorProfile", "AB--- *"),
    ("AuthorProfileService/DeleteAuthorProfile", "AB--- *"),
    ("StrategyService/CreateGlobalStrategy", "A----"),
    ("StrategyService/GetGlobalStrategy", "AB-U- *"),
    ("StrategyService/ListGlobalStrategies", "AB-U- *"),
    ("StrategyService/UpdateGlobalStrategy", "A----"),
    ("StrategyService/DeleteGlobalStrategy", "A----"),
    ("StrategyService/BatchSetActive", "A----"),
    ("StrategyService/CloneStrategies", "AB--- *"),
    ("StrategyService/CreateStrategy", "AB--- *"),
    ("StrategyService/GetStrategy", "ABRU- *"),
    ("StrategyService/ListStrategies", "ABRU- *"),
    ("StrategyService/UpdateStrategy", "AB--- *"),
    ("StrategyService/DeleteStrategy", "AB--- *"),
    ("StrategyService/GetResolvedStrategy", "ABRU- *"),
    ("PromptService/GetEffectivePrompt", "ABRU- *"),
    ("PromptService/BatchGetEffectivePrompts", "ABRU- *"),
    ("PromptService/RenderPrompt", "ABRU- *"),
    ("PromptService/CustomizePrompt", "AB--- *"),
    ("PromptService/ResetPrompt", "AB--- *"),
    ("PromptService/BatchResetPrompts", "AB--- *"),
    ("PromptService/ListAccountPrompts", "AB-U- *"),
    ("PromptService/AcknowledgePromptUpstream", "AB--- *"),
    ("PromptService/PreviewPromptMerge", "AB-U- *"),
    ("PromptService/ApplyPromptMerge", "AB--- *"),
    ("GlobalPromptService/CreateGlobalPrompt", "A----"),
    ("GlobalPromptService/GetGlobalPrompt", "AB-U- *"),
    ("GlobalPromptService/ListGlobalPrompts", "AB-U- *"),
    ("GlobalPromptService/UpdateGlobalPrompt", "A----"),
    ("GlobalPromptService/DeleteGlobalPrompt", "A----"),
    ("GlobalPromptService/ListGlobalPromptVersions", "AB-U- *"),
    ("GlobalPromptService/DiffGlobalPromptVersions", "AB-U- *"),
    ("GlobalPromptService/RestoreGlobalPromptVersion", "A----"),
    ("GlobalPromptService/BatchIncrementVersion", "A----"),
    ("GlobalPromptService/BatchSetActive", "A----"),
    ("TokenService/CreateToken", "A----"),
    ("TokenService/ListTokens", "A--U-"),
    ("TokenService/RevokeToken", "A----"),
    ("AuditService/ListAuditRecords", "A--U-"),
    ("AuditService/VerifyAuditChain", "A--U-"),
    ("HistoryService/GetStateDigest", "A--U-"),
];

fn bearer(token: &str) -> MetadataMap {
    let mut metadata = MetadataMap::new();
    metadata.insert("authorization", format!("Bearer {token}").parse().unwrap());
    metadata
}

/// What an empty request comes to: whether the gate lets it through.
async fn comes_in(channel: &Channel, rpc: &str, metadata: MetadataMap) -> Result<(), String> {
    let path = format!("/igny8.aiconfig.v1.{rpc}");
    match call(channel, &path, metadata, Vec::new()).await {
        Ok(_) => Ok(()),
        Err(status) if status.code() == Code::PermissionDenied => Err(reason(&status)),
        Err(status) if status.code() == Code::Unauthenticated => Err(reason(&status)),
        Err(status) => {
            let told = reason(&status);
            assert!(
                status.code() != Code::Unimplemented && !told.is_empty(),
                "{rpc}: {status:?}"
            );
            Ok(())
        }
    }
}

#[tokio::test]
async fn every_cell_of_role_by_rpc() {
    let table: BTreeMap<&str, &str> = TABLE.iter().copied().collect();
    let in_protos: BTreeSet<String> = rpcs().into_iter().collect();
    let listed: BTreeSet<String> = table.keys().map(ToString::to_string).collect();
    assert_eq!(listed, in_protos, "each RPC has one line in this table");

    let place = Place::sqlite();
    let server = Server::start(&place);
    let channel = server.channel().await;
    let mut wrong = Vec::new();
    for (at, role) in ROLES.iter().enumerate() {
        let free = place.new_token(role, &[]);
        let bound = place.new_token(role, &[7]);
        // The server takes up tokens that the command line makes within its poll interval.
        tokio::time::sleep(Duration::from_millis(600)).await;
        for (rpc, who) in TABLE {
            let role_may = who.as_bytes()[at] != b'-';
            let bound_may = role_may && who.ends_with('*');
            for (token, may) in [(&free, role_may), (&bound, bound_may)] {
                let told = comes_in(&channel, rpc, bearer(token)).await;
                let expected = if may {
                    Ok(())
                } else {
                    Err("ROLE_FORBIDDEN".to_owned())
                };
                if told != expected {
                    wrong.push(format!("{rpc} as {role}: {told:?}, not {expected:?}"));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// A token that is good for a moment.
#[expect(
    clippy::disallowed_methods,
    reason = "the command line takes a time of day"
)]
fn expiring(place: &Place, after: Duration) -> String {
    let at = prost_types::Timestamp::from(SystemTime::now() + after).to_string();
    let create = [
        "token",
        "create",
        "--label",
        "old",
        "--role",
        "ADMIN",
        "--expires",
        &at,
    ];
    let made = place.run(&create);
    assert!(made.status.success(), "{made:?}");
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn without_a_valid_token_every_rpc_answers_the_same() {
    let place = Place::sqlite();
    let mut server = Server::start(&place);
    let revoked = place.new_token("ADMIN", &[]);
    let id = revoked.split('_').nth(1).unwrap();
    assert!(place.run(&["token", "revoke", id]).status.success());
    let expired = expiring(&place, Duration::from_secs(1));
    let good = place.token("admin");
    let mut forged = good.clone();
    forged.replace_range(30..31, if &good[30..31] == "A" { "B" } else { "A" });
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let mut texts = BTreeSet::new();
    // More failures from one address would be told to slow down, until a server is started anew.
    for some in rpcs().chunks(50) {
        assert!(server.stop());
        server = Server::start(&place);
        let channel = server.channel().await;
        for rpc in some {
            let path = format!("/igny8.aiconfig.v1.{rpc}");
            let none = call(&channel, &path, MetadataMap::new(), Vec::new()).await;
            let status = none.unwrap_err();
            assert_eq!(status.code(), Code::Unauthenticated, "{rpc}");
            texts.insert(status.message().to_owned());
        }
        let path = format!("/igny8.aiconfig.v1.{}", some[0]);
        for token in [&revoked, &expired, &forged, &"x".to_owned()] {
            let refused = call(&channel, &path, bearer(token), Vec::new()).await;
            let status = refused.unwrap_err();
            assert_eq!(status.code(), Code::Unauthenticated, "{token}");
            texts.insert(status.message().to_owned());
        }
    }
    let channel = server.channel().await;
    assert_eq!(texts.len(), 1, "{texts:?}");
    // Health and reflection need none.
    assert_eq!(health(&channel, "").await.unwrap(), 1);
    assert_eq!(health(&channel, "aiconfig.vault").await.unwrap(), 1);
    // Too many failures are told to wait; a valid token is not held up.
    let path = "/igny8.aiconfig.v1.AccountService/ListPlans";
    let mut code = Code::Ok;
    for _ in 0..70 {
        let refused = call(&channel, path, MetadataMap::new(), Vec::new()).await;
        code = refused.unwrap_err().code();
    }
    assert_eq!(code, Code::ResourceExhausted);
    call(&channel, path, bearer(&good), Vec::new())
        .await
        .unwrap();
}

#[tokio::test]
async fn actors_are_named_by_backend_and_admin_only() {
    let place = Place::sqlite();
    let server = Server::start(&place);
    let channel = server.channel().await;
    let auditor = place.new_token("AUDITOR", &[]);
    tokio::time::sleep(Duration::from_millis(600)).await;
    let path = "/igny8.aiconfig.v1.AccountService/ListPlans";
    for (token, may) in [
        (place.token("admin"), true),
        (place.token("backend"), true),
        (auditor, false),
    ] {
        let mut metadata = bearer(&token);
        metadata.insert("x-aiconfig-actor", "user:5".parse().unwrap());
        let told = call(&channel, path, metadata, Vec::new()).await;
        match told {
            Ok(_) => assert!(may),
            Err(status) => {
                assert!(!may);
                assert_eq!(reason(&status), "ACTOR_FORBIDDEN");
            }
        }
    }
}
