//! Clones: rows that fail on their own, bound tokens, and calls that are taken up again.

use std::time::Duration;

use aiconfig_proto::v1::{self, Plan};
use aiconfig_tests::{Bearer, Clients, Server, reason};
use tonic::Streaming;

use crate::{FREE, GROWTH, SCALE, Stage, shipped_profile};

/// Accounts of the large clone, from this number.
const MANY: std::ops::Range<i64> = 10_000..12_500;

type Message = v1::CloneAuthorProfilesResponse;

fn clone(items: &[i64], accounts: &[i64]) -> v1::CloneAuthorProfilesRequest {
    v1::CloneAuthorProfilesRequest {
        author_profile_ids: items.to_vec(),
        account_ids: accounts.to_vec(),
        ..Default::default()
    }
}

async fn all(mut messages: Streaming<Message>) -> Vec<Message> {
    let mut all = Vec::new();
    while let Some(message) = messages.message().await.unwrap() {
        all.push(message);
    }
    all
}

async fn run(clients: &mut Clients, request: v1::CloneAuthorProfilesRequest) -> Vec<Message> {
    let answer = clients.profiles.clone_author_profiles(request).await;
    all(answer.unwrap().into_inner()).await
}

/// The reasons of refused rows, with their accounts.
fn failures(message: &Message) -> Vec<(i64, String)> {
    let told = message.failures.iter().map(|failure| {
        let status = failure.error.as_ref().unwrap();
        let details = tonic::Status::with_details(
            tonic::Code::from(status.code),
            status.message.clone(),
            prost::Message::encode_to_vec(status).into(),
        );
        (failure.account_id, reason(&details))
    });
    told.collect()
}

pub(crate) async fn small(stage: &mut Stage) {
    let blog = shipped_profile(stage, "Blog Conversational").await;
    let accounts = [GROWTH, FREE, 99, SCALE];
    let checked = v1::CloneAuthorProfilesRequest {
        validate_only: true,
        ..clone(&[blog], &accounts)
    };
    let checked = run(&mut stage.backend, checked).await;
    assert_eq!((checked[0].cloned.len(), checked[0].failed), (2, 2));
    let made = run(&mut stage.backend, clone(&[blog], &accounts)).await;
    let [first, last] = made.as_slice() else {
        unreachable!("one transaction and the summary, not {made:?}");
    };
    assert_eq!((first.done, first.total, first.failed), (4, 4, 2));
    assert_eq!(
        failures(first),
        [
            (FREE, "PLAN_FORBIDS_OVERRIDES".to_owned()),
            (99, "ACCOUNT_NOT_FOUND".to_owned())
        ]
    );
    assert_eq!(first.cloned[0].name, "Blog Conversational");
    assert!(last.finished && last.cloned.is_empty() && last.failures.is_empty());
    assert_eq!(
        (last.done, last.failed, last.revision),
        (4, 2, first.revision)
    );
    let again = run(&mut stage.backend, clone(&[blog], &[GROWTH])).await;
    assert_eq!(failures(&again[0]), [(GROWTH, "ALREADY_EXISTS".to_owned())]);
    let suffixed = v1::CloneAuthorProfilesRequest {
        name_suffix: Some(" (copy)".to_owned()),
        ..clone(&[blog], &[GROWTH])
    };
    let suffixed = run(&mut stage.backend, suffixed).await;
    assert_eq!(suffixed[0].cloned[0].name, "Blog Conversational (copy)");

    let off = v1::AuthorProfileServiceBatchSetActiveRequest {
        author_profile_ids: vec![blog],
        active: Some(false),
        ..Default::default()
    };
    let off = stage.admin.profiles.batch_set_active(off).await;
    assert!(off.unwrap().into_inner().changed);
    let inactive = run(&mut stage.backend, clone(&[blog], &[GROWTH])).await;
    let expected = (GROWTH, "LIBRARY_ITEM_INACTIVE".to_owned());
    assert_eq!(failures(&inactive[0]), [expected]);
}

/// A token that is bound to accounts sees the others as accounts that are not there.
pub(crate) async fn bound(stage: &mut Stage) {
    let token = Bearer::new(&stage.place.new_token("BACKEND", &[GROWTH]));
    tokio::time::sleep(Duration::from_millis(600)).await;
    let mut bound = Clients::new(&stage.server.channel().await, &token);
    let news = shipped_profile(stage, "SaaS B2B Professional").await;
    let told = run(&mut bound, clone(&[news], &[SCALE, GROWTH])).await;
    assert_eq!(
        failures(&told[0]),
        [(SCALE, "ACCOUNT_NOT_FOUND".to_owned())]
    );
    assert_eq!(told[0].cloned[0].account_id, GROWTH);
}

/// A large clone is cut off, and a repeat with its request id goes on, also after a restart.
pub(crate) async fn resumed(stage: &mut Stage) {
    push_many(stage).await;
    let item = shipped_profile(stage, "Tech Startup Informal").await;
    let accounts: Vec<i64> = MANY.collect();
    let request = v1::CloneAuthorProfilesRequest {
        request_id: "large".to_owned(),
        reason: "a test".to_owned(),
        ..clone(&[item], &accounts)
    };
    let answer = stage
        .backend
        .profiles
        .clone_author_profiles(request.clone());
    let mut messages = answer.await.unwrap().into_inner();
    let first = messages.message().await.unwrap().unwrap();
    assert_eq!(
        (first.done, first.total, first.cloned.len()),
        (1_000, 2_500, 1_000)
    );
    drop(messages);
    stage.server = Server::start(&stage.place);
    stage.backend = stage.server.clients("backend").await;
    stage.admin = stage.server.clients("admin").await;
    let whole = run(&mut stage.backend, request.clone()).await;
    let done: Vec<i64> = whole.iter().map(|message| message.done).collect();
    assert_eq!(done, [1_000, 2_000, 2_500, 2_500]);
    assert_eq!(whole[0], first, "what was done is told again");
    assert!(whole[3].finished && whole[3].failed == 0);
    let repeated = run(&mut stage.backend, request.clone()).await;
    assert_eq!(repeated, whole, "a repeat changes nothing");
    let other = v1::CloneAuthorProfilesRequest {
        name_suffix: Some("!".to_owned()),
        ..request
    };
    let other = stage.backend.profiles.clone_author_profiles(other).await;
    assert_eq!(reason(&other.unwrap_err()), "REQUEST_ID_REUSED");
    // The server that was cut off may have written the rest, which this one takes up by itself.
    let asked = v1::ListAuthorProfilesRequest {
        account_id: MANY.end - 1,
        min_revision: whole[3].revision,
        ..Default::default()
    };
    let listed = stage.backend.profiles.list_author_profiles(asked).await;
    assert_eq!(listed.unwrap().into_inner().total_size, 1);
}

async fn push_many(stage: &mut Stage) {
    let accounts: Vec<i64> = MANY.collect();
    for part in accounts.chunks(1_000) {
        let account = |id: &i64| v1::Account {
            account_id: *id,
            plan: Plan::Starter.into(),
            active: true,
            source_version: 1,
            ..Default::default()
        };
        let batch = v1::BatchUpsertAccountsRequest {
            accounts: part.iter().map(account).collect(),
            ..Default::default()
        };
        stage
            .admin
            .accounts
            .batch_upsert_accounts(batch)
            .await
            .unwrap();
    }
}
