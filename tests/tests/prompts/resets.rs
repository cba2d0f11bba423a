//! The three targets of a reset, one by one and in bulk.

use aiconfig_proto::v1::{self, Plan, PromptSource, ResetTarget, UpstreamState};
use tonic::Code;

use crate::{Stage, digest, on_both, refused, why};

fn bulk(accounts: &[i64], types: &[&str], target: ResetTarget) -> v1::BatchResetPromptsRequest {
    v1::BatchResetPromptsRequest {
        account_ids: accounts.to_vec(),
        prompt_types: types.iter().map(ToString::to_string).collect(),
        target: target.into(),
        ..Default::default()
    }
}

/// What a row tells: whose, whether it changed, the code of its refusal.
fn told(rows: &[v1::batch_reset_prompts_response::Result]) -> Vec<(i64, &str, bool, i32)> {
    let mut told = Vec::with_capacity(rows.len());
    for row in rows {
        let code = row.error.as_ref().map_or(0, |error| error.code);
        told.push((row.account_id, row.prompt_type.as_str(), row.changed, code));
    }
    told
}

/// Accounts 1 to 3 with texts of their own on version 1 of `poem`, of which there are 2.
async fn poems(stage: &mut Stage) {
    stage.create("poem", "Library 1").await;
    for id in 1..=3 {
        stage.push(id, Plan::Growth, 1).await;
        stage.customize(id, "poem", &format!("Own {id}")).await;
    }
    stage.publish("poem", "Library 2").await;
}

#[tokio::test]
async fn each_target_goes_back_to_its_text() {
    on_both(async |stage| {
        poems(stage).await;
        for (id, target, source, text, based_on, state) in [
            (
                1,
                ResetTarget::AccountDefault,
                PromptSource::AccountDefault,
                "Library 1",
                1,
                UpstreamState::CustomBehind,
            ),
            (
                2,
                ResetTarget::CurrentGlobal,
                PromptSource::AccountDefault,
                "Library 2",
                2,
                UpstreamState::CustomCurrent,
            ),
            (
                3,
                ResetTarget::FollowGlobal,
                PromptSource::Global,
                "Library 2",
                0,
                UpstreamState::Following,
            ),
        ] {
            let first = stage.reset(id, "poem", target).await;
            assert!(first.changed, "{target:?}");
            let held = first.effective_prompt.unwrap();
            assert_eq!((held.source(), held.prompt_value.as_str()), (source, text));
            assert!(!held.customized);
            assert_eq!((held.based_on_version, held.global_version), (based_on, 2));
            assert_eq!(held.upstream_state(), state);
            assert_eq!(held.behind_by, u32::from(based_on == 1));
            let again = stage.reset(id, "poem", target).await;
            assert!(!again.changed, "{target:?}: nothing is left to take back");
            assert_eq!(again.revision, first.revision);
        }
        // Only who follows the library has its next text.
        stage.publish("poem", "Library 3").await;
        let mut texts = Vec::new();
        for id in 1..=3 {
            texts.push(stage.effective(id, "poem").await.prompt_value);
        }
        assert_eq!(texts, ["Library 1", "Library 2", "Library 3"]);
    })
    .await;
}

#[tokio::test]
async fn bulk_resets_tell_row_by_row() {
    on_both(async |stage| {
        poems(stage).await;
        stage.customize(2, "ideas", "Own ideas").await;
        let before = digest(&mut stage.admin, 0).await;
        // Account 9 is unknown, and so is the type `sonnet`.
        let types = ["poem", "ideas", "sonnet"];
        let all = bulk(&[1, 2, 9], &types, ResetTarget::FollowGlobal);
        let whole = stage.backend.prompts.batch_reset_prompts(all.clone()).await;
        assert_eq!(refused(whole), why(Code::NotFound, "PROMPT_NOT_FOUND"));
        assert_eq!(digest(&mut stage.admin, 0).await, before, "all or none");

        let partial = v1::BatchResetPromptsRequest {
            partial: true,
            ..all
        };
        let try_out = v1::BatchResetPromptsRequest {
            validate_only: true,
            ..partial.clone()
        };
        let tried = stage.backend.prompts.batch_reset_prompts(try_out).await;
        let tried = tried.unwrap().into_inner();
        assert_eq!(digest(&mut stage.admin, 0).await, before, "only validated");
        let done = stage.backend.prompts.batch_reset_prompts(partial).await;
        let done = done.unwrap().into_inner();
        assert_eq!(told(&tried.results), told(&done.results));
        assert!(done.changed);
        assert_eq!(done.revision, before.1 + 1, "one transaction");
        let missing = i32::from(Code::NotFound);
        assert_eq!(
            told(&done.results),
            [
                (1, "poem", true, 0),
                (1, "ideas", false, 0),
                (1, "sonnet", false, missing),
                (2, "poem", true, 0),
                (2, "ideas", true, 0),
                (2, "sonnet", false, missing),
                (9, "poem", false, missing),
                (9, "ideas", false, missing),
                (9, "sonnet", false, missing),
            ]
        );
        assert_eq!(stage.effective(3, "poem").await.prompt_value, "Own 3");

        // Without a refused row, in one go; a row tells how far behind it is left.
        let rest = bulk(&[1, 2, 3], &["poem"], ResetTarget::AccountDefault);
        let done = stage.backend.prompts.batch_reset_prompts(rest).await;
        let rows = done.unwrap().into_inner().results;
        let told: Vec<_> = rows
            .iter()
            .map(|row| (row.changed, row.behind_by))
            .collect();
        assert_eq!(told, [(false, 0), (false, 0), (true, 1)]);
    })
    .await;
}

#[tokio::test]
async fn bulk_resets_have_limits() {
    on_both(async |stage| {
        poems(stage).await;
        let invalid = why(Code::InvalidArgument, "FIELD_INVALID");
        let many: Vec<i64> = (1..=1_001).collect();
        for request in [
            bulk(&many, &["poem"], ResetTarget::FollowGlobal),
            bulk(&many[..501], &["poem", "ideas"], ResetTarget::FollowGlobal),
            bulk(&[], &["poem"], ResetTarget::FollowGlobal),
            bulk(&[1], &[], ResetTarget::FollowGlobal),
            bulk(&[1, 0], &["poem"], ResetTarget::FollowGlobal),
            v1::BatchResetPromptsRequest {
                target: 9,
                ..bulk(&[1], &["poem"], ResetTarget::FollowGlobal)
            },
        ] {
            let answer = stage.backend.prompts.batch_reset_prompts(request).await;
            assert_eq!(refused(answer), invalid);
        }
        // A thousand rows are one transaction; one that is named twice is reset once.
        let most = v1::BatchResetPromptsRequest {
            partial: true,
            ..bulk(&many[..1_000], &["poem"], ResetTarget::FollowGlobal)
        };
        let done = stage.backend.prompts.batch_reset_prompts(most).await;
        let done = done.unwrap().into_inner();
        assert_eq!(done.results.len(), 1_000);
        assert_eq!(done.results.iter().filter(|row| row.changed).count(), 3);
        stage.customize(1, "poem", "Own").await;
        let twice = bulk(&[1, 1], &["poem"], ResetTarget::FollowGlobal);
        let done = stage.backend.prompts.batch_reset_prompts(twice).await;
        let rows = done.unwrap().into_inner().results;
        assert_eq!((rows[0].changed, rows[1].changed), (true, false));
    })
    .await;
}
