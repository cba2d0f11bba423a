//! Prompt templates: declarations, lint and rendering, beside a reading of the rule character by
//! character.

use std::collections::{BTreeMap, BTreeSet};

use aiconfig_domain::template::{
    MAX_RENDERED_BYTES, MAX_TEXT_BYTES, RenderFault, Strictness, Variable, Variables, Warning,
    check_template, check_text, lint, looks_like_placeholders, parse_text, placeholders, render,
    token_estimate,
};
use serde::Deserialize;

use crate::mark::MARK;

/// An input of JSON's form.
#[derive(Deserialize)]
struct Given {
    text: String,
    #[serde(default)]
    variables: Vec<Variable>,
    /// Names that the prompt had before.
    #[serde(default)]
    had: Vec<Variable>,
    #[serde(default)]
    values: BTreeMap<String, String>,
}

/// Looks at a template; bytes of another form are a text alone.
pub(crate) fn check(data: &[u8]) {
    bytes_are_a_text_or_not(data);
    let Ok(given) = serde_json::from_slice::<Given>(data) else {
        let text = String::from_utf8_lossy(data);
        let names = looks_like_placeholders(&text);
        if let Some(variables) = declared(&names) {
            assert_eq!(lint(&text, &variables), []);
            laws(&text, &variables, &BTreeMap::new());
        }
        return laws(&text, &Variables::default(), &BTreeMap::new());
    };
    let had = Variables::import(given.had).unwrap_or_default();
    let imported = Variables::import(given.variables.clone());
    let declared = Variables::declare(given.variables, &had);
    if let Ok(declared) = &declared {
        assert_eq!(imported.as_ref(), Ok(declared), "declared, but no import");
    }
    let Ok(variables) = imported else {
        return laws(&given.text, &Variables::default(), &given.values);
    };
    let stored = serde_json::to_string(&variables).unwrap();
    let read: Variables = serde_json::from_str(&stored).unwrap();
    assert_eq!(read, variables);
    laws(&given.text, &variables, &given.values);
}

fn bytes_are_a_text_or_not(data: &[u8]) {
    let says_something = str::from_utf8(data).is_ok_and(|text| !text.trim().is_empty());
    let is_text = data.len() <= MAX_TEXT_BYTES && !data.contains(&0) && says_something;
    match parse_text(data) {
        Ok(text) => assert!(is_text && text.as_bytes() == data),
        Err(_) => assert!(!is_text),
    }
}

/// The names as a declaration; `None` where there are more than a prompt may have.
fn declared(names: &[&str]) -> Option<Variables> {
    let variable = |name: &&str| Variable {
        name: (*name).to_owned(),
        ..Variable::default()
    };
    Variables::import(names.iter().map(variable).collect()).ok()
}

fn laws(text: &str, variables: &Variables, values: &BTreeMap<String, String>) {
    let found = naive(text, variables);
    let scanned: Vec<_> = placeholders(text, variables).collect();
    assert_eq!(scanned.len(), found.len(), "the scan and the rule disagree");
    for (scanned, (at, name)) in scanned.iter().zip(&found) {
        assert_eq!((scanned.range.start, scanned.name), (*at, *name));
        assert_eq!(text[scanned.range.clone()], format!("{{{name}}}"));
    }
    doubts(text, variables, &found);
    fills(text, variables, values, &found);
    tells_no_value(text, variables, values);
}

/// The placeholders by the words of the rule: a name between two braces, unless there are two on
/// both sides and no more.
fn naive<'t>(text: &'t str, variables: &Variables) -> Vec<(usize, &'t str)> {
    let at_brace = text.match_indices('{').filter_map(|(at, _)| {
        let (name, _) = text[at + 1..].split_once('}')?;
        variables.get(name)?;
        let (before, after) = (&text[..at], &text[at + 1 + name.len() + 1..]);
        let opened_by_two = before.ends_with('{') && !before.ends_with("{{");
        let closed_by_two = after.starts_with('}') && !after.starts_with("}}");
        (!(opened_by_two && closed_by_two)).then_some((at, name))
    });
    at_brace.collect()
}

fn doubts(text: &str, variables: &Variables, found: &[(usize, &str)]) {
    let warnings = lint(text, variables);
    let used: BTreeSet<&str> = found.iter().map(|(_, name)| *name).collect();
    for variable in variables {
        let name = &variable.name;
        let unused = warnings.contains(&Warning::Unused { name: name.clone() });
        assert_eq!(unused, !used.contains(name.as_str()), "{name}");
    }
    for warning in &warnings {
        if let Warning::Undeclared { name } = warning {
            assert!(variables.get(name).is_none() && text.contains(&format!("{{{name}}}")));
        }
    }
    let strict = check_template(text, variables, Strictness::Strict);
    let lenient = check_template(text, variables, Strictness::Lenient);
    assert_eq!(lenient.is_ok(), check_text(text).is_ok());
    assert_eq!(strict.is_ok(), lenient.is_ok() && warnings.is_empty());
}

fn fills(
    text: &str,
    variables: &Variables,
    values: &BTreeMap<String, String>,
    found: &[(usize, &str)],
) {
    let filling = |name: &str| -> &str {
        let default = variables.get(name).and_then(|v| v.default.as_deref());
        values
            .get(name)
            .map_or(default.unwrap_or_default(), String::as_str)
    };
    let mut expected = String::new();
    let mut done = 0;
    for (at, name) in found {
        expected.push_str(&text[done..*at]);
        expected.push_str(filling(name));
        done = at + name.len() + 2;
    }
    expected.push_str(&text[done..]);
    match render(text, variables, values) {
        Ok(rendered) => {
            assert_eq!(rendered.text, expected, "another text than the rule's");
            assert_eq!(rendered.token_estimate, token_estimate(&expected));
            assert!(expected.len() <= MAX_RENDERED_BYTES);
            assert!(values.keys().all(|name| variables.get(name).is_some()));
            for variable in variables {
                assert!(!variable.required || values.contains_key(&variable.name));
            }
        }
        Err(faults) => {
            assert!(!faults.is_empty());
            for fault in faults {
                is_right(&fault, variables, values, expected.len());
            }
        }
    }
    // Each name filled with its own placeholder gives the text back.
    let same = variables
        .iter()
        .map(|v| (v.name.clone(), format!("{{{}}}", v.name)));
    let same: BTreeMap<String, String> = same.collect();
    if let Ok(rendered) = render(text, variables, &same) {
        assert_eq!(rendered.text, text);
    }
}

fn is_right(
    fault: &RenderFault,
    variables: &Variables,
    values: &BTreeMap<String, String>,
    length: usize,
) {
    let right = match fault {
        RenderFault::Missing { name } => {
            variables.get(name).is_some_and(|v| v.required) && !values.contains_key(name)
        }
        RenderFault::Unknown { name } => values
            .keys()
            .any(|key| key.starts_with(name) && variables.get(key).is_none()),
        RenderFault::TooLong { name, max_length } => values
            .get(name)
            .is_some_and(|value| value.chars().count() > usize::try_from(*max_length).unwrap()),
        RenderFault::Nul { name } => values.get(name).is_some_and(|value| value.contains('\0')),
        RenderFault::TooLarge { bytes } => *bytes == length && length > MAX_RENDERED_BYTES,
    };
    assert!(right, "{fault:?}");
}

fn tells_no_value(text: &str, variables: &Variables, values: &BTreeMap<String, String>) {
    let marked = values
        .iter()
        .map(|(name, value)| (name.clone(), format!("{value}{MARK}")));
    if let Err(faults) = render(text, variables, &marked.collect()) {
        assert!(faults.iter().all(|f| !f.to_string().contains(MARK)));
    }
}
