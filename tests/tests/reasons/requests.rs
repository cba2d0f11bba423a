//! Requests whose shape, token or size is wrong.

use aiconfig_proto::v1::{self, Plan};
use aiconfig_tests::{account, call};
use tonic::Code;
use tonic::metadata::MetadataMap;

use crate::{Seen, Stage};

fn list() -> v1::ListAccountsRequest {
    v1::ListAccountsRequest::default()
}

pub(crate) async fn reach(stage: &mut Stage, seen: &mut Seen) {
    lists(stage, seen).await;
    ids(stage, seen).await;
    let channel = stage.server.channel().await;
    let path = "/igny8.aiconfig.v1.AccountService/ListPlans";
    let nobody = call(&channel, path, MetadataMap::new(), Vec::new()).await;
    seen.refused(nobody, (Code::Unauthenticated, "UNAUTHENTICATED"));
    let with = |token: &str| {
        let mut metadata = MetadataMap::new();
        metadata.insert("authorization", format!("Bearer {token}").parse().unwrap());
        metadata
    };
    let admin = with(&stage.place.token("admin"));
    let auditor = stage.place.new_token("AUDITOR", &[]);
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    let mut named = with(&auditor);
    named.insert("x-aiconfig-actor", "user:5".parse().unwrap());
    let named = call(&channel, path, named, Vec::new()).await;
    seen.refused(named, (Code::PermissionDenied, "ACTOR_FORBIDDEN"));
    let save = "/igny8.aiconfig.v1.IntegrationSettingsService/SaveIntegrationSettings";
    let forbidden = call(&channel, save, with(&auditor), Vec::new()).await;
    seen.refused(forbidden, (Code::PermissionDenied, "ROLE_FORBIDDEN"));
    let none = "/igny8.aiconfig.v1.AccountService/PaintAccount";
    let none = call(&channel, none, admin.clone(), Vec::new()).await;
    seen.refused(none, (Code::Unimplemented, "UNIMPLEMENTED"));
    // A field of the wrong wire type, with a text in it that must not come back.
    let unreadable = b"\x0b\x01secret-in-a-body".to_vec();
    let get = "/igny8.aiconfig.v1.AccountService/GetAccount";
    let unreadable = call(&channel, get, admin.clone(), unreadable).await;
    if let Err(status) = &unreadable {
        assert!(!status.message().contains("secret"), "{status:?}");
    }
    seen.refused(unreadable, (Code::InvalidArgument, "REQUEST_UNREADABLE"));
    let large = call(&channel, get, admin, vec![0; (1 << 20) + 1]).await;
    seen.refused(large, (Code::ResourceExhausted, "MESSAGE_TOO_LARGE"));
}

async fn lists(stage: &mut Stage, seen: &mut Seen) {
    let accounts = &mut stage.admin.accounts;
    let filter = "colour = red".to_owned();
    let filter = accounts.list_accounts(v1::ListAccountsRequest { filter, ..list() });
    seen.refused(filter.await, (Code::InvalidArgument, "FILTER_INVALID"));
    let order_by = "colour".to_owned();
    let order = accounts.list_accounts(v1::ListAccountsRequest { order_by, ..list() });
    seen.refused(order.await, (Code::InvalidArgument, "ORDER_BY_INVALID"));
    let page_token = "accounts:5".to_owned();
    let token = accounts.list_accounts(v1::ListAccountsRequest {
        page_token,
        ..list()
    });
    seen.refused(token.await, (Code::InvalidArgument, "PAGE_TOKEN_INVALID"));
    let page_size = -1;
    let size = accounts.list_accounts(v1::ListAccountsRequest {
        page_size,
        ..list()
    });
    seen.refused(size.await, (Code::InvalidArgument, "PAGE_SIZE_INVALID"));
}

async fn ids(stage: &mut Stage, seen: &mut Seen) {
    let accounts = &mut stage.admin.accounts;
    let with = |id: &str, plan| v1::UpsertAccountRequest {
        request_id: id.to_owned(),
        ..account(50, plan)
    };
    let invalid = accounts
        .upsert_account(with("has blanks", Plan::Free))
        .await;
    seen.refused(invalid, (Code::InvalidArgument, "REQUEST_ID_INVALID"));
    accounts
        .upsert_account(with("one", Plan::Free))
        .await
        .unwrap();
    let reused = accounts.upsert_account(with("one", Plan::Scale)).await;
    seen.refused(reused, (Code::InvalidArgument, "REQUEST_ID_REUSED"));
}
