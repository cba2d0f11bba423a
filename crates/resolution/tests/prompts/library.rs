//! A library of prompts and some accounts, through the public API alone.

use std::collections::HashMap;
use std::sync::Arc;

use aiconfig_domain::template::{Strictness, Variable};
use aiconfig_domain::{
    Account, AccountId, Command, CommandContext, CreateGlobalPrompt, CustomizePrompt, Decision,
    DeleteGlobalPrompt, FinishedMerge, MergeExpected, MergePrompt, MergeTexts, Plan, PromptRow,
    PromptText, PromptType, Record, Rejection, ResetPrompts, ResetTarget, SetPromptsActive,
    Snapshot, TextHash, Timestamp, UpdateGlobalPrompt, UpsertAccounts, decide,
};
use aiconfig_resolution::{EffectivePrompt, effective_prompt, mergeable};

/// A state with the texts that its records name.
#[derive(Clone, Default)]
pub(crate) struct Library {
    pub(crate) snapshot: Snapshot,
    pub(crate) texts: HashMap<TextHash, Arc<str>>,
    pushes: i64,
}

pub(crate) fn account(id: i64) -> AccountId {
    AccountId::new(id).unwrap()
}

pub(crate) fn kind(name: &str) -> PromptType {
    PromptType::parse(name).unwrap()
}

pub(crate) fn text(text: &str) -> PromptText {
    PromptText::new(text).unwrap()
}

/// The reason of a refusal.
pub(crate) fn reason<T: std::fmt::Debug>(outcome: Result<T, Rejection>) -> String {
    match outcome {
        Ok(_) => "ok".to_owned(),
        Err(rejection) => format!("{:?}", rejection.reason),
    }
}

impl Library {
    /// Decides a command and puts what it comes to into the state: one revision, or nothing.
    pub(crate) fn run(&mut self, command: &Command) -> Result<Decision, Rejection> {
        let context = CommandContext {
            now: Timestamp::next_log_time(Timestamp::from_micros(1), self.snapshot.log_time()),
            actor: "test".into(),
        };
        let decision = decide(&self.snapshot, command, &context)?;
        let revision = self.snapshot.revision() + 1;
        for change in &decision.changes {
            self.snapshot.apply(&Record {
                change: change.clone(),
                revision,
                time: context.now,
                actor: Arc::clone(&context.actor),
            });
        }
        for text in &decision.texts {
            self.texts.insert(text.hash(), text.shared());
        }
        Ok(decision)
    }

    pub(crate) fn push(&mut self, id: i64, plan: Plan, active: bool) {
        self.pushes += 1;
        let push = Account {
            account_id: account(id),
            plan,
            display_name: String::new(),
            active,
            source_version: self.pushes,
        };
        let command = Command::UpsertAccounts(UpsertAccounts {
            pushes: vec![Ok(push)],
            partial: false,
            expected_etag: None,
        });
        self.run(&command).unwrap();
    }

    pub(crate) fn create(&mut self, name: &str, value: &str) -> Result<Decision, Rejection> {
        let variable = Variable {
            name: "topic".to_owned(),
            ..Variable::default()
        };
        self.run(&Command::CreateGlobalPrompt(CreateGlobalPrompt {
            prompt_type: kind(name),
            description: String::new(),
            text: text(value),
            variables: vec![variable],
            active: true,
            note: String::new(),
            strictness: Strictness::Lenient,
        }))
    }

    /// A change of the library's text.
    pub(crate) fn publish(&mut self, name: &str, value: &str) -> Result<Decision, Rejection> {
        let present = self
            .snapshot
            .global_prompt(name)
            .map(|stored| stored.value.text);
        let present = present.map_or_else(|| text("-"), |hash| self.text_of(hash));
        self.run(&Command::UpdateGlobalPrompt(UpdateGlobalPrompt {
            prompt_type: kind(name),
            present,
            description: None,
            text: Some(text(value)),
            variables: None,
            active: None,
            note: String::new(),
            strictness: Strictness::Lenient,
            expected_etag: None,
        }))
    }

    pub(crate) fn activate(&mut self, name: &str, active: bool) -> Result<Decision, Rejection> {
        self.run(&Command::SetPromptsActive(SetPromptsActive {
            prompt_types: vec![Ok(kind(name))],
            active,
            partial: false,
        }))
    }

    pub(crate) fn delete(&mut self, name: &str) -> Result<Decision, Rejection> {
        self.run(&Command::DeleteGlobalPrompt(DeleteGlobalPrompt {
            prompt_type: kind(name),
            expected_etag: None,
        }))
    }

    pub(crate) fn customize(
        &mut self,
        id: i64,
        name: &str,
        value: &str,
    ) -> Result<Decision, Rejection> {
        self.run(&Command::CustomizePrompt(CustomizePrompt {
            account_id: account(id),
            prompt_type: kind(name),
            text: text(value),
            strictness: Strictness::Lenient,
            expected_etag: None,
        }))
    }

    pub(crate) fn reset(
        &mut self,
        id: i64,
        name: &str,
        target: ResetTarget,
    ) -> Result<Decision, Rejection> {
        self.run(&Command::ResetPrompts(ResetPrompts {
            rows: vec![Ok((account(id), kind(name)))],
            target,
            partial: false,
            expected_etag: None,
        }))
    }

    /// A merge with a side taken wherever the texts conflict.
    pub(crate) fn merge(
        &mut self,
        id: i64,
        name: &str,
        choice: &aiconfig_domain::merge::Resolution,
    ) -> Result<Decision, Rejection> {
        let texts = self.merge_texts(id, name)?;
        let merge = aiconfig_domain::merge::three_way(
            texts.base.as_str(),
            texts.ours.as_str(),
            texts.theirs.as_str(),
        );
        let resolutions = vec![choice.clone(); merge.conflicts().count()];
        self.store_merge(id, name, &FinishedMerge::of(&texts, &resolutions))
    }

    /// The texts of a merge as they stand.
    pub(crate) fn merge_texts(&self, id: i64, name: &str) -> Result<MergeTexts, Rejection> {
        let (row, global) = mergeable(&self.snapshot, account(id), &kind(name))?;
        Ok(MergeTexts {
            base: self.text_of(row.default_text()),
            ours: self.text_of(row.text()),
            theirs: self.text_of(global.text),
        })
    }

    /// Stores a merge that was made before.
    pub(crate) fn store_merge(
        &mut self,
        id: i64,
        name: &str,
        merge: &FinishedMerge,
    ) -> Result<Decision, Rejection> {
        self.run(&Command::MergePrompt(MergePrompt {
            account_id: account(id),
            prompt_type: kind(name),
            merge: merge.clone(),
            strictness: Strictness::Lenient,
            expected: MergeExpected::default(),
        }))
    }

    pub(crate) fn text_of(&self, hash: TextHash) -> PromptText {
        PromptText::stored(Arc::clone(&self.texts[&hash]))
    }

    pub(crate) fn held(&self, id: i64, name: &str) -> Result<EffectivePrompt<'_>, Rejection> {
        effective_prompt(&self.snapshot, account(id), &kind(name))
    }

    /// What holds as words: text, source, the versions, the state.
    pub(crate) fn told(&self, id: i64, name: &str) -> String {
        match self.held(id, name) {
            Err(rejection) => format!("{:?}", rejection.reason),
            Ok(held) => format!(
                "{} {:?} based {} of {} {:?} behind {}{}",
                self.texts[&held.text],
                held.source,
                held.row.map_or(0, PromptRow::based_on_version),
                held.global_version,
                held.upstream_state,
                held.behind_by,
                if held.is_dormant() { " dormant" } else { "" },
            ),
        }
    }
}
