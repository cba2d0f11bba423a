//! Prompts that are in use, and deleted ones that come back.

use aiconfig_proto::v1::{self, Plan, PromptSource, UpstreamState};
use aiconfig_tests::new_text;
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
        stage.create("poem", "Library").await;
        let function = v1::Function {
            name: "write_poem".to_owned(),
            modality: v1::Modality::Text.into(),
            prompt_types: vec!["poem".to_owned()],
            ..Default::default()
        };
        let create = v1::CreateFunctionRequest {
            function: Some(function),
            ..Default::default()
        };
        stage.admin.catalog.create_function(create).await.unwrap();
        let library = &mut stage.admin.global_prompts;
        for (prompt_type, function) in [("poem", "write_poem"), ("clustering", "auto_cluster")] {
            let refusal = library.delete_global_prompt(remove(prompt_type)).await;
            let status = refusal.unwrap_err();
            assert_eq!(
                (status.code(), aiconfig_tests::reason(&status).as_str()),
                (Code::FailedPrecondition, "RESOURCE_IN_USE")
            );
            assert!(status.message().contains(function), "{status:?}");
            let details = status.get_error_details();
            let uses = &details.error_info().unwrap().metadata;
            assert!(
                uses.values().any(|told| told.contains(function)),
                "{uses:?}"
            );
            library.get_global_prompt(of(prompt_type)).await.unwrap();
        }
        // Once nothing names it, it goes.
        let delete = v1::DeleteFunctionRequest {
            name: "write_poem".to_owned(),
            ..Default::default()
        };
        stage.admin.catalog.delete_function(delete).await.unwrap();
        let library = &mut stage.admin.global_prompts;
        library.delete_global_prompt(remove("poem")).await.unwrap();
        let gone = library.get_global_prompt(of("poem")).await;
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
