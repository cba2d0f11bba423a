//! Prompts of accounts, and what they share with those of the library.

use aiconfig_domain::merge::{Chunk, Merge, Resolution, Span};
use aiconfig_domain::template::{Rendered, Strictness, TextFault, Variable, Variables};
use aiconfig_domain::{
    AccountId, AcknowledgePrompt, CustomizePrompt, MergeExpected, PromptRow, PromptText,
    PromptType, Rejection, ResetTarget, Snapshot,
};
use aiconfig_proto::v1;
use aiconfig_resolution::EffectivePrompt;

use super::common::{Faults, expected_etag};
use super::enums::{prompt_source, upstream_state};

/// An account and a prompt type, as most calls name them.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn prompt_name(
    account_id: i64,
    prompt_type: &str,
) -> Result<(AccountId, PromptType), Rejection> {
    let mut faults = Faults::default();
    let name = read_name(&mut faults, account_id, prompt_type);
    faults.finish(name)
}

fn read_name(
    faults: &mut Faults,
    account_id: i64,
    prompt_type: &str,
) -> Option<(AccountId, PromptType)> {
    let account = faults.account_id("account_id", account_id);
    let prompt_type = read_type(faults, "prompt_type", prompt_type);
    account.zip(prompt_type)
}

pub(super) fn read_type(faults: &mut Faults, field: &str, text: &str) -> Option<PromptType> {
    faults.need(field, PromptType::parse(text), PromptType::RULE)
}

/// Reads a text; `instead` says what to do for whom it is blank.
pub(super) fn read_text(
    faults: &mut Faults,
    field: &str,
    text: String,
    instead: &str,
) -> Option<PromptText> {
    match PromptText::new(text) {
        Ok(text) => return Some(text),
        Err(fault @ TextFault::Blank) => faults.add(field, format!("{fault}; {instead}")),
        Err(fault) => faults.add(field, fault.to_string()),
    }
    None
}

pub(super) const fn strictness(strict: bool) -> Strictness {
    if strict {
        Strictness::Strict
    } else {
        Strictness::Lenient
    }
}

/// Variables on the wire.
pub(super) fn variables(declared: &Variables) -> Vec<v1::Variable> {
    let variable = |variable: &Variable| v1::Variable {
        name: variable.name.clone(),
        description: variable.description.clone(),
        required: variable.required,
        default_value: variable.default.clone(),
        max_length: variable.max_length,
    };
    declared.iter().map(variable).collect()
}

/// Reads variables; they are checked where they are declared.
pub(super) fn read_variables(given: Vec<v1::Variable>) -> Vec<Variable> {
    let read = |variable: v1::Variable| {
        let v1::Variable {
            name,
            description,
            required,
            default_value,
            max_length,
        } = variable;
        Variable {
            name,
            description,
            required,
            default: default_value,
            max_length,
        }
    };
    given.into_iter().map(read).collect()
}

/// The prompt that holds on the wire, without its text.
pub(crate) fn effective_prompt(
    snapshot: &Snapshot,
    held: &EffectivePrompt<'_>,
) -> v1::EffectivePrompt {
    let EffectivePrompt {
        account_id,
        prompt_type,
        text,
        source,
        row,
        global_version,
        upstream_state: upstream,
        behind_by,
        variables: declared,
        account_known,
        stored: _,
    } = held;
    let dormant = held.is_dormant();
    let mut warnings = Vec::new();
    if dormant {
        warnings.push("the plan keeps the account's own text out of force".to_owned());
    }
    if *behind_by > 0 {
        let texts = if *behind_by == 1 { "text" } else { "texts" };
        warnings.push(format!("the library has {behind_by} newer {texts}"));
    }
    v1::EffectivePrompt {
        prompt_type: prompt_type.to_string(),
        prompt_value: String::new(),
        source: prompt_source(*source),
        customized: row.is_some_and(PromptRow::is_customized),
        based_on_version: row.map_or(0, PromptRow::based_on_version),
        global_version: *global_version,
        upstream_state: upstream_state(*upstream),
        behind_by: *behind_by,
        variables: declared.map(variables).unwrap_or_default(),
        warnings,
        etag: held.etag(),
        revision: snapshot.revision(),
        account_id: account_id.get(),
        account_known: *account_known,
        dormant_override: dormant,
        prompt_hash: text.to_hex(),
        default_prompt: String::new(),
    }
}

/// Reads a customisation.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn customize_prompt(
    request: v1::CustomizePromptRequest,
) -> Result<CustomizePrompt, Rejection> {
    let v1::CustomizePromptRequest {
        account_id,
        prompt_type,
        prompt_value,
        strict,
        expected_etag: etag,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mut faults = Faults::default();
    let name = read_name(&mut faults, account_id, &prompt_type);
    let text = read_text(
        &mut faults,
        "prompt_value",
        prompt_value,
        "ResetPrompt takes the account's own text back",
    );
    let ((account_id, prompt_type), text) = faults.finish(name.zip(text))?;
    Ok(CustomizePrompt {
        account_id,
        prompt_type,
        text,
        strictness: strictness(strict),
        expected_etag: expected_etag(etag),
    })
}

/// Reads what a reset goes back to.
///
/// # Errors
/// `FIELD_INVALID` for a number that is none.
pub(crate) fn reset_target(number: i32) -> Result<ResetTarget, Rejection> {
    match v1::ResetTarget::try_from(number) {
        Ok(v1::ResetTarget::Unspecified | v1::ResetTarget::AccountDefault) => {
            Ok(ResetTarget::AccountDefault)
        }
        Ok(v1::ResetTarget::CurrentGlobal) => Ok(ResetTarget::CurrentGlobal),
        Ok(v1::ResetTarget::FollowGlobal) => Ok(ResetTarget::FollowGlobal),
        Err(_) => Err(Rejection::invalid_field(
            "target",
            "one of RESET_TARGET_ACCOUNT_DEFAULT, RESET_TARGET_CURRENT_GLOBAL, \
             RESET_TARGET_FOLLOW_GLOBAL",
        )),
    }
}

/// Reads an acknowledgement.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn acknowledge_prompt(
    request: v1::AcknowledgePromptUpstreamRequest,
) -> Result<AcknowledgePrompt, Rejection> {
    let v1::AcknowledgePromptUpstreamRequest {
        account_id,
        prompt_type,
        expected_etag: etag,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let (account_id, prompt_type) = prompt_name(account_id, &prompt_type)?;
    Ok(AcknowledgePrompt {
        account_id,
        prompt_type,
        expected_etag: expected_etag(etag),
    })
}

/// What a merge asks for beside its texts.
pub(crate) struct MergeRequest {
    pub(crate) account_id: AccountId,
    pub(crate) prompt_type: PromptType,
    pub(crate) resolutions: Vec<Resolution>,
    pub(crate) strictness: Strictness,
    pub(crate) expected: MergeExpected,
}

/// Reads a merge.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn apply_merge(request: v1::ApplyPromptMergeRequest) -> Result<MergeRequest, Rejection> {
    let v1::ApplyPromptMergeRequest {
        account_id,
        prompt_type,
        resolutions,
        strict,
        expected_etag: etag,
        request_id: _,
        validate_only: _,
        reason: _,
        expected_global_version,
    } = request;
    let mut faults = Faults::default();
    let name = read_name(&mut faults, account_id, &prompt_type);
    let mut read = Vec::with_capacity(resolutions.len());
    for (at, resolution) in resolutions.into_iter().enumerate() {
        read.extend(read_resolution(&mut faults, at, resolution));
    }
    let (account_id, prompt_type) = faults.finish(name)?;
    Ok(MergeRequest {
        account_id,
        prompt_type,
        resolutions: read,
        strictness: strictness(strict),
        expected: MergeExpected {
            etag: expected_etag(etag),
            global_version: (expected_global_version > 0).then_some(expected_global_version),
        },
    })
}

fn read_resolution(
    faults: &mut Faults,
    at: usize,
    resolution: v1::ConflictResolution,
) -> Option<Resolution> {
    let v1::ConflictResolution { choice, text } = resolution;
    let read = match v1::ConflictChoice::try_from(choice) {
        Ok(v1::ConflictChoice::Text) => return Some(Resolution::Text(text)),
        Ok(v1::ConflictChoice::Ours) => Some(Resolution::Ours),
        Ok(v1::ConflictChoice::Theirs) => Some(Resolution::Theirs),
        Ok(v1::ConflictChoice::Base) => Some(Resolution::Base),
        Ok(v1::ConflictChoice::Unspecified) | Err(_) => None,
    };
    if !text.is_empty() {
        let right = "left out, unless choice is CONFLICT_CHOICE_TEXT";
        faults.add(format!("resolutions[{at}].text"), right);
    }
    let rule = "one of CONFLICT_CHOICE_OURS, CONFLICT_CHOICE_THEIRS, CONFLICT_CHOICE_BASE, \
                CONFLICT_CHOICE_TEXT";
    faults.need(&format!("resolutions[{at}].choice"), read, rule)
}

/// The conflicts of a merge on the wire.
pub(crate) fn conflicts(merge: &Merge<'_>) -> Vec<v1::MergeConflict> {
    let conflict = |chunk: &Chunk<'_>| v1::MergeConflict {
        base: Some(side(&chunk.base)),
        ours: Some(side(&chunk.ours)),
        theirs: Some(side(&chunk.theirs)),
    };
    merge.conflicts().map(conflict).collect()
}

fn side(span: &Span<'_>) -> v1::MergeSide {
    v1::MergeSide {
        first_line: count(span.first_line),
        text: span.text.to_owned(),
    }
}

/// A rendered prompt on the wire.
pub(crate) fn rendered(done: Rendered, prompt: v1::EffectivePrompt) -> v1::RenderPromptResponse {
    let Rendered {
        text,
        token_estimate,
    } = done;
    v1::RenderPromptResponse {
        size_bytes: count(text.len()),
        token_estimate: count(token_estimate),
        rendered_prompt: text,
        effective_prompt: Some(prompt),
    }
}

/// A number of lines, bytes or tokens; texts are far smaller than its range.
pub(super) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
