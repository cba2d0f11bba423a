//! How far the library has gone on since an account took its text over, and keeping one's own.

use aiconfig_proto::v1::{self, Plan, PromptSource, ResetTarget, UpstreamState};
use tonic::Code;

use crate::{Stage, on_both, refused, why};

fn keep(id: i64) -> v1::AcknowledgePromptUpstreamRequest {
    v1::AcknowledgePromptUpstreamRequest {
        account_id: id,
        prompt_type: "poem".to_owned(),
        ..Default::default()
    }
}

async fn behind(stage: &mut Stage, id: i64) -> (u32, UpstreamState) {
    let held = stage.effective(id, "poem").await;
    (held.behind_by, held.upstream_state())
}

#[tokio::test]
async fn versions_whose_text_differs_are_counted() {
    on_both(async |stage| {
        stage.create("poem", "Library 1").await;
        stage.push(1, Plan::Growth, 1).await;
        stage.customize(1, "poem", "Own").await;
        assert_eq!(behind(stage, 1).await, (0, UpstreamState::CustomCurrent));
        // Another version of the same text, another description: nobody is behind.
        let increment = v1::BatchIncrementVersionRequest {
            prompt_types: vec!["poem".to_owned()],
            ..Default::default()
        };
        let library = &mut stage.admin.global_prompts;
        library.batch_increment_version(increment).await.unwrap();
        let prompt = v1::GlobalPrompt {
            prompt_type: "poem".to_owned(),
            description: "Of poems.".to_owned(),
            ..Default::default()
        };
        let update = v1::UpdateGlobalPromptRequest {
            global_prompt: Some(prompt),
            ..Default::default()
        };
        library.update_global_prompt(update).await.unwrap();
        let held = stage.effective(1, "poem").await;
        assert_eq!((held.based_on_version, held.global_version), (1, 2));
        assert_eq!(behind(stage, 1).await, (0, UpstreamState::CustomCurrent));
        // Two other texts are two, and going back to the first is a third.
        for (number, text) in (1..).zip(["Library 2", "Library 3", "Library 1"]) {
            stage.publish("poem", text).await;
            assert_eq!(
                behind(stage, 1).await,
                (number, UpstreamState::CustomBehind)
            );
        }
        // Resets carry it, too.
        let back = stage.reset(1, "poem", ResetTarget::AccountDefault).await;
        assert_eq!(back.effective_prompt.unwrap().behind_by, 3);
        let now = stage.reset(1, "poem", ResetTarget::CurrentGlobal).await;
        let now = now.effective_prompt.unwrap();
        assert_eq!((now.behind_by, now.based_on_version), (0, 5));
    })
    .await;
}

#[tokio::test]
async fn keep_mine_moves_the_base_alone() {
    on_both(async |stage| {
        stage.create("poem", "Library 1").await;
        stage.push(1, Plan::Growth, 1).await;
        stage.push(2, Plan::Growth, 1).await;
        let nothing = stage.backend.prompts.acknowledge_prompt_upstream(keep(2));
        let none = why(Code::FailedPrecondition, "PROMPT_NOT_CUSTOMIZED");
        assert_eq!(refused(nothing.await), none);
        stage.customize(1, "poem", "Own").await;
        stage.publish("poem", "Library 2").await;

        let before = stage.effective(1, "poem").await;
        let try_out = v1::AcknowledgePromptUpstreamRequest {
            validate_only: true,
            ..keep(1)
        };
        let prompts = &mut stage.backend.prompts;
        let tried = prompts.acknowledge_prompt_upstream(try_out).await.unwrap();
        assert!(tried.get_ref().changed);
        assert_eq!(stage.effective(1, "poem").await, before);
        let prompts = &mut stage.backend.prompts;
        let kept = prompts.acknowledge_prompt_upstream(keep(1)).await.unwrap();
        let kept = kept.into_inner();
        assert!(kept.changed);
        let answered = kept.effective_prompt.unwrap();
        assert_eq!(answered.prompt_value, "Own");
        let held = stage.effective(1, "poem").await;
        assert_eq!(held.source(), PromptSource::AccountCustom);
        assert_eq!(
            (held.prompt_value.as_str(), held.default_prompt.as_str()),
            ("Own", "Library 2")
        );
        assert_eq!((held.based_on_version, held.behind_by), (2, 0));
        let prompts = &mut stage.backend.prompts;
        let again = prompts.acknowledge_prompt_upstream(keep(1)).await.unwrap();
        assert!(!again.get_ref().changed);
        // A reset now goes back to what was acknowledged.
        let back = stage.reset(1, "poem", ResetTarget::AccountDefault).await;
        assert_eq!(back.effective_prompt.unwrap().prompt_value, "Library 2");

        // Of an inactive prompt there is nothing to keep up with.
        stage.switch("poem", false).await;
        let prompts = &mut stage.backend.prompts;
        let inactive = prompts.acknowledge_prompt_upstream(keep(1)).await;
        assert_eq!(
            refused(inactive),
            why(Code::FailedPrecondition, "PROMPT_INACTIVE")
        );
    })
    .await;
}
