//! Three-way merges: clean ones, conflicts with each kind of resolution, and never half of one.

use aiconfig_proto::v1::{self, ConflictChoice, Plan};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::{Stage, digest, on_both, refused, violations, why};

const BASE: &str = "intro\nrule one\nmiddle\nrule two\nend\n";
const OURS: &str = "intro\nour rule\nmiddle\nrule two\nend\nour note\n";
const THEIRS: &str = "intro\nrule one\nmiddle\ntheir rule\nend\n";
/// Meets OURS in the second line.
const CLASH: &str = "their intro\ntheir first\nmiddle\ntheir rule\nend\n";

fn preview() -> v1::PreviewPromptMergeRequest {
    v1::PreviewPromptMergeRequest {
        account_id: 1,
        prompt_type: "poem".to_owned(),
        ..Default::default()
    }
}

fn apply(resolutions: &[(ConflictChoice, &str)]) -> v1::ApplyPromptMergeRequest {
    let resolution = |(choice, text): &(ConflictChoice, &str)| v1::ConflictResolution {
        choice: (*choice).into(),
        text: (*text).to_owned(),
    };
    v1::ApplyPromptMergeRequest {
        account_id: 1,
        prompt_type: "poem".to_owned(),
        resolutions: resolutions.iter().map(resolution).collect(),
        ..Default::default()
    }
}

async fn previewed(stage: &mut Stage) -> v1::PreviewPromptMergeResponse {
    let answer = stage.backend.prompts.preview_prompt_merge(preview()).await;
    answer.unwrap().into_inner()
}

/// The account's row on version 1 with its own text, and the library at another one.
async fn begin(stage: &mut Stage, library: &str) {
    stage.create("poem", BASE).await;
    stage.push(1, Plan::Growth, 1).await;
    stage.customize(1, "poem", OURS).await;
    stage.publish("poem", library).await;
}

#[tokio::test]
async fn changes_in_different_places_merge() {
    on_both(async |stage| {
        begin(stage, THEIRS).await;
        let merged = "intro\nour rule\nmiddle\ntheir rule\nend\nour note\n";
        let shown = previewed(stage).await;
        assert_eq!(shown.merged_prompt, merged);
        assert!(shown.conflicts.is_empty());
        assert_eq!((shown.base_version, shown.global_version), (1, 2));
        let before = digest(&mut stage.admin, 0).await;
        let try_out = v1::ApplyPromptMergeRequest {
            validate_only: true,
            ..apply(&[])
        };
        let tried = stage.backend.prompts.apply_prompt_merge(try_out).await;
        let tried = tried.unwrap().into_inner().effective_prompt.unwrap();
        assert_eq!(tried.prompt_value, merged);
        assert_eq!(digest(&mut stage.admin, 0).await, before);

        let with_etag = v1::ApplyPromptMergeRequest {
            expected_etag: shown.etag.clone(),
            ..apply(&[])
        };
        let done = stage.backend.prompts.apply_prompt_merge(with_etag.clone());
        let done = done.await.unwrap().into_inner();
        assert!(done.changed);
        let held = stage.effective(1, "poem").await;
        assert_eq!(held.prompt_value, merged);
        assert_eq!(done.effective_prompt.unwrap().prompt_value, merged);
        assert_eq!(held.default_prompt, THEIRS);
        assert_eq!((held.based_on_version, held.behind_by), (2, 0));
        let again = stage.backend.prompts.apply_prompt_merge(with_etag).await;
        assert_eq!(refused(again), why(Code::Aborted, "ETAG_MISMATCH"));
        let nothing = stage.backend.prompts.apply_prompt_merge(apply(&[])).await;
        assert!(!nothing.unwrap().get_ref().changed);
    })
    .await;
}

#[tokio::test]
async fn conflicts_are_hunks_and_want_a_resolution_each() {
    on_both(async |stage| {
        begin(stage, CLASH).await;
        let shown = previewed(stage).await;
        assert_eq!(shown.merged_prompt, "");
        let [conflict] = shown.conflicts.as_slice() else {
            panic!("{shown:?}");
        };
        let side = |side: &Option<v1::MergeSide>| {
            let side = side.clone().unwrap();
            (side.first_line, side.text)
        };
        assert_eq!(side(&conflict.base), (1, "intro\nrule one\n".to_owned()));
        assert_eq!(side(&conflict.ours), (1, "intro\nour rule\n".to_owned()));
        let theirs = "their intro\ntheir first\n".to_owned();
        assert_eq!(side(&conflict.theirs), (1, theirs));

        let before = stage.effective(1, "poem").await;
        let prompts = &mut stage.backend.prompts;
        let open = prompts.apply_prompt_merge(apply(&[])).await;
        assert_eq!(
            refused(open),
            why(Code::FailedPrecondition, "MERGE_CONFLICT")
        );
        let invalid = why(Code::InvalidArgument, "FIELD_INVALID");
        for wrong in [
            &[(ConflictChoice::Ours, ""), (ConflictChoice::Ours, "")][..],
            &[(ConflictChoice::Unspecified, "")],
            &[(ConflictChoice::Ours, "text")],
            &[(ConflictChoice::Text, "no line end")],
            &[(ConflictChoice::Text, "a NUL \0\n")],
        ] {
            let answer = prompts.apply_prompt_merge(apply(wrong)).await;
            assert_eq!(refused(answer), invalid, "{wrong:?}");
        }
        let answer = prompts.apply_prompt_merge(apply(&[(ConflictChoice::Unspecified, "x")]));
        let fields: Vec<String> = violations(answer.await).into_iter().map(|v| v.0).collect();
        assert_eq!(fields, ["resolutions[0].text", "resolutions[0].choice"]);
        assert_eq!(stage.effective(1, "poem").await, before, "never half");
    })
    .await;
}

#[tokio::test]
async fn each_resolution_puts_its_lines_there() {
    on_both(async |stage| {
        begin(stage, CLASH).await;
        let rest = "middle\ntheir rule\nend\nour note\n";
        for (choice, text, first) in [
            (ConflictChoice::Ours, "", "intro\nour rule\n"),
            (ConflictChoice::Theirs, "", "their intro\ntheir first\n"),
            (ConflictChoice::Base, "", "intro\nrule one\n"),
            (ConflictChoice::Text, "both\r\n", "both\r\n"),
            (ConflictChoice::Text, "", ""),
        ] {
            let try_out = v1::ApplyPromptMergeRequest {
                validate_only: true,
                ..apply(&[(choice, text)])
            };
            let tried = stage.backend.prompts.apply_prompt_merge(try_out).await;
            let tried = tried.unwrap().into_inner().effective_prompt.unwrap();
            assert_eq!(tried.prompt_value, format!("{first}{rest}"), "{choice:?}");
        }
        let done = apply(&[(ConflictChoice::Text, "both {x}\n")]);
        let strict = v1::ApplyPromptMergeRequest {
            strict: true,
            ..done.clone()
        };
        let doubtful = stage.backend.prompts.apply_prompt_merge(strict).await;
        assert_eq!(
            refused(doubtful),
            why(Code::InvalidArgument, "FIELD_INVALID")
        );
        let done = stage
            .backend
            .prompts
            .apply_prompt_merge(done)
            .await
            .unwrap();
        assert_eq!(done.get_ref().warnings.len(), 1);
        let held = stage.effective(1, "poem").await;
        assert_eq!(held.prompt_value, format!("both {{x}}\n{rest}"));
        assert_eq!((held.default_prompt.as_str(), held.behind_by), (CLASH, 0));
        assert!(held.customized);
    })
    .await;
}

/// Taking the library's side everywhere leaves a row that is not customised.
#[tokio::test]
async fn theirs_alone_is_the_library_again() {
    on_both(async |stage| {
        stage.create("poem", "one\n").await;
        stage.push(1, Plan::Growth, 1).await;
        stage.customize(1, "poem", "our\n").await;
        stage.publish("poem", "their\n").await;
        let all = apply(&[(ConflictChoice::Theirs, "")]);
        stage.backend.prompts.apply_prompt_merge(all).await.unwrap();
        let held = stage.effective(1, "poem").await;
        assert_eq!(
            (held.prompt_value.as_str(), held.customized),
            ("their\n", false)
        );
    })
    .await;
}

/// Resolutions are for the conflicts of a preview. Once the library has another text, they are
/// refused, as many of them as there are conflicts then.
#[tokio::test]
async fn resolutions_are_for_the_library_that_was_previewed() {
    on_both(async |stage| {
        begin(stage, CLASH).await;
        let shown = previewed(stage).await;
        let resolved = v1::ApplyPromptMergeRequest {
            expected_etag: shown.etag,
            expected_global_version: shown.global_version,
            ..apply(&[(ConflictChoice::Theirs, "")])
        };
        let newer = stage.publish("poem", "one\nline\n").await;
        let before = stage.effective(1, "poem").await;
        let prompts = &mut stage.backend.prompts;
        let late = prompts.apply_prompt_merge(resolved.clone()).await;
        let late = late.unwrap_err();
        let details = late.get_error_details();
        let told = &details.error_info().unwrap().metadata;
        assert_eq!(aiconfig_tests::reason(&late), "ETAG_MISMATCH");
        assert_eq!(late.code(), Code::Aborted);
        assert_eq!(told["resource"], "globalPrompts/poem");
        assert_eq!(told["etag"], newer.etag);
        assert_eq!(stage.effective(1, "poem").await, before);
        let unknown = v1::ApplyPromptMergeRequest {
            expected_global_version: 99,
            ..resolved.clone()
        };
        let unknown = stage.backend.prompts.apply_prompt_merge(unknown).await;
        assert_eq!(refused(unknown), why(Code::Aborted, "ETAG_MISMATCH"));
        // A version of the same text changes nothing about the conflicts.
        stage.publish("poem", CLASH).await;
        let same = v1::BatchIncrementVersionRequest {
            prompt_types: vec!["poem".to_owned()],
            ..Default::default()
        };
        let library = &mut stage.admin.global_prompts;
        library.batch_increment_version(same).await.unwrap();
        let prompts = &mut stage.backend.prompts;
        prompts.apply_prompt_merge(resolved).await.unwrap();
        let held = stage.effective(1, "poem").await;
        let merged = "their intro\ntheir first\nmiddle\ntheir rule\nend\nour note\n";
        assert_eq!(held.prompt_value, merged);
        assert_eq!((held.based_on_version, held.behind_by), (5, 0));
    })
    .await;
}
