//! The library: versions, diffs, restores and masks.

use aiconfig_proto::v1::{self, LineChange};
use aiconfig_tests::{new_prompt, new_text};
use prost_types::FieldMask;
use tonic::Code;

use crate::{Stage, digest, on_both, refused, violations, why};

pub(crate) fn diff(from_version: u32, to_version: u32) -> v1::DiffGlobalPromptVersionsRequest {
    v1::DiffGlobalPromptVersionsRequest {
        prompt_type: "poem".to_owned(),
        from_version,
        to_version,
        ..Default::default()
    }
}

pub(crate) fn restore(version: u32, note: &str) -> v1::RestoreGlobalPromptVersionRequest {
    v1::RestoreGlobalPromptVersionRequest {
        prompt_type: "poem".to_owned(),
        version,
        note: note.to_owned(),
        ..Default::default()
    }
}

pub(crate) async fn versions(stage: &mut Stage) -> Vec<(u32, String, String)> {
    let request = v1::ListGlobalPromptVersionsRequest {
        prompt_type: "poem".to_owned(),
        include_prompt_values: true,
        order_by: "version".to_owned(),
        ..Default::default()
    };
    let library = &mut stage.admin.global_prompts;
    let answer = library.list_global_prompt_versions(request).await.unwrap();
    let found = answer.into_inner().global_prompt_versions;
    assert!(
        found
            .iter()
            .all(|one| one.create_time.is_some() && one.revision > 0)
    );
    let found = found.into_iter();
    found
        .map(|one| (one.version, one.prompt_value, one.note))
        .collect()
}

#[tokio::test]
async fn every_text_is_a_version_with_its_note() {
    on_both(async |stage| {
        let first = stage.create("poem", "one\ntwo {a}\nthree\n").await;
        assert_eq!((first.version, first.active), (1, Some(true)));
        let again = new_prompt("poem", "x", &[]);
        let again = stage.admin.global_prompts.create_global_prompt(again).await;
        assert_eq!(refused(again), why(Code::AlreadyExists, "ALREADY_EXISTS"));
        let second = v1::UpdateGlobalPromptRequest {
            note: "a second".to_owned(),
            ..new_text("poem", "one\n2 {a}\nthree\n")
        };
        let library = &mut stage.admin.global_prompts;
        let answer = library.update_global_prompt(second.clone()).await.unwrap();
        let answer = answer.into_inner();
        assert!(answer.changed);
        assert_eq!(answer.warnings.len(), 1, "{:?}", answer.warnings);
        assert_eq!(answer.global_prompt.unwrap().version, 2);
        let same = library.update_global_prompt(second).await.unwrap();
        assert!(!same.get_ref().changed, "the same text is no version");
        // Variables are a version, description and activity are none.
        let variables = vec![v1::Variable {
            name: "a".to_owned(),
            ..Default::default()
        }];
        let declared = v1::UpdateGlobalPromptRequest {
            global_prompt: Some(v1::GlobalPrompt {
                prompt_type: "poem".to_owned(),
                description: "Of poems.".to_owned(),
                variables,
                ..Default::default()
            }),
            note: "declared".to_owned(),
            ..Default::default()
        };
        let answer = library.update_global_prompt(declared).await.unwrap();
        assert!(answer.get_ref().warnings.is_empty());
        let described = v1::UpdateGlobalPromptRequest {
            global_prompt: Some(v1::GlobalPrompt {
                prompt_type: "poem".to_owned(),
                ..Default::default()
            }),
            update_mask: Some(FieldMask {
                paths: vec!["description".to_owned()],
            }),
            ..Default::default()
        };
        let answer = library.update_global_prompt(described).await.unwrap();
        let prompt = answer.into_inner().global_prompt.unwrap();
        assert_eq!((prompt.version, prompt.description.as_str()), (3, ""));
        let text = |line: &str| format!("one\n{line} {{a}}\nthree\n");
        assert_eq!(
            versions(stage).await,
            [
                (1, text("two"), String::new()),
                (2, text("2"), "a second".to_owned()),
                (3, text("2"), "declared".to_owned()),
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn two_versions_are_compared_line_by_line() {
    on_both(async |stage| {
        stage.create("poem", "one\ntwo\nthree\nfour\nfive\n").await;
        stage
            .publish("poem", "one\n2\nthree\nfour\nfive\nsix")
            .await;
        let library = &mut stage.admin.global_prompts;
        let narrow = v1::DiffGlobalPromptVersionsRequest {
            context_lines: Some(0),
            ..diff(1, 2)
        };
        let found = library.diff_global_prompt_versions(narrow).await.unwrap();
        let hunks = found.into_inner().hunks;
        let lines: Vec<Vec<(LineChange, &str)>> = hunks
            .iter()
            .map(|hunk| {
                hunk.lines
                    .iter()
                    .map(|line| (line.change(), line.text.as_str()))
            })
            .map(Iterator::collect)
            .collect();
        assert_eq!(
            lines,
            [
                vec![(LineChange::Removed, "two\n"), (LineChange::Added, "2\n")],
                vec![(LineChange::Added, "six")],
            ]
        );
        assert_eq!((hunks[0].old_first_line, hunks[0].new_first_line), (2, 2));
        let wide = library.diff_global_prompt_versions(diff(1, 2)).await;
        let wide = wide.unwrap().into_inner();
        assert_eq!(wide.hunks.len(), 1);
        assert_eq!(
            wide.unified_diff,
            "--- poem@1\n+++ poem@2\n@@ -1,5 +1,6 @@\n one\n-two\n+2\n three\n four\n five\n\
             +six\n\\ No newline at end of file\n"
        );
        let none = library.diff_global_prompt_versions(diff(2, 2)).await;
        assert!(none.unwrap().get_ref().hunks.is_empty());
        let missing = library.diff_global_prompt_versions(diff(1, 9)).await;
        let no_version = why(Code::NotFound, "PROMPT_VERSION_NOT_FOUND");
        assert_eq!(refused(missing), no_version);
        let wide = v1::DiffGlobalPromptVersionsRequest {
            context_lines: Some(1_001),
            ..diff(1, 2)
        };
        let wide = library.diff_global_prompt_versions(wide).await;
        assert_eq!(violations(wide)[0].0, "context_lines");
    })
    .await;
}

#[tokio::test]
async fn an_older_version_is_restored_as_a_new_one() {
    on_both(async |stage| {
        stage.create("poem", "first").await;
        stage.publish("poem", "second").await;
        let before = digest(&mut stage.admin, 0).await;
        let library = &mut stage.admin.global_prompts;
        let try_out = v1::RestoreGlobalPromptVersionRequest {
            validate_only: true,
            ..restore(1, "")
        };
        let tried = library.restore_global_prompt_version(try_out).await;
        let tried = tried.unwrap().into_inner().global_prompt.unwrap();
        assert_eq!((tried.version, tried.prompt_value.as_str()), (3, "first"));
        assert_eq!(digest(&mut stage.admin, 0).await, before);
        let library = &mut stage.admin.global_prompts;
        let done = library.restore_global_prompt_version(restore(1, "")).await;
        let done = done.unwrap().into_inner();
        assert!(done.changed);
        assert_eq!(done.global_prompt.unwrap().version, 3);
        let now = library.restore_global_prompt_version(restore(3, "")).await;
        assert!(!now.unwrap().get_ref().changed, "it is the newest already");
        let named = library
            .restore_global_prompt_version(restore(2, "back"))
            .await;
        named.unwrap();
        let missing = library.restore_global_prompt_version(restore(9, "")).await;
        let no_version = why(Code::NotFound, "PROMPT_VERSION_NOT_FOUND");
        assert_eq!(refused(missing), no_version);
        let notes: Vec<_> = versions(stage).await;
        assert_eq!(notes[2].1, "first");
        assert_eq!(notes[2].2, "restored from version 1");
        assert_eq!(
            (notes[3].1.as_str(), notes[3].2.as_str()),
            ("second", "back")
        );
    })
    .await;
}

#[tokio::test]
async fn masks_say_what_changes() {
    on_both(async |stage| {
        stage.create("poem", "text").await;
        let library = &mut stage.admin.global_prompts;
        let with = |paths: &[&str], prompt: v1::GlobalPrompt| v1::UpdateGlobalPromptRequest {
            global_prompt: Some(v1::GlobalPrompt {
                prompt_type: "poem".to_owned(),
                ..prompt
            }),
            update_mask: Some(FieldMask {
                paths: paths.iter().map(ToString::to_string).collect(),
            }),
            ..Default::default()
        };
        let empty = v1::GlobalPrompt::default;
        let mask = why(Code::InvalidArgument, "MASK_INVALID");
        for path in ["version", "etag", "colour", "prompt_type"] {
            let answer = library.update_global_prompt(with(&[path], empty())).await;
            assert_eq!(refused(answer), mask, "{path}");
        }
        // A text cannot be cleared.
        for path in ["prompt_value", "*"] {
            let answer = library.update_global_prompt(with(&[path], empty())).await;
            assert_eq!(violations(answer)[0].0, "global_prompt.prompt_value");
        }
        let off = v1::GlobalPrompt {
            active: Some(false),
            ..empty()
        };
        let answer = library.update_global_prompt(with(&["active"], off)).await;
        let prompt = answer.unwrap().into_inner().global_prompt.unwrap();
        assert_eq!(
            (prompt.active, prompt.prompt_value.as_str()),
            (Some(false), "text")
        );
        let on = library
            .update_global_prompt(with(&["active"], empty()))
            .await;
        let prompt = on.unwrap().into_inner().global_prompt.unwrap();
        assert_eq!((prompt.active, prompt.version), (Some(true), 1));
        // Strict: each doubtful placeholder is a violation.
        let doubtful = v1::UpdateGlobalPromptRequest {
            strict: true,
            ..new_text("poem", "{one} {two}")
        };
        let told = violations(library.update_global_prompt(doubtful).await);
        assert_eq!(told.len(), 2);
        let unknown = library.update_global_prompt(new_text("sonnet", "x")).await;
        assert_eq!(refused(unknown), why(Code::NotFound, "PROMPT_NOT_FOUND"));
    })
    .await;
}
