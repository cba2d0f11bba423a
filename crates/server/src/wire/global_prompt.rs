//! Prompts of the library and their versions.

use aiconfig_domain::merge::{DiffLine, Hunk, LineChange, diff, unified};
use aiconfig_domain::template::{Variable, Variables};
use aiconfig_domain::{
    CreateGlobalPrompt, DeleteGlobalPrompt, GlobalPrompt, IncrementPromptVersions, PromptText,
    PromptType, PromptVersion, Rejection, SetPromptsActive, Stored,
};
use aiconfig_proto::v1;

use super::common::{Faults, expected_etag, time};
use super::mask::{MaskField, masked};
use super::prompt::{count, read_text, read_type, read_variables, strictness, variables};

/// Types that one batch names.
const BATCH: usize = 1_000;
/// Unchanged lines that a diff can show around changes.
const CONTEXT: u32 = 1_000;

/// A prompt on the wire, without its text.
pub(crate) fn global_prompt(stored: &Stored<GlobalPrompt>, etag: String) -> v1::GlobalPrompt {
    let Stored { value, meta } = stored;
    let GlobalPrompt {
        prompt_type,
        description,
        text,
        variables: declared,
        version,
        active,
    } = value;
    v1::GlobalPrompt {
        prompt_type: prompt_type.to_string(),
        prompt_value: String::new(),
        description: description.clone(),
        variables: variables(declared),
        version: *version,
        active: Some(*active),
        prompt_hash: text.to_hex(),
        etag,
        revision: meta.revision,
        create_time: Some(time(meta.create_time)),
        update_time: Some(time(meta.update_time)),
        updated_by: meta.updated_by.to_string(),
    }
}

/// A version on the wire, without its text.
pub(crate) fn prompt_version(stored: &Stored<PromptVersion>) -> v1::GlobalPromptVersion {
    let Stored { value, meta } = stored;
    let PromptVersion {
        prompt_type,
        version,
        text,
        bytes,
        variables: declared,
        note,
    } = value;
    v1::GlobalPromptVersion {
        prompt_type: prompt_type.to_string(),
        version: *version,
        prompt_value: String::new(),
        variables: variables(declared),
        note: note.clone(),
        size_bytes: *bytes,
        prompt_hash: text.to_hex(),
        revision: meta.revision,
        create_time: Some(time(meta.create_time)),
        created_by: meta.updated_by.to_string(),
    }
}

/// Reads a new prompt.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn new_global_prompt(
    request: v1::CreateGlobalPromptRequest,
) -> Result<CreateGlobalPrompt, Rejection> {
    let v1::CreateGlobalPromptRequest {
        global_prompt,
        note,
        strict,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mut faults = Faults::default();
    let given = faults.need("global_prompt", global_prompt, "must be given");
    let given = given.unwrap_or_default();
    let prompt_type = read_type(&mut faults, "global_prompt.prompt_type", &given.prompt_type);
    let text = read_library_text(&mut faults, given.prompt_value);
    let (prompt_type, text) = faults.finish(prompt_type.zip(text))?;
    Ok(CreateGlobalPrompt {
        prompt_type,
        description: given.description,
        text,
        variables: read_variables(given.variables),
        active: given.active.unwrap_or(true),
        note,
        strictness: strictness(strict),
    })
}

fn read_library_text(faults: &mut Faults, text: String) -> Option<PromptText> {
    let instead = "to take a prompt out of use, set active to false";
    read_text(faults, "global_prompt.prompt_value", text, instead)
}

/// A field that an update can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PromptField {
    PromptValue,
    Description,
    Variables,
    Active,
}

impl MaskField for PromptField {
    const ALL: &'static [Self] = &[
        Self::PromptValue,
        Self::Description,
        Self::Variables,
        Self::Active,
    ];

    fn path(self) -> &'static str {
        match self {
            Self::PromptValue => "prompt_value",
            Self::Description => "description",
            Self::Variables => "variables",
            Self::Active => "active",
        }
    }
}

/// A change of a prompt; the present text is to be read yet.
pub(crate) struct PromptChange {
    pub(crate) prompt_type: PromptType,
    pub(crate) description: Option<String>,
    pub(crate) text: Option<PromptText>,
    pub(crate) variables: Option<Vec<Variable>>,
    pub(crate) active: Option<bool>,
    pub(crate) note: String,
    pub(crate) strictness: aiconfig_domain::template::Strictness,
    pub(crate) expected_etag: Option<String>,
}

/// Reads a change.
///
/// # Errors
/// `FIELD_INVALID` with every fault, `MASK_INVALID`.
pub(crate) fn update_global_prompt(
    request: v1::UpdateGlobalPromptRequest,
) -> Result<PromptChange, Rejection> {
    let v1::UpdateGlobalPromptRequest {
        global_prompt,
        update_mask,
        note,
        strict,
        expected_etag: etag,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    let mut faults = Faults::default();
    let given = faults.need("global_prompt", global_prompt, "must be given");
    let given = given.unwrap_or_default();
    let prompt_type = read_type(&mut faults, "global_prompt.prompt_type", &given.prompt_type);
    let fields = masked(update_mask, |field| match field {
        PromptField::PromptValue => !given.prompt_value.is_empty(),
        PromptField::Description => !given.description.is_empty(),
        PromptField::Variables => !given.variables.is_empty(),
        PromptField::Active => given.active.is_some(),
    })?;
    let takes = |field| fields.contains(&field);
    let mut text = None;
    if takes(PromptField::PromptValue) {
        text = read_library_text(&mut faults, given.prompt_value);
    }
    let prompt_type = faults.finish(prompt_type)?;
    Ok(PromptChange {
        prompt_type,
        description: takes(PromptField::Description).then_some(given.description),
        text,
        variables: takes(PromptField::Variables).then(|| read_variables(given.variables)),
        active: takes(PromptField::Active).then(|| given.active.unwrap_or(true)),
        note,
        strictness: strictness(strict),
        expected_etag: expected_etag(etag),
    })
}

/// Reads a deletion.
///
/// # Errors
/// `FIELD_INVALID`.
pub(crate) fn delete_global_prompt(
    request: v1::DeleteGlobalPromptRequest,
) -> Result<DeleteGlobalPrompt, Rejection> {
    let v1::DeleteGlobalPromptRequest {
        prompt_type,
        expected_etag: etag,
        request_id: _,
        validate_only: _,
        reason: _,
    } = request;
    Ok(DeleteGlobalPrompt {
        prompt_type: prompt_type_of(&prompt_type)?,
        expected_etag: expected_etag(etag),
    })
}

/// The type that a call names.
///
/// # Errors
/// `FIELD_INVALID`.
pub(crate) fn prompt_type_of(text: &str) -> Result<PromptType, Rejection> {
    let mut faults = Faults::default();
    let read = read_type(&mut faults, "prompt_type", text);
    faults.finish(read)
}

/// The types that a batch names, 1 to 1000. Without `partial` one fault refuses all, and all faults
/// are told.
fn prompt_types(
    given: &[String],
    partial: bool,
) -> Result<Vec<Result<PromptType, Rejection>>, Rejection> {
    if given.is_empty() || given.len() > BATCH {
        let right = format!("1 to {BATCH} types");
        return Err(Rejection::invalid_field("prompt_types", right));
    }
    let read = given.iter().enumerate().map(|(at, text)| {
        let mut faults = Faults::default();
        let read = read_type(&mut faults, &format!("prompt_types[{at}]"), text);
        faults.finish(read)
    });
    let read: Vec<_> = read.collect();
    let refused = read.iter().filter_map(|row| row.as_ref().err());
    let violations: Vec<_> = refused.flat_map(|r| r.violations.iter().cloned()).collect();
    if partial || violations.is_empty() {
        Ok(read)
    } else {
        Err(Rejection::invalid(violations))
    }
}

/// Reads an increment.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn increment_versions(
    request: v1::BatchIncrementVersionRequest,
) -> Result<IncrementPromptVersions, Rejection> {
    let v1::BatchIncrementVersionRequest {
        prompt_types: given,
        note,
        request_id: _,
        validate_only: _,
        reason: _,
        partial,
    } = request;
    Ok(IncrementPromptVersions {
        prompt_types: prompt_types(&given, partial)?,
        note,
        partial,
    })
}

/// Reads a switch of prompts.
///
/// # Errors
/// `FIELD_INVALID` with every fault.
pub(crate) fn set_prompts_active(
    request: v1::GlobalPromptServiceBatchSetActiveRequest,
) -> Result<SetPromptsActive, Rejection> {
    let v1::GlobalPromptServiceBatchSetActiveRequest {
        prompt_types: given,
        active,
        request_id: _,
        validate_only: _,
        reason: _,
        partial,
    } = request;
    Ok(SetPromptsActive {
        prompt_types: prompt_types(&given, partial)?,
        active,
        partial,
    })
}

/// How many unchanged lines a diff is to show.
///
/// # Errors
/// `FIELD_INVALID` for more than 1000.
pub(crate) fn context_lines(given: Option<u32>) -> Result<usize, Rejection> {
    let lines = given.unwrap_or(3);
    if lines > CONTEXT {
        return Err(Rejection::invalid_field("context_lines", "0 to 1000"));
    }
    Ok(usize::try_from(lines).unwrap_or_default())
}

/// What two versions differ in, on the wire.
pub(crate) fn version_diff(
    (old, old_text): (&PromptVersion, &str),
    (new, new_text): (&PromptVersion, &str),
    context: usize,
) -> v1::DiffGlobalPromptVersionsResponse {
    let hunks = diff(old_text, new_text, context);
    let name = |version: &PromptVersion| format!("{}@{}", version.prompt_type, version.version);
    let (was, is) = (&old.variables, &new.variables);
    let names = |of: &Variables, keep: &dyn Fn(&Variable) -> bool| {
        let kept = of.iter().filter(|variable| keep(variable));
        kept.map(|variable| variable.name.clone()).collect()
    };
    v1::DiffGlobalPromptVersionsResponse {
        unified_diff: unified(&hunks, &name(old), &name(new)),
        hunks: hunks.iter().map(hunk).collect(),
        variables_added: names(is, &|variable| was.get(&variable.name).is_none()),
        variables_removed: names(was, &|variable| is.get(&variable.name).is_none()),
        variables_changed: names(is, &|variable| {
            was.get(&variable.name).is_some_and(|old| old != variable)
        }),
    }
}

fn hunk(hunk: &Hunk<'_>) -> v1::DiffHunk {
    v1::DiffHunk {
        old_first_line: count(hunk.old_first_line),
        new_first_line: count(hunk.new_first_line),
        lines: hunk.lines.iter().map(line).collect(),
    }
}

fn line(line: &DiffLine<'_>) -> v1::DiffLine {
    let change = match line.change {
        LineChange::Context => v1::LineChange::Context,
        LineChange::Removed => v1::LineChange::Removed,
        LineChange::Added => v1::LineChange::Added,
    };
    v1::DiffLine {
        change: change.into(),
        text: line.text.to_owned(),
    }
}
