//! Two who edit the same prompt, and one who asks again because the answer was lost.

use aiconfig_proto::v1::{self, Plan, ResetTarget};
use aiconfig_tests::{Server, customize, new_text, reset};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use crate::{Stage, digest, on_both, refused, why};

fn by<T>(actor: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let actor = actor.parse().unwrap();
    request.metadata_mut().insert("x-aiconfig-actor", actor);
    request
}

/// The refusal of the second one tells who was first, when, and what to read again.
#[track_caller]
fn told_who_was_first(status: &Status, actor: &str, revision: u64, etag: &str) {
    assert_eq!(status.code(), Code::Aborted, "{status:?}");
    assert_eq!(aiconfig_tests::reason(status), "ETAG_MISMATCH");
    let details = status.get_error_details();
    let told = &details.error_info().unwrap().metadata;
    assert_eq!(told["updated_by"], actor);
    assert_eq!(told["revision"], revision.to_string());
    assert_eq!(told["etag"], etag);
    assert!(told["update_time"].ends_with('Z') && !told["resource"].is_empty());
}

#[tokio::test]
async fn of_two_admins_the_second_is_told_what_changed() {
    on_both(async |stage| {
        let seen = stage.create("poem", "Library 1").await;
        let edit = |text: &str| v1::UpdateGlobalPromptRequest {
            expected_etag: seen.etag.clone(),
            ..new_text("poem", text)
        };
        let library = &mut stage.admin.global_prompts;
        let first = library
            .update_global_prompt(by("user:ann", edit("Ann's")))
            .await;
        let first = first.unwrap().into_inner();
        let now = first.global_prompt.unwrap();
        let second = library
            .update_global_prompt(by("user:bob", edit("Bob's")))
            .await;
        told_who_was_first(&second.unwrap_err(), "user:ann", first.revision, &now.etag);
        let restore = v1::RestoreGlobalPromptVersionRequest {
            prompt_type: "poem".to_owned(),
            version: 1,
            expected_etag: seen.etag.clone(),
            ..Default::default()
        };
        let second = library.restore_global_prompt_version(restore).await;
        told_who_was_first(&second.unwrap_err(), "user:ann", first.revision, &now.etag);
        let delete = v1::DeleteGlobalPromptRequest {
            prompt_type: "poem".to_owned(),
            expected_etag: seen.etag.clone(),
            ..Default::default()
        };
        let second = library.delete_global_prompt(delete).await;
        told_who_was_first(&second.unwrap_err(), "user:ann", first.revision, &now.etag);
        assert_eq!(stage.effective(1, "poem").await.prompt_value, "Ann's");
        // With what he was told, the second one may go on.
        let again = v1::UpdateGlobalPromptRequest {
            expected_etag: now.etag,
            ..new_text("poem", "Bob's, after Ann's")
        };
        stage
            .admin
            .global_prompts
            .update_global_prompt(again)
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn of_two_who_customise_too() {
    on_both(async |stage| {
        stage.create("poem", "Library").await;
        stage.push(1, Plan::Growth, 1).await;
        let seen = stage.effective(1, "poem").await.etag;
        let edit = |text: &str| v1::CustomizePromptRequest {
            expected_etag: seen.clone(),
            ..customize(1, "poem", text)
        };
        let prompts = &mut stage.backend.prompts;
        let first = prompts
            .customize_prompt(by("user:ann", edit("Ann's")))
            .await;
        let first = first.unwrap().into_inner();
        let etag = first.effective_prompt.unwrap().etag;
        let second = prompts
            .customize_prompt(by("user:bob", edit("Bob's")))
            .await;
        told_who_was_first(&second.unwrap_err(), "user:ann", first.revision, &etag);
        let back = v1::ResetPromptRequest {
            expected_etag: seen.clone(),
            ..reset(1, "poem", ResetTarget::FollowGlobal)
        };
        let second = prompts.reset_prompt(back).await;
        told_who_was_first(&second.unwrap_err(), "user:ann", first.revision, &etag);
        // A change of the library does not make an account's etag old.
        stage.publish("poem", "Library 2").await;
        let keep = v1::AcknowledgePromptUpstreamRequest {
            account_id: 1,
            prompt_type: "poem".to_owned(),
            expected_etag: etag,
            ..Default::default()
        };
        let prompts = &mut stage.backend.prompts;
        prompts.acknowledge_prompt_upstream(keep).await.unwrap();
        assert_eq!(stage.effective(1, "poem").await.prompt_value, "Ann's");
    })
    .await;
}

async fn restarted(stage: &mut Stage) {
    let server = Server::start(&stage.place);
    stage.admin = server.clients("admin").await;
    stage.backend = server.clients("backend").await;
    let former = std::mem::replace(&mut stage.server, server);
    assert!(former.stop());
}

#[tokio::test]
async fn a_repeat_applies_once() {
    on_both(async |stage| {
        stage.create("poem", "Library 1").await;
        stage.push(1, Plan::Growth, 1).await;
        let update = v1::UpdateGlobalPromptRequest {
            request_id: "update-1".to_owned(),
            ..new_text("poem", "Library 2")
        };
        let own = v1::CustomizePromptRequest {
            request_id: "own-1".to_owned(),
            ..customize(1, "poem", "Own")
        };
        let back = v1::ResetPromptRequest {
            request_id: "back-1".to_owned(),
            ..reset(1, "poem", ResetTarget::FollowGlobal)
        };
        let library = &mut stage.admin.global_prompts;
        let updated = library.update_global_prompt(update.clone()).await.unwrap();
        let updated = updated.into_inner();
        let prompts = &mut stage.backend.prompts;
        let written = prompts.customize_prompt(own.clone()).await.unwrap();
        let written = written.into_inner();
        let reset = prompts
            .reset_prompt(back.clone())
            .await
            .unwrap()
            .into_inner();
        // Others wrote in between: a repeat must bring nothing back.
        stage.publish("poem", "Library 3").await;
        stage.customize(1, "poem", "Later").await;
        let before = digest(&mut stage.admin, 0).await;
        for round in 0..2 {
            let library = &mut stage.admin.global_prompts;
            let again = library.update_global_prompt(update.clone()).await.unwrap();
            assert_eq!(again.into_inner(), updated, "round {round}");
            let prompts = &mut stage.backend.prompts;
            let again = prompts.customize_prompt(own.clone()).await.unwrap();
            assert_eq!(again.into_inner(), written, "round {round}");
            let again = prompts.reset_prompt(back.clone()).await.unwrap();
            assert_eq!(again.into_inner(), reset, "round {round}");
            let reused = v1::CustomizePromptRequest {
                prompt_value: "Another".to_owned(),
                ..own.clone()
            };
            let reused = prompts.customize_prompt(reused).await;
            assert_eq!(
                refused(reused),
                why(Code::InvalidArgument, "REQUEST_ID_REUSED")
            );
            assert_eq!(digest(&mut stage.admin, 0).await, before);
            assert_eq!(stage.effective(1, "poem").await.prompt_value, "Later");
            // The second round is after a restart.
            restarted(stage).await;
        }
    })
    .await;
}
