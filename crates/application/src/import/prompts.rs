//! Prompts of the library: of each type the newer table's text, else the weightiest magic
//! account's.

use std::borrow::Cow;
use std::collections::BTreeMap;

use aiconfig_domain::template::{MAX_VARIABLES, Variable, Variables, looks_like_placeholders};
use aiconfig_domain::{
    Change, GlobalPrompt, PromptText, PromptType, PromptVersion, Resource, ResourceKey, TextHash,
    looks_like_key,
};

use super::account_prompts::OwnPrompt;
use super::cells::{Fields, is_blank, shown, switch_or, text};
use super::ledger::Cell;
use super::planner::{Planner, RowId};
use super::report::Consequence;
use super::sources::Magic;
use super::structure::words;

/// Characters of a description.
const DESCRIPTION: usize = 1_024;

/// A text on its way into the library.
struct Candidate {
    row: RowId,
    text: PromptText,
    description: String,
}

/// Takes the prompts of the library; answers with the rows of ordinary accounts.
pub(super) fn take(
    planner: &mut Planner<'_>,
    newer: Vec<(RowId, Fields)>,
    rows: Vec<(RowId, Fields)>,
    magic: &Magic,
) -> Vec<OwnPrompt> {
    let mut chosen = newer_texts(planner, newer);
    let mut own = Vec::new();
    let mut platform = Vec::new();
    for (row, (account, fields)) in planner.owned(rows) {
        let active = switch_or(&fields, "is_active", true);
        let Some(prompt_type) = type_of(planner, row, &fields) else {
            continue;
        };
        match magic.weight(account) {
            Some(_) if !active => {
                let why = "it is switched off, so it counts as none";
                planner.leave_out(row, "is_active", why);
            }
            Some(weight) => platform.push((weight, row, prompt_type, fields)),
            None => own.push(OwnPrompt {
                row,
                account,
                prompt_type,
                fields,
                active,
            }),
        }
    }
    platform.sort_by_key(|(weight, row, ..)| (*weight, *row));
    for (_, row, prompt_type, fields) in platform {
        let Some(text) = usable(planner, row, &fields) else {
            continue;
        };
        if let Some(winner) = chosen.get(&prompt_type) {
            if winner.text != text {
                let why = format!("of this type {} counts", planner.name(winner.row));
                planner.leave_out(row, "prompt_value", why);
            }
            continue;
        }
        let candidate = Candidate {
            row,
            text,
            description: String::new(),
        };
        chosen.insert(prompt_type, candidate);
    }
    for (prompt_type, candidate) in chosen {
        put(planner, prompt_type, candidate);
    }
    own
}

/// The texts of the newer table.
fn newer_texts(
    planner: &mut Planner<'_>,
    rows: Vec<(RowId, Fields)>,
) -> BTreeMap<PromptType, Candidate> {
    let mut texts = BTreeMap::new();
    let named = |fields: &Fields| text(fields, "prompt_type").map(str::to_ascii_lowercase);
    let (on, off): (Vec<_>, Vec<_>) = rows
        .into_iter()
        .partition(|(_, fields)| switch_or(fields, "is_active", true));
    for (row, _) in off {
        let why = "it is switched off, so it counts as none";
        planner.leave_out(row, "is_active", why);
    }
    for (row, fields) in planner.newest(on, named, "this prompt type") {
        let Some(prompt_type) = type_of(planner, row, &fields) else {
            continue;
        };
        let Some(text) = usable(planner, row, &fields) else {
            continue;
        };
        let class = Consequence::PlatformValue;
        let description = words(planner, row, &fields, "description", DESCRIPTION, class);
        texts.insert(
            prompt_type,
            Candidate {
                row,
                text,
                description,
            },
        );
    }
    texts
}

/// The prompt type of a row; one without is left out.
fn type_of(planner: &mut Planner<'_>, row: RowId, fields: &Fields) -> Option<PromptType> {
    let name = text(fields, "prompt_type").unwrap_or_default();
    let name = name.to_ascii_lowercase();
    let parsed = PromptType::parse(&name);
    if parsed.is_none() {
        let why = format!("{} is not {}", shown(&name), PromptType::RULE);
        planner.leave_out(row, "prompt_type", why);
    }
    parsed
}

/// The `prompt_value` of a row; a row without one that can be a prompt is left out.
pub(super) fn usable(planner: &mut Planner<'_>, row: RowId, fields: &Fields) -> Option<PromptText> {
    let value = fields.get("prompt_value");
    let why = match value.and_then(|value| value.as_str()) {
        _ if is_blank(value) => "it has no text".to_owned(),
        None => "not a text".to_owned(),
        Some(text) if looks_like_key(text) => {
            planner.drop_credentials(row, 1);
            let why = "it has the shape of a provider key; no prompt holds one";
            let class = Consequence::CredentialDropped;
            planner.tell(row, class, "prompt_value", "dropped", why);
            "its text is a credential".to_owned()
        }
        Some(text) => match PromptText::new(text) {
            Ok(text) => return Some(text),
            Err(fault) => format!("not {fault}"),
        },
    };
    planner.leave_out(row, "prompt_value", why);
    None
}

/// Puts a text into the library, as a new version where it is another one.
fn put(planner: &mut Planner<'_>, prompt_type: PromptType, candidate: Candidate) {
    let Candidate {
        row,
        text,
        description,
    } = candidate;
    let present = planner.after.global_prompt(prompt_type.as_str());
    let present = present.map(|stored| stored.value.clone());
    let former = present.as_ref().filter(|prompt| prompt.text == text.hash());
    let variables = former.map_or_else(
        || found(planner, row, text.as_str(), present.as_ref()),
        |prompt| prompt.variables.clone(),
    );
    let wanted = GlobalPrompt {
        prompt_type: prompt_type.clone(),
        description: match (&present, description.is_empty()) {
            (Some(prompt), true) => prompt.description.clone(),
            _ => description,
        },
        text: text.hash(),
        version: former.map_or_else(
            || next_version(planner, &prompt_type),
            |prompt| prompt.version,
        ),
        variables,
        active: true,
    };
    let is_new = former.is_none();
    let same = present.as_ref() == Some(&wanted);
    let cell = Cell::whole(ResourceKey::GlobalPrompt(prompt_type.clone()));
    if !planner.may_write(row, cell, "prompt_value", same) {
        return;
    }
    if is_new {
        planner.change(Change::Put(Resource::PromptVersion(PromptVersion {
            prompt_type,
            version: wanted.version,
            text: wanted.text,
            bytes: text.bytes(),
            variables: wanted.variables.clone(),
            note: "imported from Django".to_owned(),
        })));
        planner.texts.insert(text.hash(), text);
    }
    planner.draft.totals.global_prompts += 1;
    planner.change(Change::Put(Resource::GlobalPrompt(wanted)));
}

/// The number after the last one of a type, also of a prompt that was deleted.
fn next_version(planner: &Planner<'_>, prompt_type: &PromptType) -> u32 {
    let last = planner.after.prompt_versions(prompt_type).next_back();
    last.map_or(0, |version| version.value.version)
        .saturating_add(1)
}

/// The variables of a text: the names that look like placeholders. A value must be given for each,
/// as the old system's callers gave one; what the present prompt says of a name stays for people.
fn found(
    planner: &mut Planner<'_>,
    row: RowId,
    text: &str,
    present: Option<&GlobalPrompt>,
) -> Variables {
    let names = looks_like_placeholders(text);
    if names.len() > MAX_VARIABLES {
        let why = format!(
            "a prompt declares up to {MAX_VARIABLES}, this has {}; the others stay as they are",
            names.len()
        );
        let class = Consequence::PlatformValue;
        planner.tell(row, class, "prompt_value", "variables left out", why);
    }
    let described = |name: &str| {
        let known = present.and_then(|prompt| prompt.variables.get(name));
        known.map_or_else(String::new, |variable| variable.description.clone())
    };
    let list = names.into_iter().take(MAX_VARIABLES).map(|name| Variable {
        name: name.to_owned(),
        description: described(name),
        required: true,
        ..Variable::default()
    });
    // Names that look like placeholders can be declared.
    Variables::import(list.collect()).unwrap_or_default()
}

impl Planner<'_> {
    /// Whether a text is that of a hash, but for its line ends.
    pub(super) fn reads_as(&self, text: &str, hash: TextHash) -> bool {
        let shipped = self.given.texts.get(&hash).map(AsRef::as_ref);
        let known = self.texts.get(&hash).map(PromptText::as_str).or(shipped);
        TextHash::of(text) == hash || known.is_some_and(|known| same_lines(known, text))
    }
}

/// Whether two texts are the same but for their line ends.
pub(super) fn same_lines(a: &str, b: &str) -> bool {
    a == b || line_feeds(a) == line_feeds(b)
}

/// A text with line feeds alone as its line ends.
fn line_feeds(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends() {
        for (a, b, same) in [
            ("a\r\nb\n", "a\nb\r\n", true),
            ("a\rb", "a\nb", true),
            ("a\n\nb", "a\r\r\nb", true),
            ("a\nb", "a b", false),
            ("a\n", "a", false),
        ] {
            assert_eq!(same_lines(a, b), same, "{a:?} {b:?}");
        }
    }
}
