//! The library of prompts: versions that are never changed in place (section 5).

use super::providers::{check_etag, exists, overtaken, refuse_any};
use super::{CommandContext, Decision};
use crate::template::{Strictness, TemplateFault, Variable, Variables, check_template};
use crate::{
    Change, GlobalPrompt, PromptText, PromptType, PromptVersion, Reason, Rejection, Resource,
    ResourceKey, Snapshot, TextHash, Violation,
};

/// Adds a prompt type to the library.
#[derive(Clone, Debug)]
pub struct CreateGlobalPrompt {
    /// The type.
    pub prompt_type: PromptType,
    /// For people.
    pub description: String,
    /// The text.
    pub text: PromptText,
    /// The placeholders of the text.
    pub variables: Vec<Variable>,
    /// Whether accounts are answered with it.
    pub active: bool,
    /// Why, for people.
    pub note: String,
    /// Whether doubtful placeholders are refused.
    pub strictness: Strictness,
}

/// Changes a prompt of the library. Another text or other variables are a new version.
#[derive(Clone, Debug)]
pub struct UpdateGlobalPrompt {
    /// Which.
    pub prompt_type: PromptType,
    /// The text as the caller of [`crate::decide`] read it; checked where it is not replaced.
    pub present: PromptText,
    /// A new description.
    pub description: Option<String>,
    /// A new text.
    pub text: Option<PromptText>,
    /// New placeholders.
    pub variables: Option<Vec<Variable>>,
    /// Whether accounts are answered with it.
    pub active: Option<bool>,
    /// Why there is a new version, for people.
    pub note: String,
    /// Whether doubtful placeholders are refused.
    pub strictness: Strictness,
    /// The etag that the caller last saw; absent skips the check.
    pub expected_etag: Option<String>,
}

/// Makes the text and placeholders of an older version the newest version.
#[derive(Clone, Debug)]
pub struct RestorePromptVersion {
    /// Which.
    pub prompt_type: PromptType,
    /// The older version.
    pub version: u32,
    /// Its text, as it was read.
    pub text: PromptText,
    /// Why, for people; empty: which version was restored.
    pub note: String,
    /// The etag that the caller last saw; absent skips the check.
    pub expected_etag: Option<String>,
}

/// Takes a prompt out of the library. Its versions stay.
#[derive(Clone, Debug)]
pub struct DeleteGlobalPrompt {
    /// Which.
    pub prompt_type: PromptType,
    /// The etag that the caller last saw; absent skips the check.
    pub expected_etag: Option<String>,
}

/// The most characters of a description or a note.
const NOTE: usize = 1_024;

impl CreateGlobalPrompt {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let mut violations = note_faults(&command.description, &command.note);
        let variables = declare(
            command.variables.clone(),
            &Variables::default(),
            &mut violations,
        );
        let warnings = lint(
            &command.text,
            &variables,
            command.strictness,
            &mut violations,
        );
        refuse_any(violations)?;
        if snapshot
            .global_prompt(command.prompt_type.as_str())
            .is_some()
        {
            return Err(exists("GlobalPrompt", command.prompt_type.as_str()));
        }
        let prompt = GlobalPrompt {
            prompt_type: command.prompt_type.clone(),
            description: command.description.clone(),
            text: command.text.hash(),
            variables,
            version: next_version(snapshot, &command.prompt_type),
            active: command.active,
        };
        Ok(Decision {
            warnings,
            ..new_version(prompt, &command.text, &command.note)
        })
    }
}

impl UpdateGlobalPrompt {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let former = find(snapshot, &command.prompt_type)?;
        let key = ResourceKey::GlobalPrompt(command.prompt_type.clone());
        check_etag(snapshot, &key, command.expected_etag.as_deref())?;
        same_text(snapshot, &key, former.text, command.present.hash())?;
        let mut violations = note_faults(
            command.description.as_deref().unwrap_or_default(),
            &command.note,
        );
        let text = command.text.as_ref().unwrap_or(&command.present);
        let variables = match &command.variables {
            Some(list) => declare(list.clone(), &former.variables, &mut violations),
            None => former.variables.clone(),
        };
        let warnings = lint(text, &variables, command.strictness, &mut violations);
        refuse_any(violations)?;
        let mut prompt = GlobalPrompt {
            description: command
                .description
                .clone()
                .unwrap_or_else(|| former.description.clone()),
            active: command.active.unwrap_or(former.active),
            ..former.clone()
        };
        if text.hash() == former.text && variables == former.variables {
            return Ok(Decision {
                warnings,
                ..changed(key, former, prompt)
            });
        }
        prompt.text = text.hash();
        prompt.variables = variables;
        prompt.version = next_version(snapshot, &command.prompt_type);
        Ok(Decision {
            warnings,
            ..new_version(prompt, text, &command.note)
        })
    }
}

impl RestorePromptVersion {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        let former = find(snapshot, &command.prompt_type)?;
        let key = ResourceKey::GlobalPrompt(command.prompt_type.clone());
        check_etag(snapshot, &key, command.expected_etag.as_deref())?;
        refuse_any(note_faults("", &command.note))?;
        let number = command.version;
        let older = snapshot.known_version(&command.prompt_type, number)?;
        let version = ResourceKey::PromptVersion(command.prompt_type.clone(), number);
        same_text(snapshot, &version, older.text, command.text.hash())?;
        if older.text == former.text && older.variables == former.variables {
            return Ok(changed(key, former, former.clone()));
        }
        let prompt = GlobalPrompt {
            text: older.text,
            variables: older.variables.clone(),
            version: next_version(snapshot, &command.prompt_type),
            ..former.clone()
        };
        let note = match command.note.as_str() {
            "" => format!("restored from version {number}"),
            note => note.to_owned(),
        };
        Ok(new_version(prompt, &command.text, &note))
    }
}

impl DeleteGlobalPrompt {
    pub(super) fn decide(
        snapshot: &Snapshot,
        command: &Self,
        _: &CommandContext,
    ) -> Result<Decision, Rejection> {
        find(snapshot, &command.prompt_type)?;
        let key = ResourceKey::GlobalPrompt(command.prompt_type.clone());
        check_etag(snapshot, &key, command.expected_etag.as_deref())?;
        let uses = snapshot.uses_of_prompt(&command.prompt_type).by_kind();
        if uses.is_empty() {
            return Ok(super::providers::delete(key));
        }
        let told: Vec<String> = uses
            .iter()
            .map(|(kind, what)| format!("{kind}: {what}"))
            .collect();
        let message = format!(
            "prompt {} is in use ({}); take it out there first, or deactivate it",
            command.prompt_type,
            told.join("; ")
        );
        let rejection = Rejection::new(Reason::ResourceInUse, message)
            .about("GlobalPrompt", command.prompt_type.as_str());
        Err(uses.into_iter().fold(rejection, |rejection, (kind, what)| {
            rejection.with(kind, what)
        }))
    }
}

/// A prompt of the library by its type.
pub(super) fn find<'a>(
    snapshot: &'a Snapshot,
    prompt_type: &PromptType,
) -> Result<&'a GlobalPrompt, Rejection> {
    let found = snapshot.global_prompt(prompt_type.as_str());
    found
        .map(|stored| &stored.value)
        .ok_or_else(|| Rejection::prompt_not_found(prompt_type))
}

/// Refuses a text that was read before another one took its place.
pub(super) fn same_text(
    snapshot: &Snapshot,
    key: &ResourceKey,
    stored: TextHash,
    read: TextHash,
) -> Result<(), Rejection> {
    if stored == read {
        return Ok(());
    }
    let message = format!("{} was changed while it was read; try again", key.name());
    Err(overtaken(snapshot, key, message))
}

pub(super) fn next_version(snapshot: &Snapshot, prompt_type: &PromptType) -> u32 {
    let last = snapshot.prompt_versions(prompt_type).next_back();
    last.map_or(1, |version| version.value.version.saturating_add(1))
}

fn declare(list: Vec<Variable>, had: &Variables, violations: &mut Vec<Violation>) -> Variables {
    Variables::declare(list, had).unwrap_or_else(|faults| {
        let path = |fault: Violation| Violation {
            field: format!("global_prompt.{}", fault.field),
            ..fault
        };
        violations.extend(faults.into_iter().map(path));
        Variables::default()
    })
}

/// The warnings of a text of the library; what is refused joins the violations.
fn lint(
    text: &PromptText,
    variables: &Variables,
    strictness: Strictness,
    violations: &mut Vec<Violation>,
) -> Vec<String> {
    match check_template(text.as_str(), variables, strictness) {
        Ok(warnings) => warnings.iter().map(ToString::to_string).collect(),
        Err(fault) => {
            violations.extend(template_violations("global_prompt.prompt_value", &fault));
            Vec::new()
        }
    }
}

/// A refused template as violations of a field.
pub(super) fn template_violations(field: &str, fault: &TemplateFault) -> Vec<Violation> {
    match fault {
        TemplateFault::Text(fault) => vec![Violation::new(field, fault.to_string())],
        TemplateFault::Doubtful(warnings) => warnings
            .iter()
            .map(|warning| Violation::new(field, warning.to_string()))
            .collect(),
    }
}

pub(super) fn note_faults(description: &str, note: &str) -> Vec<Violation> {
    let faulty = |text: &str| text.chars().nth(NOTE).is_some() || text.contains('\0');
    [("global_prompt.description", description), ("note", note)]
        .into_iter()
        .filter(|(_, text)| faulty(text))
        .map(|(field, _)| Violation::new(field, format!("up to {NOTE} characters, no NUL")))
        .collect()
}

pub(super) fn changed(key: ResourceKey, former: &GlobalPrompt, prompt: GlobalPrompt) -> Decision {
    let differs = *former != prompt;
    let change = differs.then_some(Change::Put(Resource::GlobalPrompt(prompt)));
    Decision {
        subject: Some(key),
        changes: change.into_iter().collect(),
        ..Decision::default()
    }
}

fn new_version(prompt: GlobalPrompt, text: &PromptText, note: &str) -> Decision {
    Decision {
        subject: Some(ResourceKey::GlobalPrompt(prompt.prompt_type.clone())),
        changes: version_changes(prompt, text.bytes(), note).into(),
        texts: vec![text.clone()],
        ..Decision::default()
    }
}

pub(super) fn version_changes(prompt: GlobalPrompt, bytes: u32, note: &str) -> [Change; 2] {
    let version = PromptVersion {
        prompt_type: prompt.prompt_type.clone(),
        version: prompt.version,
        text: prompt.text,
        bytes,
        variables: prompt.variables.clone(),
        note: note.to_owned(),
    };
    [
        Resource::PromptVersion(version),
        Resource::GlobalPrompt(prompt),
    ]
    .map(Change::Put)
}
