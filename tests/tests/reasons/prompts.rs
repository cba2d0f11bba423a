//! Prompts of the library and of accounts; account 2 is one on GROWTH by now.

use aiconfig_proto::v1;
use aiconfig_tests::{customize, effective, new_prompt, new_text};
use tonic::Code;

use crate::{Seen, Stage};

const TYPE: &str = "haiku";

fn merge() -> v1::ApplyPromptMergeRequest {
    v1::ApplyPromptMergeRequest {
        account_id: 2,
        prompt_type: TYPE.to_owned(),
        ..Default::default()
    }
}

fn switch(active: bool) -> v1::GlobalPromptServiceBatchSetActiveRequest {
    v1::GlobalPromptServiceBatchSetActiveRequest {
        prompt_types: vec![TYPE.to_owned()],
        active,
        ..Default::default()
    }
}

pub(crate) async fn reach(stage: &mut Stage, seen: &mut Seen) {
    let (library, prompts) = (&mut stage.admin.global_prompts, &mut stage.backend.prompts);
    let unknown = prompts.get_effective_prompt(effective(2, TYPE)).await;
    seen.refused(unknown, (Code::NotFound, "PROMPT_NOT_FOUND"));
    let first = new_prompt(TYPE, "five\nseven\nfive\n", &[]);
    library.create_global_prompt(first).await.unwrap();
    let version = v1::RestoreGlobalPromptVersionRequest {
        prompt_type: TYPE.to_owned(),
        version: 9,
        ..Default::default()
    };
    let version = library.restore_global_prompt_version(version).await;
    seen.refused(version, (Code::NotFound, "PROMPT_VERSION_NOT_FOUND"));
    library.batch_set_active(switch(false)).await.unwrap();
    let text = "five\nnine\nfive\n";
    let inactive = prompts.customize_prompt(customize(2, TYPE, text)).await;
    seen.refused(inactive, (Code::FailedPrecondition, "PROMPT_INACTIVE"));
    library.batch_set_active(switch(true)).await.unwrap();
    let nothing = prompts.apply_prompt_merge(merge()).await;
    seen.refused(nothing, (Code::FailedPrecondition, "PROMPT_NOT_CUSTOMIZED"));
    let own = prompts.customize_prompt(customize(2, TYPE, text)).await;
    assert!(own.unwrap().get_ref().changed);
    let newer = new_text(TYPE, "five\neight\nfive\n");
    library.update_global_prompt(newer).await.unwrap();
    let conflict = prompts.apply_prompt_merge(merge()).await;
    seen.refused(conflict, (Code::FailedPrecondition, "MERGE_CONFLICT"));
}
