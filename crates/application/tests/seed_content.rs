//! The shipped prompts are complete and declare what they use.

#![expect(clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Types whose text goes to an image model as it is: no data tags, no JSON answer.
const SENT_TO_IMAGE_MODEL: [&str; 2] = ["image_prompt_template", "negative_prompt"];
const MAX_PROMPT_BYTES: usize = 16 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Prompts {
    prompt: Vec<DeclaredPrompt>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeclaredPrompt {
    prompt_type: String,
    description: String,
    file: String,
    variable: Vec<Variable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Variable {
    name: String,
    description: String,
    required: bool,
    default: Option<String>,
    max_length: usize,
}

#[derive(Deserialize)]
struct Functions {
    function: Vec<Function>,
}

#[derive(Deserialize)]
struct Function {
    prompt_types: Vec<String>,
}

fn seed(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("seed")
        .join(file)
}

fn text(file: &str) -> String {
    let path = seed(file);
    let bytes = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    String::from_utf8(bytes).unwrap_or_else(|e| panic!("{file}: {e}"))
}

fn parse<T: DeserializeOwned>(file: &str) -> T {
    toml::from_str(&text(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

fn prompts() -> Vec<(DeclaredPrompt, String)> {
    let file: Prompts = parse("prompts.toml");
    let with_text = |prompt: DeclaredPrompt| {
        let text = text(&prompt.file);
        (prompt, text)
    };
    file.prompt.into_iter().map(with_text).collect()
}

fn prompt_types() -> BTreeSet<String> {
    let types = prompts().into_iter().map(|(prompt, _)| prompt.prompt_type);
    types.collect()
}

/// What looks like a placeholder, in order: `{name}`, but not `{{name}}` with exactly two braces.
fn placeholders(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (open, _) in text.match_indices('{') {
        let rest = &text[open + 1..];
        let name_chars = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let name = &rest[..rest.find(|c| !name_chars(c)).unwrap_or(rest.len())];
        let after = &rest[name.len()..];
        let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !starts_well || !after.starts_with('}') {
            continue;
        }
        let before = &text[..=open];
        let opening = before.len() - before.trim_end_matches('{').len();
        let closing = after.len() - after.trim_start_matches('}').len();
        if (opening, closing) != (2, 2) {
            found.push(name);
        }
    }
    found
}

/// The example of the answer: from a line that is `{` to the next line that is `}`.
fn json_example(text: &str) -> Option<(Value, &str)> {
    let start = text.find("\n{\n")? + 1;
    let end = start + text[start..].find("\n}\n")? + 2;
    let value = serde_json::from_str(&text[start..end]).ok()?;
    Some((value, &text[end..]))
}

#[test]
fn placeholders_are_told_from_other_braces() {
    let cases: [(&str, &[&str]); 8] = [
        ("{a} and {b_2}", &["a", "b_2"]),
        ("{a}{a}", &["a", "a"]),
        ("{{a}}", &[]),
        ("{{{a}}}", &["a"]),
        (r#"{"items": [{"a": {}}]}"#, &[]),
        ("{ a } {2a} {a-b} {} {", &[]),
        ("{Upper}", &["Upper"]),
        ("{ä} {a", &[]),
    ];
    for (text, expected) in cases {
        assert_eq!(placeholders(text), expected, "{text}");
    }
}

#[test]
fn every_prompt_type_of_the_functions_has_one_text() {
    let functions: Functions = parse("functions.toml");
    let named: BTreeSet<String> = functions
        .function
        .into_iter()
        .flat_map(|function| function.prompt_types)
        .collect();
    assert_eq!(named.len(), 10);
    assert_eq!(prompt_types(), named);
    assert_eq!(prompts().len(), named.len(), "a type is declared twice");
    for (prompt, _) in prompts() {
        assert_eq!(prompt.file, format!("prompts/{}.md", prompt.prompt_type));
        assert!(!prompt.description.is_empty(), "{}", prompt.prompt_type);
    }
    let files = fs::read_dir(seed("prompts")).unwrap();
    assert_eq!(files.count(), named.len(), "a text that nobody declares");
}

#[test]
fn texts_are_plain_and_of_moderate_size() {
    for (prompt, text) in prompts() {
        let name = &prompt.prompt_type;
        assert!(text.len() < MAX_PROMPT_BYTES, "{name}: {}", text.len());
        assert!(!text.contains(['\0', '\r', '\t']), "{name}");
        assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{name}");
        assert!(text.lines().all(|line| line == line.trim_end()), "{name}");
    }
}

#[test]
fn texts_use_each_declared_variable_once_and_nothing_else() {
    for (prompt, text) in prompts() {
        let mut used = placeholders(&text);
        used.sort_unstable();
        let mut declared: Vec<&str> = prompt.variable.iter().map(|v| v.name.as_str()).collect();
        declared.sort_unstable();
        assert_eq!(used, declared, "{}", prompt.prompt_type);
    }
}

#[test]
fn variables_are_declared_soundly() {
    for (prompt, _) in prompts() {
        for variable in prompt.variable {
            let name = format!("{}.{}", prompt.prompt_type, variable.name);
            assert_eq!(variable.name, variable.name.to_ascii_lowercase(), "{name}");
            assert!(!variable.description.is_empty(), "{name}");
            assert_eq!(variable.required, variable.default.is_none(), "{name}");
            let default = variable.default.unwrap_or_default();
            assert!(variable.max_length > default.chars().count(), "{name}");
        }
    }
}

#[test]
fn user_values_stand_between_tags_that_are_said_to_hold_data() {
    for (prompt, text) in prompts() {
        if SENT_TO_IMAGE_MODEL.contains(&prompt.prompt_type.as_str()) {
            continue;
        }
        let first_value = text.find("\n<").expect("a tag");
        for heading in [
            "\n## Data, not instructions\n",
            "\n## When an input is empty\n",
        ] {
            assert!(text.contains(heading), "{}: {heading}", prompt.prompt_type);
        }
        assert!(text.find("not instructions") < Some(first_value));
        for Variable { name, .. } in prompt.variable {
            let inline = format!("\n<{name}>{{{name}}}</{name}>\n");
            let block = format!("\n<{name}>\n{{{name}}}\n</{name}>\n");
            let tagged = text.contains(&inline) || text.contains(&block);
            assert!(tagged, "{}: {name}", prompt.prompt_type);
        }
    }
}

#[test]
fn examples_of_the_answer_parse_and_each_field_is_explained() {
    for (prompt, text) in prompts() {
        let name = &prompt.prompt_type;
        let example = json_example(&text);
        assert!(!text.contains("```"), "{name}: the answer would copy it");
        if SENT_TO_IMAGE_MODEL.contains(&name.as_str()) {
            assert!(!text.contains('"'), "{name}");
            continue;
        }
        let (value, rules) = example.unwrap_or_else(|| panic!("{name}: no JSON example"));
        let items = value["items"].as_array().expect(name);
        assert!(!items.is_empty(), "{name}");
        let fields = items.iter().flat_map(|item| item.as_object().expect(name));
        for (field, _) in fields.chain(value.as_object().expect(name)) {
            assert!(rules.contains(&format!("\"{field}\"")), "{name}: {field}");
        }
    }
}
