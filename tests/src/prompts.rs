//! Requests about prompts that many tests make.

use aiconfig_proto::v1;

/// Which prompt holds for an account.
#[must_use]
pub fn effective(id: i64, prompt_type: &str) -> v1::GetEffectivePromptRequest {
    v1::GetEffectivePromptRequest {
        account_id: id,
        prompt_type: prompt_type.to_owned(),
        ..Default::default()
    }
}

/// A text of an account's own.
#[must_use]
pub fn customize(id: i64, prompt_type: &str, text: &str) -> v1::CustomizePromptRequest {
    v1::CustomizePromptRequest {
        account_id: id,
        prompt_type: prompt_type.to_owned(),
        prompt_value: text.to_owned(),
        ..Default::default()
    }
}

/// A reset of one prompt.
#[must_use]
pub fn reset(id: i64, prompt_type: &str, target: v1::ResetTarget) -> v1::ResetPromptRequest {
    v1::ResetPromptRequest {
        account_id: id,
        prompt_type: prompt_type.to_owned(),
        target: target.into(),
        ..Default::default()
    }
}

/// A new prompt of the library, with variables of these names, none of them required.
#[must_use]
pub fn new_prompt(
    prompt_type: &str,
    text: &str,
    variables: &[&str],
) -> v1::CreateGlobalPromptRequest {
    let variable = |name: &&str| v1::Variable {
        name: (*name).to_owned(),
        ..Default::default()
    };
    let prompt = v1::GlobalPrompt {
        prompt_type: prompt_type.to_owned(),
        prompt_value: text.to_owned(),
        variables: variables.iter().map(variable).collect(),
        ..Default::default()
    };
    v1::CreateGlobalPromptRequest {
        global_prompt: Some(prompt),
        ..Default::default()
    }
}

/// Another text for a prompt of the library.
#[must_use]
pub fn new_text(prompt_type: &str, text: &str) -> v1::UpdateGlobalPromptRequest {
    let prompt = v1::GlobalPrompt {
        prompt_type: prompt_type.to_owned(),
        prompt_value: text.to_owned(),
        ..Default::default()
    };
    v1::UpdateGlobalPromptRequest {
        global_prompt: Some(prompt),
        ..Default::default()
    }
}
