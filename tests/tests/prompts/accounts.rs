//! Plans, and accounts that are unknown, inactive or deleted.

use aiconfig_proto::v1::{self, Plan, PromptSource, ResetTarget, UpstreamState};
use aiconfig_tests::{account, customize, effective, reset};
use tonic::Code;

use crate::{Stage, on_both, refused, why};

fn list(id: i64) -> v1::ListAccountPromptsRequest {
    v1::ListAccountPromptsRequest {
        account_id: id,
        ..Default::default()
    }
}

fn keep(id: i64, prompt_type: &str) -> v1::AcknowledgePromptUpstreamRequest {
    v1::AcknowledgePromptUpstreamRequest {
        account_id: id,
        prompt_type: prompt_type.to_owned(),
        ..Default::default()
    }
}

fn merge(id: i64, prompt_type: &str) -> v1::ApplyPromptMergeRequest {
    v1::ApplyPromptMergeRequest {
        account_id: id,
        prompt_type: prompt_type.to_owned(),
        ..Default::default()
    }
}

fn preview(id: i64, prompt_type: &str) -> v1::PreviewPromptMergeRequest {
    v1::PreviewPromptMergeRequest {
        account_id: id,
        prompt_type: prompt_type.to_owned(),
        ..Default::default()
    }
}

fn render(id: i64, prompt_type: &str) -> v1::RenderPromptRequest {
    v1::RenderPromptRequest {
        account_id: id,
        prompt_type: prompt_type.to_owned(),
        ..Default::default()
    }
}

/// What every write of an account's prompt is refused for.
async fn writes_are_refused(stage: &mut Stage, id: i64, expected: (Code, &str)) {
    let prompts = &mut stage.backend.prompts;
    let expected = why(expected.0, expected.1);
    let custom = prompts.customize_prompt(customize(id, "poem", "x")).await;
    assert_eq!(refused(custom), expected);
    let kept = prompts.acknowledge_prompt_upstream(keep(id, "poem")).await;
    assert_eq!(refused(kept), expected);
    let merged = prompts.apply_prompt_merge(merge(id, "poem")).await;
    assert_eq!(refused(merged), expected);
}

#[tokio::test]
async fn free_may_take_back_and_nothing_more() {
    on_both(async |stage| {
        stage.create("poem", "Library 1").await;
        stage.push(1, Plan::Free, 1).await;
        stage.push(2, Plan::Growth, 1).await;
        let forbidden = (Code::FailedPrecondition, "PLAN_FORBIDS_OVERRIDES");
        writes_are_refused(stage, 1, forbidden).await;
        let nothing = stage.reset(1, "poem", ResetTarget::AccountDefault).await;
        assert!(!nothing.changed);

        // A downgrade puts the row to sleep, an upgrade wakes it as it was.
        stage.customize(2, "poem", "Own").await;
        let awake = stage.effective(2, "poem").await;
        assert!(!awake.dormant_override);
        stage.push(2, Plan::Free, 2).await;
        let asleep = stage.effective(2, "poem").await;
        assert_eq!(asleep.source(), PromptSource::Global);
        assert_eq!(asleep.prompt_value, "Library 1");
        assert_eq!(asleep.upstream_state(), UpstreamState::Following);
        assert!(asleep.dormant_override && !asleep.customized && asleep.behind_by == 0);
        assert!(asleep.default_prompt.is_empty());
        assert_eq!(asleep.etag, awake.etag, "the stored row is the same");
        writes_are_refused(stage, 2, forbidden).await;
        stage.push(2, Plan::Starter, 3).await;
        let woken = stage.effective(2, "poem").await;
        assert_eq!(
            (woken.source(), woken.prompt_value.as_str()),
            (PromptSource::AccountCustom, "Own")
        );
        assert_eq!(woken.etag, awake.etag);

        // What sleeps can be taken back, and is then gone after an upgrade too.
        stage.publish("poem", "Library 2").await;
        for (version, target, text) in [
            (4, ResetTarget::AccountDefault, "Library 1"),
            (6, ResetTarget::FollowGlobal, "Library 2"),
        ] {
            stage.customize(2, "poem", "Own").await;
            stage.push(2, Plan::Free, version).await;
            assert!(stage.reset(2, "poem", target).await.changed);
            stage.push(2, Plan::Scale, version + 1).await;
            assert_eq!(stage.effective(2, "poem").await.prompt_value, text);
        }
    })
    .await;
}

#[tokio::test]
async fn an_unknown_account_is_answered_and_not_written() {
    on_both(async |stage| {
        stage.create("poem", "Library").await;
        let held = stage.effective(77, "poem").await;
        assert_eq!(held.source(), PromptSource::Global);
        assert!(!held.account_known);
        let prompts = &mut stage.backend.prompts;
        let rendered = prompts.render_prompt(render(77, "poem")).await.unwrap();
        assert_eq!(rendered.get_ref().rendered_prompt, "Library");
        writes_are_refused(stage, 77, (Code::NotFound, "ACCOUNT_NOT_FOUND")).await;
        views_are_refused(stage, 77).await;
        // Whatever else is wrong with the request, an account that is not there comes first.
        let stale = v1::ResetPromptRequest {
            expected_etag: "another".to_owned(),
            ..reset(77, "poem", ResetTarget::FollowGlobal)
        };
        let answer = stage.backend.prompts.reset_prompt(stale).await;
        assert_eq!(refused(answer), why(Code::NotFound, "ACCOUNT_NOT_FOUND"));
    })
    .await;
}

async fn views_are_refused(stage: &mut Stage, id: i64) {
    let prompts = &mut stage.backend.prompts;
    let missing = why(Code::NotFound, "ACCOUNT_NOT_FOUND");
    let back = prompts.reset_prompt(reset(id, "poem", ResetTarget::FollowGlobal));
    assert_eq!(refused(back.await), missing);
    assert_eq!(
        refused(prompts.list_account_prompts(list(id)).await),
        missing
    );
    let shown = prompts.preview_prompt_merge(preview(id, "poem")).await;
    assert_eq!(refused(shown), missing);
}

#[tokio::test]
async fn an_inactive_account_is_seen_and_written_but_not_served() {
    on_both(async |stage| {
        stage.create("poem", "Library").await;
        let mut asleep = account(1, Plan::Growth);
        asleep.account.as_mut().unwrap().active = false;
        stage.admin.accounts.upsert_account(asleep).await.unwrap();
        assert!(stage.customize(1, "poem", "Own").await.changed);
        let prompts = &mut stage.backend.prompts;
        let inactive = why(Code::FailedPrecondition, "ACCOUNT_INACTIVE");
        let asked = prompts.get_effective_prompt(effective(1, "poem")).await;
        assert_eq!(refused(asked), inactive);
        let rendered = prompts.render_prompt(render(1, "poem")).await;
        assert_eq!(refused(rendered), inactive);
        let shown = prompts.list_account_prompts(list(1)).await.unwrap();
        let shown = shown.into_inner().effective_prompts;
        assert!(shown.iter().any(|prompt| prompt.customized));
        prompts
            .preview_prompt_merge(preview(1, "poem"))
            .await
            .unwrap();
        let back = stage.reset(1, "poem", ResetTarget::FollowGlobal).await;
        assert!(back.changed);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_account_has_nothing_and_starts_empty() {
    on_both(async |stage| {
        stage.create("poem", "Library").await;
        stage.push(1, Plan::Growth, 1).await;
        stage.customize(1, "poem", "Own").await;
        let delete = v1::DeleteAccountRequest {
            account_id: 1,
            source_version: 2,
            ..Default::default()
        };
        stage.admin.accounts.delete_account(delete).await.unwrap();
        let inactive = why(Code::FailedPrecondition, "ACCOUNT_INACTIVE");
        let prompts = &mut stage.backend.prompts;
        let asked = prompts.get_effective_prompt(effective(1, "poem")).await;
        assert_eq!(refused(asked), inactive);
        assert_eq!(
            refused(prompts.render_prompt(render(1, "poem")).await),
            inactive
        );
        writes_are_refused(stage, 1, (Code::NotFound, "ACCOUNT_NOT_FOUND")).await;
        views_are_refused(stage, 1).await;
        stage.push(1, Plan::Growth, 3).await;
        let held = stage.effective(1, "poem").await;
        assert_eq!(held.source(), PromptSource::Global);
        assert!(!held.dormant_override);
    })
    .await;
}

/// A bound token sees its own accounts; a foreign one looks as one that is not there.
#[tokio::test]
async fn a_bound_token_sees_its_own() {
    on_both(async |stage| {
        stage.create("poem", "Library").await;
        for id in [1, 2] {
            stage.push(id, Plan::Growth, 1).await;
            stage.customize(id, "poem", "Own").await;
        }
        let token = stage.place.new_token("BACKEND", &[1]);
        tokio::time::sleep(std::time::Duration::from_millis(600)).await;
        let bearer = aiconfig_tests::Bearer::new(&token);
        let channel = stage.server.channel().await;
        let mut bound = aiconfig_tests::Clients::new(&channel, &bearer).prompts;
        let own = bound.get_effective_prompt(effective(1, "poem")).await;
        own.unwrap();
        for id in [2, 99] {
            let mut told = Vec::new();
            told.push(refused(
                bound.get_effective_prompt(effective(id, "poem")).await,
            ));
            told.push(refused(bound.render_prompt(render(id, "poem")).await));
            told.push(refused(
                bound.customize_prompt(customize(id, "poem", "x")).await,
            ));
            told.push(refused(bound.list_account_prompts(list(id)).await));
            told.push(refused(
                bound.preview_prompt_merge(preview(id, "poem")).await,
            ));
            told.push(refused(bound.apply_prompt_merge(merge(id, "poem")).await));
            told.push(refused(
                bound.acknowledge_prompt_upstream(keep(id, "poem")).await,
            ));
            let missing = why(Code::NotFound, "ACCOUNT_NOT_FOUND");
            assert!(told.iter().all(|one| *one == missing), "{id}: {told:?}");
        }
        let rows = v1::BatchResetPromptsRequest {
            account_ids: vec![1, 2],
            prompt_types: vec!["poem".to_owned()],
            target: ResetTarget::FollowGlobal.into(),
            partial: true,
            ..Default::default()
        };
        let whole = v1::BatchResetPromptsRequest {
            partial: false,
            ..rows.clone()
        };
        let answer = bound.batch_reset_prompts(whole).await;
        assert_eq!(refused(answer), why(Code::NotFound, "ACCOUNT_NOT_FOUND"));
        let answer = bound.batch_reset_prompts(rows).await;
        let rows = answer.unwrap().into_inner().results;
        assert!(rows[0].changed && rows[1].error.is_some());
        assert_eq!(stage.effective(2, "poem").await.prompt_value, "Own");
    })
    .await;
}
