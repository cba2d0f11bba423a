//! Prompts that are in use, and deleted ones that come back.

use aiconfig_proto::v1::{self, Plan, PromptSource, UpstreamState};
use aiconfig_tests::new_text;
use prost_types::FieldMask;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::library::{diff, restore, versions};
use crate::{on_both, refused, why};

fn of(prompt_type: &str) -> v1::GetGlobalPromptRequest {
    v1::GetGlobalPromptRequest {
        prompt_type: prompt_type.to_owned(),
        ..Default::default()
    }
}

fn remove(prompt_type: &str) -> v1::DeleteGlobalPromptRequest {
    v1::DeleteGlobalPromptRequest {
        prompt_type: prompt_type.to_owned(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_prompt_in_use_stays_and_tells_by_whom() {
    on_both(async |stage| {
        let library = &mut stage.admin.global_prompts;
        let refusal = library.delete_global_prompt(remove("clustering")).await;
        let status = refusal.unwrap_err();
        assert_eq!(
            (status.code(), aiconfig_tests::reason(&status).as_str()),
            (Code::FailedPrecondition, "RESOURCE_IN_USE")
        );
        assert!(status.message().contains("auto_cluster"), "{status:?}");
        let details = status.get_error_details();
        let uses = &details.error_info().unwrap().metadata;
        assert!(
            uses.values().any(|told| told.contains("auto_cluster")),
            "{uses:?}"
        );
        library.get_global_prompt(of("clustering")).await.unwrap();
        // Once nothing names it, it goes.
        let function = v1::Function {
            name: "auto_cluster".to_owned(),
            ..Default::default()
        };
        let free = v1::UpdateFunctionRequest {
            function: Some(function),
            update_mask: Some(FieldMask {
                paths: vec!["prompt_types".to_owned()],
            }),
            ..Default::default()
        };
        stage.admin.catalog.update_function(free).await.unwrap();
        let library = &mut stage.admin.global_prompts;
        library
            .delete_global_prompt(remove("clustering"))
            .await
            .unwrap();
        let gone = library.get_global_prompt(of("clustering")).await;
        assert_eq!(refused(gone), why(Code::NotFound, "PROMPT_NOT_FOUND"));
    })
    .await;
}

#[tokio::test]
async fn a_deleted_prompt_keeps_its_versions_and_comes_back() {
    on_both(async |stage| {
        stage.create("poem", "first").await;
        stage.push(1, Plan::Growth, 1).await;
        stage.push(2, Plan::Growth, 1).await;
        stage.customize(1, "poem", "Own").await;
        stage.publish("poem", "second").await;
        let library = &mut stage.admin.global_prompts;
        library.delete_global_prompt(remove("poem")).await.unwrap();
        let gone = why(Code::NotFound, "PROMPT_NOT_FOUND");
        assert_eq!(
            refused(library.delete_global_prompt(remove("poem")).await),
            gone
        );
        assert_eq!(
            refused(library.update_global_prompt(new_text("poem", "x")).await),
            gone
        );
        assert_eq!(versions(stage).await.len(), 2);
        let library = &mut stage.admin.global_prompts;
        library
            .diff_global_prompt_versions(diff(1, 2))
            .await
            .unwrap();
        // What an account made of it goes on; whoever followed it has none.
        let held = stage.effective(1, "poem").await;
        assert_eq!(
            (held.source(), held.global_version),
            (PromptSource::AccountCustom, 0)
        );
        assert_eq!(held.upstream_state(), UpstreamState::UpstreamRetired);
        let asked = aiconfig_tests::effective(2, "poem");
        let asked = stage.backend.prompts.get_effective_prompt(asked).await;
        assert_eq!(refused(asked), gone);

        let back = stage.create("poem", "third").await;
        assert_eq!(back.version, 3, "numbers go on");
        let held = stage.effective(1, "poem").await;
        assert_eq!((held.prompt_value.as_str(), held.behind_by), ("Own", 2));
        assert_eq!(stage.effective(2, "poem").await.prompt_value, "third");
        let library = &mut stage.admin.global_prompts;
        let restored = library.restore_global_prompt_version(restore(1, "")).await;
        assert_eq!(
            restored
                .unwrap()
                .into_inner()
                .global_prompt
                .unwrap()
                .version,
            4
        );
    })
    .await;
}
