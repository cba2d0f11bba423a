//! Random writes of many kinds, and what a client holds of each.

use aiconfig_proto::v1::{self, Plan, ResetTarget, Role};
use aiconfig_tests::{Clients, customize, new_text, number, reset, save, text};
use prost::Message;
use rand::RngExt as _;
use rand::rngs::StdRng;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tonic::{Request, Status};

/// Accounts that the writes are about.
pub(crate) const ACCOUNTS: i64 = 12;
/// Longer than the server takes for anything here.
const PATIENCE: Duration = Duration::from_secs(15);

/// The next version of an account at its source.
static SOURCE: AtomicI64 = AtomicI64::new(1);

/// A write without its request id.
#[derive(Clone, Debug)]
pub(crate) enum Write {
    Account(v1::UpsertAccountRequest),
    Delete(v1::DeleteAccountRequest),
    Save(v1::SaveIntegrationSettingsRequest),
    Globals(v1::UpdateGlobalSettingsRequest),
    Customize(v1::CustomizePromptRequest),
    Reset(v1::ResetPromptRequest),
    Library(v1::UpdateGlobalPromptRequest),
    Key(v1::AddProviderKeyRequest),
    Token(v1::CreateTokenRequest),
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) revision: u64,
    pub(crate) changed: bool,
    /// All of it, without what is told only once.
    bytes: Vec<u8>,
}

fn push(id: i64, plan: Plan, active: bool) -> v1::UpsertAccountRequest {
    let source_version = SOURCE.fetch_add(1, Ordering::Relaxed);
    let account = v1::Account {
        account_id: id,
        plan: plan.into(),
        active,
        source_version,
        display_name: format!("account {id} as of {source_version}"),
        ..Default::default()
    };
    v1::UpsertAccountRequest {
        account: Some(account),
        ..Default::default()
    }
}

impl Write {
    /// One that always changes something.
    pub(crate) fn certain(id: i64) -> Self {
        Self::Account(push(id, Plan::Scale, true))
    }

    /// One of any kind, with some that are refused.
    pub(crate) fn any(random: &mut StdRng) -> Self {
        let id = random.random_range(1..=ACCOUNTS);
        match random.random_range(0..32) {
            0..6 => {
                let plans = [Plan::Free, Plan::Growth, Plan::Scale, Plan::Scale];
                let plan = plans[random.random_range(0..plans.len())];
                Self::Account(push(id, plan, random.random_bool(0.95)))
            }
            6 => Self::Delete(v1::DeleteAccountRequest {
                account_id: id,
                source_version: SOURCE.fetch_add(1, Ordering::Relaxed),
                ..Default::default()
            }),
            7..17 => {
                let models = ["gpt-4o", "gpt-4o-mini", "gpt-4.1"];
                let model = models[random.random_range(0..models.len())];
                let temperature = f64::from(random.random_range(0..20)) / 10.0;
                Self::Save(save(
                    id,
                    &[("model", text(model)), ("temperature", number(temperature))],
                ))
            }
            17..20 => {
                let fields = v1::ModelFields {
                    max_tokens: Some(random.random_range(1_000..9_000)),
                    ..Default::default()
                };
                let settings = v1::GlobalSettings {
                    sections: [("openai".to_owned(), fields)].into(),
                    ..Default::default()
                };
                Self::Globals(v1::UpdateGlobalSettingsRequest {
                    global_settings: Some(settings),
                    ..Default::default()
                })
            }
            20..25 => {
                let words = "word ".repeat(random.random_range(1..400));
                let prompt = format!("{words}{}", random.random::<u64>());
                Self::Customize(customize(id, "ideas", &prompt))
            }
            25..28 => Self::Reset(reset(id, "ideas", ResetTarget::FollowGlobal)),
            28 | 29 => {
                let prompt = format!("The library says {}", random.random::<u64>());
                Self::Library(new_text("taxonomy_generation", &prompt))
            }
            30 => Self::Key(v1::AddProviderKeyRequest {
                provider: "openai".to_owned(),
                api_key: format!("sk-test-{:032x}", random.random::<u128>()),
                ..Default::default()
            }),
            _ => Self::Token(v1::CreateTokenRequest {
                label: format!("token {}", random.random::<u32>()),
                role: Role::Auditor.into(),
                ..Default::default()
            }),
        }
    }

    /// Makes the call with a request id.
    pub(crate) async fn send(&self, to: &mut Clients, id: &str) -> Result<Answer, Status> {
        macro_rules! call {
            ($client:ident.$method:ident($request:expr)) => {{
                let mut request = $request.clone();
                request.request_id = id.to_owned();
                let mut request = Request::new(request);
                request.set_timeout(PATIENCE);
                to.$client.$method(request).await?.into_inner()
            }};
        }
        macro_rules! answer {
            ($answer:expr) => {{
                let answer = $answer;
                Answer {
                    revision: answer.revision,
                    changed: answer.changed,
                    bytes: answer.encode_to_vec(),
                }
            }};
        }
        Ok(match self {
            Self::Account(request) => answer!(call!(accounts.upsert_account(request))),
            Self::Delete(request) => answer!(call!(accounts.delete_account(request))),
            Self::Save(request) => answer!(call!(settings.save_integration_settings(request))),
            Self::Globals(request) => answer!(call!(globals.update_global_settings(request))),
            Self::Customize(request) => answer!(call!(prompts.customize_prompt(request))),
            Self::Reset(request) => answer!(call!(prompts.reset_prompt(request))),
            Self::Library(request) => answer!(call!(global_prompts.update_global_prompt(request))),
            Self::Key(request) => {
                let answer = call!(providers.add_provider_key(request));
                Answer {
                    revision: answer.revision,
                    changed: true,
                    bytes: answer.encode_to_vec(),
                }
            }
            Self::Token(request) => {
                let mut answer = call!(tokens.create_token(request));
                answer.secret.clear();
                answer.secret_omitted = false;
                Answer {
                    revision: answer.revision,
                    changed: true,
                    bytes: answer.encode_to_vec(),
                }
            }
        })
    }
}
