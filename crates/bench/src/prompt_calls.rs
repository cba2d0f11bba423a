//! The calls of prompts: those that prepare them, and those that are measured.

use std::rc::Rc;

use aiconfig_bench::prompts::{TEXT_BYTES, TYPES, VARIABLES, customised, library_text, own_text};
use aiconfig_proto::v1::{
    self, global_prompt_service_client::GlobalPromptServiceClient,
    prompt_service_client::PromptServiceClient,
};
use bytes::Bytes;
use prost::Message as _;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;

use crate::Failure;
use crate::world::{REQUESTS, UNPREPARED, World, connect, signed};

pub(crate) const EFFECTIVE: &str = "/igny8.aiconfig.v1.PromptService/GetEffectivePrompt";
pub(crate) const RENDER: &str = "/igny8.aiconfig.v1.PromptService/RenderPrompt";

/// Accounts whose texts fit into the smallest cache many times over.
const FEW: usize = 32;

/// Puts the prompts that are measured into the library.
pub(crate) async fn add_library(
    channel: &Channel,
    admin: &MetadataValue<Ascii>,
) -> Result<(), Failure> {
    let mut client = GlobalPromptServiceClient::new(channel.clone());
    let variable = |name: &str| v1::Variable {
        name: name.to_owned(),
        description: format!("What the text is to say of {name}, as a sentence."),
        required: true,
        max_length: Some(1_000),
        ..v1::Variable::default()
    };
    for (place, name) in TYPES.iter().enumerate() {
        let created = v1::CreateGlobalPromptRequest {
            global_prompt: Some(v1::GlobalPrompt {
                prompt_type: (*name).to_owned(),
                prompt_value: library_text(place),
                variables: VARIABLES.into_iter().map(variable).collect(),
                active: Some(true),
                ..v1::GlobalPrompt::default()
            }),
            ..v1::CreateGlobalPromptRequest::default()
        };
        client.create_global_prompt(signed(created, admin)).await?;
    }
    Ok(())
}

/// Customises both prompts of a tenth of the accounts.
pub(crate) async fn customise_some(
    channel: &Channel,
    backend: &MetadataValue<Ascii>,
    accounts: u32,
) -> Result<(), Failure> {
    let mut client = PromptServiceClient::new(channel.clone());
    for account in (1..=accounts).filter(|account| customised(*account)) {
        for (place, name) in TYPES.iter().enumerate() {
            let saved = v1::CustomizePromptRequest {
                account_id: account.into(),
                prompt_type: (*name).to_owned(),
                prompt_value: own_text(account, place),
                ..v1::CustomizePromptRequest::default()
            };
            client.customize_prompt(signed(saved, backend)).await?;
        }
    }
    Ok(())
}

/// Accounts of a world in no order, of those that did or did not customise their prompts.
fn accounts(world: &World, own: bool) -> impl Iterator<Item = i64> {
    let is_own = |account: &i64| u32::try_from(*account).is_ok_and(customised);
    world
        .accounts()
        .filter(move |account| is_own(account) == own)
}

fn bodies(accounts: impl Iterator<Item = i64>) -> Rc<[Bytes]> {
    let types = TYPES.iter().cycle();
    let encoded = |(account, name): (i64, &&str)| effective(account, name).encode_to_vec();
    let requests = accounts.zip(types).take(REQUESTS);
    requests.map(|request| encoded(request).into()).collect()
}

/// For accounts that have the library's text.
pub(crate) fn of_library(world: &World) -> Rc<[Bytes]> {
    bodies(accounts(world, false))
}

/// For accounts that have texts of their own, all of them.
pub(crate) fn of_accounts(world: &World) -> Rc<[Bytes]> {
    bodies(accounts(world, true))
}

/// For a few of them, over and over.
pub(crate) fn of_few(world: &World) -> Rc<[Bytes]> {
    // Each account with both types: what comes in turn is repeated by pairs.
    let few: Vec<i64> = accounts(world, true).take(FEW).collect();
    bodies(few.iter().flat_map(|account| [*account; 2]).cycle())
}

/// Renders those of accounts that have texts of their own.
pub(crate) fn renders(world: &World) -> Rc<[Bytes]> {
    let types = TYPES.iter().cycle();
    let requests = accounts(world, true).zip(types).take(REQUESTS);
    let encoded = |(account, name): (i64, &&str)| render(account, name).encode_to_vec();
    requests.map(|request| encoded(request).into()).collect()
}

fn effective(account_id: i64, prompt_type: &str) -> v1::GetEffectivePromptRequest {
    v1::GetEffectivePromptRequest {
        account_id,
        prompt_type: prompt_type.to_owned(),
        ..v1::GetEffectivePromptRequest::default()
    }
}

fn render(account_id: i64, prompt_type: &str) -> v1::RenderPromptRequest {
    let value = |name: &str| (name.to_owned(), "what an account's settings say".to_owned());
    v1::RenderPromptRequest {
        account_id,
        prompt_type: prompt_type.to_owned(),
        values: VARIABLES.into_iter().map(value).collect(),
        ..v1::RenderPromptRequest::default()
    }
}

/// Answers of each kind, decoded and looked through; returns the bytes of one of an account's own
/// text.
pub(crate) async fn sample(world: &World) -> Result<usize, Failure> {
    let mut client = PromptServiceClient::new(connect(&world.process).await?);
    let mut bytes = 0;
    for own in [false, true] {
        let account = accounts(world, own).next().ok_or(UNPREPARED)?;
        for name in TYPES {
            let call = signed(effective(account, name), &world.token);
            let answer = client.get_effective_prompt(call).await?.into_inner();
            let prompt = answer.effective_prompt.as_ref().ok_or("an empty answer")?;
            if prompt.prompt_value.len() != TEXT_BYTES || prompt.customized != own {
                return Err(UNPREPARED.into());
            }
            bytes = answer.encoded_len();
            let call = signed(render(account, name), &world.token);
            let rendered = client.render_prompt(call).await?.into_inner();
            if rendered.rendered_prompt.contains("{topic}") {
                return Err(UNPREPARED.into());
            }
        }
    }
    Ok(bytes)
}
