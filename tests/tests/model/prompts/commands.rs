//! Random commands on prompts, and the comparison of what holds.

use std::collections::BTreeMap;

use aiconfig_proto::v1;
use rand::RngExt as _;

use super::{Held, TEXTS, TYPES};
use crate::generator::{ACCOUNTS, Generator};
use crate::{Run, compare};

const TARGETS: [&str; 3] = ["ACCOUNT_DEFAULT", "CURRENT_GLOBAL", "FOLLOW_GLOBAL"];

fn held(prompt: &v1::EffectivePrompt) -> Held {
    let source = match prompt.source() {
        v1::PromptSource::AccountCustom => "ACCOUNT_CUSTOM",
        v1::PromptSource::AccountDefault => "ACCOUNT_DEFAULT",
        v1::PromptSource::Global => "GLOBAL",
        v1::PromptSource::Unspecified => "",
    };
    let state = match prompt.upstream_state() {
        v1::UpstreamState::Following => "FOLLOWING",
        v1::UpstreamState::CustomCurrent => "CUSTOM_CURRENT",
        v1::UpstreamState::CustomBehind => "CUSTOM_BEHIND",
        v1::UpstreamState::UpstreamRetired => "UPSTREAM_RETIRED",
        v1::UpstreamState::Unspecified => "",
    };
    Held {
        text: prompt.prompt_value.clone(),
        source,
        customized: prompt.customized,
        based: prompt.based_on_version,
        version: prompt.global_version,
        state,
        behind: prompt.behind_by,
        dormant: prompt.dormant_override,
        known: prompt.account_known,
    }
}

impl Run {
    pub(crate) async fn prompt_command(&mut self, generator: &mut Generator) {
        let id = generator.id();
        let name = generator.pick(&TYPES[..2]);
        let name = if generator.chance(1) { TYPES[2] } else { name };
        let text = generator.pick(&TEXTS);
        match generator.random.random_range(0..16) {
            0..7 => self.customize(id, name, text).await,
            7..9 => {
                let target = generator.pick(&TARGETS);
                self.reset_prompt(id, name, target).await;
            }
            9 => self.keep(id, name).await,
            10..12 => {
                let ours = generator.chance(5);
                self.merge(id, name, ours).await;
            }
            _ => self.library(generator, name, text).await,
        }
    }

    async fn customize(&mut self, id: i64, name: &str, text: &str) {
        self.note(format!("customize {id} {name} {text:?}"));
        let request = v1::CustomizePromptRequest {
            account_id: id,
            prompt_type: name.to_owned(),
            prompt_value: text.to_owned(),
            ..Default::default()
        };
        let service = self.backend.prompts.customize_prompt(request).await;
        let plain = self.world.customize(id, name, text);
        self.outcome("a customisation", &service, &plain);
    }

    async fn reset_prompt(&mut self, id: i64, name: &str, target: &str) {
        self.note(format!("reset prompt {id} {name} {target}"));
        let number = v1::ResetTarget::from_str_name(&format!("RESET_TARGET_{target}")).unwrap();
        let request = v1::ResetPromptRequest {
            account_id: id,
            prompt_type: name.to_owned(),
            target: number.into(),
            ..Default::default()
        };
        let service = self.backend.prompts.reset_prompt(request).await;
        let plain = self.world.reset_prompt(id, name, target);
        self.outcome("a reset of a prompt", &service, &plain);
    }

    async fn keep(&mut self, id: i64, name: &str) {
        self.note(format!("keep {id} {name}"));
        let request = v1::AcknowledgePromptUpstreamRequest {
            account_id: id,
            prompt_type: name.to_owned(),
            ..Default::default()
        };
        let service = self
            .backend
            .prompts
            .acknowledge_prompt_upstream(request)
            .await;
        let plain = self.world.keep(id, name);
        self.outcome("an acknowledgement", &service, &plain);
    }

    /// Previews, resolves every conflict alike, and applies.
    async fn merge(&mut self, id: i64, name: &str, ours: bool) {
        self.note(format!("merge {id} {name} ours={ours}"));
        let request = v1::PreviewPromptMergeRequest {
            account_id: id,
            prompt_type: name.to_owned(),
            ..Default::default()
        };
        let preview = self.backend.prompts.preview_prompt_merge(request).await;
        let conflicts = preview.map_or(0, |preview| preview.get_ref().conflicts.len());
        let choice = if ours {
            v1::ConflictChoice::Ours
        } else {
            v1::ConflictChoice::Theirs
        };
        let resolution = v1::ConflictResolution {
            choice: choice.into(),
            text: String::new(),
        };
        let request = v1::ApplyPromptMergeRequest {
            account_id: id,
            prompt_type: name.to_owned(),
            resolutions: vec![resolution; conflicts],
            ..Default::default()
        };
        let service = self.backend.prompts.apply_prompt_merge(request).await;
        let plain = self.world.merge(id, name, ours);
        self.outcome("a merge", &service, &plain);
    }

    async fn library(&mut self, generator: &mut Generator, name: &str, text: &str) {
        let prompts = &mut self.admin.global_prompts;
        let (what, prompt_type) = (generator.random.random_range(0..12), name.to_owned());
        let active = generator.chance(7);
        let version = generator.random.random_range(0..6_u32);
        let line = format!("library {what} {name} {text:?} active={active} version={version}");
        let prompt = Some(v1::GlobalPrompt {
            prompt_type: prompt_type.clone(),
            prompt_value: text.to_owned(),
            ..Default::default()
        });
        let (service, plain) = match what {
            0 | 1 if name != TYPES[2] => {
                let request = v1::CreateGlobalPromptRequest {
                    global_prompt: prompt,
                    ..Default::default()
                };
                let done = prompts.create_global_prompt(request).await;
                (done.map(drop), self.world.create_prompt(name, text))
            }
            2 => {
                let request = v1::RestoreGlobalPromptVersionRequest {
                    prompt_type,
                    version,
                    ..Default::default()
                };
                let done = prompts.restore_global_prompt_version(request).await;
                let version = usize::try_from(version).unwrap();
                (done.map(drop), self.world.restore(name, version))
            }
            3 | 4 => {
                let request = v1::GlobalPromptServiceBatchSetActiveRequest {
                    prompt_types: vec![prompt_type],
                    active,
                    ..Default::default()
                };
                let done = prompts.batch_set_active(request).await;
                (done.map(drop), self.world.activate(name, active))
            }
            5 => {
                let request = v1::BatchIncrementVersionRequest {
                    prompt_types: vec![prompt_type],
                    ..Default::default()
                };
                let done = prompts.batch_increment_version(request).await;
                (done.map(drop), self.world.increment(name))
            }
            6 if generator.chance(3) => {
                let request = v1::DeleteGlobalPromptRequest {
                    prompt_type,
                    ..Default::default()
                };
                let done = prompts.delete_global_prompt(request).await;
                (done.map(drop), self.world.delete_prompt(name))
            }
            _ => {
                let request = v1::UpdateGlobalPromptRequest {
                    global_prompt: prompt,
                    ..Default::default()
                };
                let done = prompts.update_global_prompt(request).await;
                (done.map(drop), self.world.publish(name, text))
            }
        };
        self.note(line);
        self.outcome("a change of the library", &service, &plain);
    }

    /// What holds for a job and in the account's list.
    pub(crate) async fn compare_prompts(&mut self, id: i64) {
        for name in TYPES {
            let request = v1::GetEffectivePromptRequest {
                account_id: id,
                prompt_type: name.to_owned(),
                ..Default::default()
            };
            let service = self.backend.prompts.get_effective_prompt(request).await;
            let service = service.map(|found| held(&found.into_inner().effective_prompt.unwrap()));
            let service = service.map_err(|status| compare::refusal(&status));
            let plain = self.world.held(id, name, false);
            if service != plain {
                self.differ(&format!("prompt {name} of account {id}"), &service, &plain);
            }
        }
        let request = v1::ListAccountPromptsRequest {
            account_id: id,
            include_prompt_values: true,
            page_size: 1_000,
            ..Default::default()
        };
        let service = self.backend.prompts.list_account_prompts(request).await;
        let service = service
            .map_err(|status| compare::refusal(&status))
            .map(|found| {
                let prompts = found.into_inner().effective_prompts.into_iter();
                let ours = prompts.filter(|prompt| TYPES.contains(&prompt.prompt_type.as_str()));
                ours.map(|prompt| (prompt.prompt_type.clone(), held(&prompt)))
                    .collect::<BTreeMap<String, Held>>()
            });
        let plain = self.world.registered(id).map(|_| {
            let all = TYPES.iter().filter_map(|name| {
                Some(((*name).to_owned(), self.world.held(id, name, true).ok()?))
            });
            all.collect()
        });
        if service != plain {
            self.differ(&format!("the prompts of account {id}"), &service, &plain);
        }
    }

    pub(crate) async fn compare_all_prompts(&mut self) {
        for id in 1..=ACCOUNTS + 1 {
            self.compare_prompts(id).await;
        }
    }
}
