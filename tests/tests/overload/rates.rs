//! Calls a second of each token, and of those who show none.

use std::time::{Duration, Instant};

use aiconfig_proto::v1::{self, Plan};
use aiconfig_tests::{Bearer, Clients, Place, Server, account, health, query, reason};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::turn;

const PER_SECOND: &str = "AICONFIG_MAX_CALLS_PER_SECOND_PER_TOKEN";
const BURST: &str = "AICONFIG_MAX_BURST_PER_TOKEN";

/// The wait that a refusal tells.
pub(crate) fn wait(status: &Status) -> Duration {
    let details = status.get_error_details();
    let retry = details.retry_info().unwrap();
    retry.retry_delay.unwrap()
}

fn limited(status: &Status) -> (Duration, String) {
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    assert_eq!(reason(status), "RATE_LIMITED", "{status}");
    let details = status.get_error_details();
    let calls = details.error_info().unwrap().metadata.get("calls").cloned();
    (wait(status), calls.unwrap_or_default())
}

async fn served(settings: &[(&str, &str)]) -> (Place, Server, Clients) {
    let place = Place::sqlite();
    let server = Server::start(&place);
    let mut clients = server.clients("backend").await;
    let made = clients.accounts.upsert_account(account(1, Plan::Growth));
    made.await.unwrap();
    assert!(server.stop());
    let server = Server::start_with(&place, settings);
    let clients = server.clients("backend").await;
    (place, server, clients)
}

#[tokio::test]
async fn a_token_that_calls_too_often_learns_how_long_to_wait() {
    let _turn = turn().await;
    let (place, server, mut clients) = served(&[(PER_SECOND, "2"), (BURST, "5")]).await;
    let begun = Instant::now();
    for _ in 0..5 {
        clients.configs.get_model_config(query(1)).await.unwrap();
    }
    let refused = clients
        .configs
        .get_model_config(query(1))
        .await
        .unwrap_err();
    let (wait, calls) = limited(&refused);
    assert_eq!(calls, "1");
    let longest = Duration::from_millis(500);
    assert!(wait <= longest, "{wait:?}");
    assert!(
        wait + begun.elapsed() >= longest,
        "{wait:?}: half a second a call"
    );
    assert!(wait > Duration::ZERO);

    // Others are not held up, nor are health checks.
    let channel = server.channel().await;
    let other = place.new_token("RESOLVER", &[]);
    let mut other = Clients::new(&channel, &Bearer::new(&other));
    tokio::time::timeout(Duration::from_secs(5), async {
        // The server sees the new token with its next look at the database.
        while let Err(status) = other.configs.get_model_config(query(1)).await {
            assert_eq!(status.code(), Code::Unauthenticated, "{status}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await
    .unwrap();
    for _ in 0..50 {
        assert_eq!(health(&channel, "").await.unwrap(), 1);
    }

    // What it was told is true: with a little over it there is room.
    let refused = loop {
        match clients.configs.get_model_config(query(1)).await {
            Ok(_) => {}
            Err(refused) => break refused,
        }
    };
    tokio::time::sleep(limited(&refused).0 + Duration::from_millis(20)).await;
    clients.configs.get_model_config(query(1)).await.unwrap();
}

#[tokio::test]
async fn batches_and_lists_count_more() {
    let _turn = turn().await;
    let settings = [(PER_SECOND, "1"), (BURST, "30")];
    let (_place, _server, mut clients) = served(&settings).await;
    let list = v1::ListAccountsRequest::default();
    for _ in 0..2 {
        clients.accounts.list_accounts(list.clone()).await.unwrap();
    }
    // Twenty of thirty are gone.
    let batch = v1::BatchGetModelConfigsRequest {
        requests: vec![query(1); 100],
    };
    let refused = clients.configs.batch_get_model_configs(batch).await;
    let (wait, calls) = limited(&refused.unwrap_err());
    let calls: u64 = calls.parse().unwrap();
    assert!(
        (12..30).contains(&calls),
        "{calls}: by the bytes of the request"
    );
    let missing = Duration::from_secs(calls - 10);
    let near = missing.saturating_sub(Duration::from_secs(2));
    assert!((near..=missing).contains(&wait), "{calls}: {wait:?}");
    clients.accounts.list_accounts(list.clone()).await.unwrap();
    let refused = clients.accounts.list_accounts(list).await.unwrap_err();
    assert_eq!(limited(&refused).1, "10");
}

#[tokio::test]
async fn a_rate_of_nought_is_none() {
    let _turn = turn().await;
    let (_place, _server, mut clients) = served(&[(PER_SECOND, "0"), (BURST, "1")]).await;
    for _ in 0..50 {
        clients.configs.get_model_config(query(1)).await.unwrap();
    }
}

#[tokio::test]
async fn an_address_without_a_valid_token_is_slowed_and_a_valid_token_is_not() {
    let _turn = turn().await;
    let (_place, server, mut clients) = served(&[]).await;
    let channel = server.channel().await;
    let mut nobody = Clients::new(&channel, &Bearer::new("aic_no_token"));
    let mut limits = 0;
    for number in 0..150 {
        let refused = nobody.configs.get_model_config(query(1)).await.unwrap_err();
        if refused.code() == Code::Unauthenticated {
            // A new minute may begin in the middle, once.
            assert!(number < 60 || limits < 150 - 60, "{number}");
            continue;
        }
        limits += 1;
        let (wait, _) = limited(&refused);
        assert!(wait <= Duration::from_mins(1), "{wait:?}");
    }
    assert!(limits >= 150 - 120, "{limits}");
    clients.configs.get_model_config(query(1)).await.unwrap();
}
