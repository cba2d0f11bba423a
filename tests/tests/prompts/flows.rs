//! The flows of the requirement documents: everybody starts with the library's prompt, customises
//! it, and goes back to it.

use aiconfig_proto::v1::{self, Plan, PromptSource, ResetTarget, UpstreamState};
use aiconfig_tests::{customize, effective, reset};
use tonic::Code;

use crate::{on_both, refused, why};

/// Document 1, "Prompt Retrieval", "User Customizes a Prompt", "User Resets Prompt".
#[tokio::test]
async fn a_prompt_is_customised_edited_and_reset() {
    on_both(async |stage| {
        stage.push(1, Plan::Growth, 1).await;
        let library = stage.effective(1, "clustering").await;
        assert_eq!(library.source(), PromptSource::Global);
        assert!(library.prompt_value.contains("{keywords}") && !library.customized);
        assert_eq!((library.based_on_version, library.global_version), (0, 1));
        assert_eq!(library.upstream_state(), UpstreamState::Following);
        let original = library.prompt_value.clone();

        let own = stage.customize(1, "clustering", "Group {keywords}.").await;
        assert!(own.changed);
        let answered = own.effective_prompt.unwrap();
        assert_eq!(answered.prompt_value, "Group {keywords}.");
        let held = stage.effective(1, "clustering").await;
        assert_eq!(held.source(), PromptSource::AccountCustom);
        assert_eq!(held.prompt_value, "Group {keywords}.");
        assert_eq!(held.default_prompt, original);
        assert!(held.customized && held.based_on_version == 1);
        assert_eq!(held.upstream_state(), UpstreamState::CustomCurrent);
        assert_eq!(held.variables, library.variables, "they are inherited");
        assert_eq!(
            (&held.etag, held.revision),
            (&answered.etag, own.revision),
            "the write answers with what is then read"
        );

        // The library moves on; an edit changes the text, never what it is based on.
        stage
            .publish("clustering", "Version 2 of {keywords}.")
            .await;
        let again = stage.customize(1, "clustering", "Sort {keywords}.").await;
        let again = again.effective_prompt.unwrap();
        assert_eq!((again.based_on_version, again.behind_by), (1, 1));
        let held = stage.effective(1, "clustering").await;
        assert_eq!(held.default_prompt, original);
        // The same text again is no change.
        let same = stage.customize(1, "clustering", "Sort {keywords}.").await;
        assert!(!same.changed);
        assert_eq!(same.revision, held.revision);

        let back = stage.reset(1, "clustering", ResetTarget::Unspecified).await;
        assert!(back.changed);
        let back = back.effective_prompt.unwrap();
        assert_eq!(back.source(), PromptSource::AccountDefault);
        assert_eq!((&back.prompt_value, back.customized), (&original, false));
        assert_eq!((back.based_on_version, back.behind_by), (1, 1));
        // Typing the default's text is the same as a reset.
        stage.customize(1, "clustering", "Other {keywords}.").await;
        let typed = stage.customize(1, "clustering", &original).await;
        let typed = typed.effective_prompt.unwrap();
        assert!(!typed.customized);
        assert_eq!(typed.etag, back.etag);
    })
    .await;
}

/// Document 3, part 6.1: the lines about prompts.
#[tokio::test]
async fn the_verification_list() {
    on_both(async |stage| {
        // Global prompts accessible to all accounts, of every plan and before they are registered.
        let plans = [Plan::Free, Plan::Starter, Plan::Growth, Plan::Scale];
        for (id, plan) in (1..).zip(plans) {
            stage.push(id, plan, 1).await;
        }
        for prompt_type in [
            "clustering",
            "ideas",
            "content_generation",
            "image_prompt_extraction",
            "image_prompt_template",
            "negative_prompt",
            "site_structure_generation",
            "product_generation",
            "service_generation",
            "taxonomy_generation",
        ] {
            let mut hashes = std::collections::BTreeSet::new();
            for id in 1..=5 {
                let held = stage.effective(id, prompt_type).await;
                assert_eq!(held.source(), PromptSource::Global, "{prompt_type}");
                assert_eq!(held.account_known, id < 5);
                assert!(!held.prompt_value.trim().is_empty());
                hashes.insert(held.prompt_hash);
            }
            assert_eq!(hashes.len(), 1, "{prompt_type}");
        }
        // Account can customize prompts; account can reset prompts to global default.
        for id in 2..=4 {
            let text = format!("Ideas of {id}: {{clusters}}");
            stage.customize(id, "ideas", &text).await;
            assert_eq!(stage.effective(id, "ideas").await.prompt_value, text);
            let back = stage.reset(id, "ideas", ResetTarget::AccountDefault).await;
            let library = stage.effective(1, "ideas").await.prompt_value;
            assert_eq!(back.effective_prompt.unwrap().prompt_value, library);
        }
        // One account's text is nobody else's.
        stage.customize(2, "ideas", "Mine.").await;
        for id in [1, 3, 4, 5] {
            assert_ne!(stage.effective(id, "ideas").await.prompt_value, "Mine.");
        }
    })
    .await;
}

/// A text that was never stored is answered too.
#[tokio::test]
async fn a_trial_answers_as_the_write_would() {
    on_both(async |stage| {
        stage.push(1, Plan::Growth, 1).await;
        let before = stage.effective(1, "ideas").await;
        let trial = v1::CustomizePromptRequest {
            validate_only: true,
            ..customize(1, "ideas", "never stored")
        };
        let tried = stage.backend.prompts.customize_prompt(trial).await;
        let tried = tried.unwrap().into_inner();
        assert!(tried.changed);
        let prompt = tried.effective_prompt.unwrap();
        assert_eq!(prompt.prompt_value, "never stored");
        assert!(prompt.customized);
        assert_eq!(stage.effective(1, "ideas").await, before);
    })
    .await;
}

#[tokio::test]
async fn what_is_not_there_is_refused() {
    on_both(async |stage| {
        stage.push(1, Plan::Growth, 1).await;
        let prompts = &mut stage.backend.prompts;
        let none = why(Code::NotFound, "PROMPT_NOT_FOUND");
        let asked = prompts.get_effective_prompt(effective(1, "haiku")).await;
        assert_eq!(refused(asked), none);
        let custom = prompts.customize_prompt(customize(1, "haiku", "x")).await;
        assert_eq!(refused(custom), none);
        let target = ResetTarget::FollowGlobal;
        let back = prompts.reset_prompt(reset(1, "haiku", target)).await;
        assert_eq!(refused(back), none);
        let invalid = why(Code::InvalidArgument, "FIELD_INVALID");
        for name in ["", "Clustering", "a b", "_a", "a__b", &"a".repeat(64)] {
            let asked = prompts.get_effective_prompt(effective(1, name)).await;
            assert_eq!(refused(asked), invalid, "{name}");
        }
        for id in [0, -1] {
            let custom = prompts.customize_prompt(customize(id, "ideas", "x")).await;
            assert_eq!(refused(custom), invalid);
        }

        // An inactive prompt is answered to nobody who follows the library, and nothing new can
        // be based on it; what accounts have goes on.
        stage.push(2, Plan::Scale, 1).await;
        stage.customize(2, "ideas", "Mine.").await;
        stage.switch("ideas", false).await;
        let prompts = &mut stage.backend.prompts;
        let asked = prompts.get_effective_prompt(effective(1, "ideas")).await;
        assert_eq!(refused(asked), none);
        let inactive = why(Code::FailedPrecondition, "PROMPT_INACTIVE");
        for id in [1, 2] {
            let custom = prompts.customize_prompt(customize(id, "ideas", "x")).await;
            assert_eq!(refused(custom), inactive);
        }
        let now = reset(2, "ideas", ResetTarget::CurrentGlobal);
        assert_eq!(refused(prompts.reset_prompt(now).await), inactive);
        let held = stage.effective(2, "ideas").await;
        assert_eq!(held.prompt_value, "Mine.");
        assert_eq!(held.upstream_state(), UpstreamState::UpstreamRetired);
        let back = stage.reset(2, "ideas", ResetTarget::AccountDefault).await;
        let back = back.effective_prompt.unwrap();
        assert_eq!(back.source(), PromptSource::AccountDefault);
        // Without the row nothing holds: the reset is done, and has no prompt to show.
        let gone = stage.reset(2, "ideas", ResetTarget::FollowGlobal).await;
        assert!(gone.changed && gone.effective_prompt.is_none());
        stage.switch("ideas", true).await;
        let held = stage.effective(2, "ideas").await;
        assert_eq!(held.source(), PromptSource::Global);
    })
    .await;
}
