//! Prompts over a real socket, on SQLite and on PostgreSQL: what holds for whom, what customising,
//! resets and merges do, the library with its versions, and what becomes of unusual texts.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod batches;
mod cache;
mod cases;
mod checks;
mod deletions;
mod drift;
mod flows;
mod library;
mod lists;
mod merges;
mod render;
mod replicas;
mod resets;
mod retries;
mod strategies;
mod texts;

use std::fmt::Debug;

use aiconfig_proto::v1::{self, Plan};
use aiconfig_tests::{
    Clients, Place, Server, account, customize, effective, new_prompt, new_text, reason, reset,
};
use aiconfig_testsupport::PgServer;
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

/// A server with clients of its first two tokens.
pub(crate) struct Stage {
    pub(crate) place: Place,
    pub(crate) server: Server,
    pub(crate) admin: Clients,
    pub(crate) backend: Clients,
}

/// Runs a test on an empty database of each kind.
pub(crate) async fn on_both(test: impl AsyncFn(&mut Stage)) {
    let postgres = Place::postgres(&PgServer::shared().create_database());
    for place in [Place::sqlite(), postgres] {
        test(&mut Stage::new(place).await).await;
    }
}

/// The code and the reason of a refusal.
#[track_caller]
pub(crate) fn refused<T: Debug>(answer: Result<Response<T>, Status>) -> (Code, String) {
    let status = answer.unwrap_err();
    (status.code(), reason(&status))
}

/// The fields that a refusal names, with the violation of each.
#[track_caller]
pub(crate) fn violations<T: Debug>(answer: Result<Response<T>, Status>) -> Vec<(String, String)> {
    let status = answer.unwrap_err();
    let details = status.get_error_details();
    let found = &details.bad_request().unwrap().field_violations;
    let pair =
        |found: &tonic_types::FieldViolation| (found.field.clone(), found.description.clone());
    found.iter().map(pair).collect()
}

/// A refusal as tests write it.
pub(crate) fn why(code: Code, reason: &str) -> (Code, String) {
    (code, reason.to_owned())
}

impl Stage {
    pub(crate) async fn new(place: Place) -> Self {
        let server = Server::start(&place);
        Self {
            admin: server.clients("admin").await,
            backend: server.clients("backend").await,
            place,
            server,
        }
    }

    /// Pushes an account.
    pub(crate) async fn push(&mut self, id: i64, plan: Plan, version: i64) {
        let mut push = account(id, plan);
        push.account.as_mut().unwrap().source_version = version;
        let answer = self.admin.accounts.upsert_account(push).await;
        assert!(answer.unwrap().get_ref().applied);
    }

    /// Adds a prompt to the library.
    pub(crate) async fn create(&mut self, prompt_type: &str, text: &str) -> v1::GlobalPrompt {
        let create = new_prompt(prompt_type, text, &[]);
        let answer = self.admin.global_prompts.create_global_prompt(create).await;
        answer.unwrap().into_inner().global_prompt.unwrap()
    }

    /// Gives a prompt of the library another text.
    pub(crate) async fn publish(&mut self, prompt_type: &str, text: &str) -> v1::GlobalPrompt {
        let update = new_text(prompt_type, text);
        let answer = self.admin.global_prompts.update_global_prompt(update).await;
        answer.unwrap().into_inner().global_prompt.unwrap()
    }

    /// Switches a prompt of the library.
    pub(crate) async fn switch(&mut self, prompt_type: &str, active: bool) {
        let request = v1::GlobalPromptServiceBatchSetActiveRequest {
            prompt_types: vec![prompt_type.to_owned()],
            active,
            ..Default::default()
        };
        let answer = self.admin.global_prompts.batch_set_active(request).await;
        assert!(answer.unwrap().get_ref().changed);
    }

    /// The prompt that holds.
    pub(crate) async fn effective(&mut self, id: i64, prompt_type: &str) -> v1::EffectivePrompt {
        let request = v1::GetEffectivePromptRequest {
            include_default_prompt: true,
            ..effective(id, prompt_type)
        };
        let answer = self.backend.prompts.get_effective_prompt(request).await;
        answer.unwrap().into_inner().effective_prompt.unwrap()
    }

    /// Gives an account a text.
    pub(crate) async fn customize(
        &mut self,
        id: i64,
        prompt_type: &str,
        text: &str,
    ) -> v1::CustomizePromptResponse {
        let request = customize(id, prompt_type, text);
        let answer = self.backend.prompts.customize_prompt(request).await;
        answer.unwrap().into_inner()
    }

    /// Resets a prompt.
    pub(crate) async fn reset(
        &mut self,
        id: i64,
        prompt_type: &str,
        target: v1::ResetTarget,
    ) -> v1::ResetPromptResponse {
        let request = reset(id, prompt_type, target);
        let answer = self.backend.prompts.reset_prompt(request).await;
        answer.unwrap().into_inner()
    }
}

/// Digest and revision of a server's state.
pub(crate) async fn digest(admin: &mut Clients, min_revision: u64) -> (String, u64) {
    let request = v1::GetStateDigestRequest { min_revision };
    let answer = admin.history.get_state_digest(request).await.unwrap();
    let answer = answer.into_inner();
    (answer.digest, answer.revision)
}
